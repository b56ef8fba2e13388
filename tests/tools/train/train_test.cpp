#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cstring>

#include "support/built.hpp"
#include "support/drawing.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"

namespace winnow {
namespace {

using test::Finished;
using testing::HasSubstr;
using testing::MatchesRegex;

// What follows the header of a safetensors file, which says when and how it was made.
std::string read_tensors(const std::filesystem::path& file) {
  const std::string bytes = test::read_text(file);
  std::uint64_t header = 0;
  std::memcpy(&header, bytes.data(), sizeof header);
  return bytes.substr(sizeof header + header);
}

class TrainTool : public testing::Test {
 protected:
  TrainTool() { test::write_scene_tree(folder_ / "set", 12); }

  Finished train(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "winnow-train");
    return test::run(arguments, folder_.path());
  }

  test::TemporaryFolder folder_;
};

TEST_F(TrainTool, PrintsAccuracyAndWhereTheReportIs) {
  const Finished result = train({"set", "-o", "run", "--size", "64", "-q"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.err, "");
  EXPECT_THAT(result.out,
              MatchesRegex("val accuracy [0-9.]+ % \\([0-9]+ of 6; 95 % interval [0-9.]+ to [0-9.]+ %\\)\n"
                           "test accuracy [0-9.]+ % \\([0-9]+ of 6; 95 % interval [0-9.]+ to [0-9.]+ %\\)\n"
                           "report: run/report.html\n"));
}

TEST_F(TrainTool, SaysOneLinePerEpochWhenNobodyWatches) {
  const Finished result =
      train({"set", "-o", "run", "--recipe", "scratch", "--size", "32", "--epochs", "2", "--batch", "8"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.err, HasSubstr("winnow-train: epoch 1/2: loss "));
  EXPECT_THAT(result.err, HasSubstr("winnow-train: epoch 2/2: loss "));
}

TEST_F(TrainTool, SkipsBrokenImagesAndSaysSo) {
  folder_.write("set/discs/page.jpg", "<html></html>");
  const Finished result = train({"set", "-o", "run", "--size", "64", "-q"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.err, "winnow-train: discs/page.jpg: not an image (HTML page); skipped\n");
}

TEST_F(TrainTool, ReportsOnPicturesOfAnotherSet) {
  test::write_scene_tree(folder_ / "other", 4, 99);
  std::filesystem::copy(folder_ / "set/discs/000.jpg", folder_ / "other/discs/copy.jpg");
  folder_.write("other/checks/page.jpg", "<html></html>");
  const Finished result = train({"set", "-o", "run", "--size", "64", "--test", "other"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_THAT(result.out, HasSubstr("external test accuracy "));
  EXPECT_THAT(result.out, HasSubstr(" of 12; 95 % interval "));
  EXPECT_THAT(result.err, HasSubstr("other: 1 pictures are copies"));
  EXPECT_THAT(result.err,
              HasSubstr("winnow-train: other/checks/page.jpg: not an image (HTML page); skipped\n"));

  std::filesystem::rename(folder_ / "other/checks", folder_ / "other/boards");
  const Finished refused = train({"set", "-o", "run2", "--size", "64", "--test", "other"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.err, HasSubstr("other: has classes that the training data does not have: boards"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "run2/best.ckpt"));
}

TEST_F(TrainTool, ExplainsBadUsageInOneLine) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"set"},
                                             {"set", "-o", "run", "--recipe", "magic"},
                                             {"set", "-o", "run", "--fit", "2"},
                                             {"set", "-o", "run", "--epochs", "0"},
                                             {"set", "-o", "run", "--lr", "-1"},
                                             {"set", "-o", "run", "--precision", "fp8"},
                                             {"set", "-o", "run", "--budget", "0"},
                                             {"set", "-o", "run", "--memory", "much"},
                                             {"set", "-o", "run", "--size", "4"},
                                             {"set", "-o", "run", "--no-such-option"},
                                             {"set", "-o", "run", "--arch", "alexnet"}}) {
    const Finished result = train(arguments);
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    EXPECT_FALSE(std::filesystem::exists(folder_ / "run/best.ckpt"));
  }
}

TEST_F(TrainTool, ExplainsUnusableData) {
  folder_.write("curated.jsonl", "{\"format\":\"something else\"}\n");
  const Finished foreign = train({"curated.jsonl", "-o", "run"});
  EXPECT_EQ(foreign.exit_code, 1);
  EXPECT_THAT(foreign.err,
              HasSubstr("winnow-train: curated.jsonl: not a curated manifest; winnow-curate writes them"));
  const Finished missing = train({"nowhere", "-o", "run"});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_EQ(missing.err, "winnow-train: nowhere: no such file or folder\n");
}

TEST_F(TrainTool, StopsOnSigtermWithALoadableCheckpoint) {
  test::Process process(
      {"winnow-train", "set", "-o", "run", "--recipe", "scratch", "--size", "64", "--epochs", "100000"},
      folder_.path());
  process.wait_for_err("epoch 2/");
  process.signal(SIGTERM);
  const Finished result = process.wait();
  EXPECT_EQ(result.exit_code, 128 + SIGTERM);
  EXPECT_THAT(result.err, HasSubstr("winnow-train: stopped by signal 15\n"));
  EXPECT_THAT(test::list_files(folder_ / "run"), testing::Not(testing::Contains(HasSubstr(".tmp"))));
}

TEST_F(TrainTool, ARunBrokenOffBySignalsArrivesAtTheSameWeights) {
  const std::vector<std::string> arguments = {"winnow-train", "set",      "--recipe", "scratch", "--size",
                                              "48",           "--epochs", "30",       "--lr",    "0.0005",
                                              "--precision",  "fp32",     "--batch",  "4"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), arguments.begin(), arguments.end());
    return more;
  };
  ASSERT_EQ(test::run(with({"-o", "whole"}), folder_.path()).exit_code, 0);
  const std::string whole = read_tensors(folder_ / "whole/best.ckpt");
  for (const int signal : {SIGTERM, SIGKILL}) {
    test::Process process(with({"-o", "broken"}), folder_.path());
    process.wait_for_err("epoch 2/");
    process.signal(signal);
    ASSERT_NE(process.wait().exit_code, 0) << "it was over before the signal came";
    EXPECT_FALSE(std::filesystem::exists(folder_ / "broken/report.html"));

    const Finished other =
        test::run(with({"-o", "broken", "--resume", "--weight-decay", "0.1"}), folder_.path());
    EXPECT_EQ(other.exit_code, 1);
    EXPECT_THAT(other.err,
                HasSubstr("broken/last.ckpt: cannot resume: weight_decay was 0.05 and is 0.1 now"));

    const Finished resumed = test::run(with({"-o", "broken", "--resume"}), folder_.path());
    ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
    EXPECT_THAT(resumed.err, HasSubstr("winnow-train: goes on in epoch "));
    EXPECT_TRUE(read_tensors(folder_ / "broken/best.ckpt") == whole);
  }
  const Finished again = test::run(with({"-o", "broken", "--resume"}), folder_.path());
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_THAT(again.err, HasSubstr("the run is finished, there is nothing to resume"));
}

TEST_F(TrainTool, SaysWhatItWouldDoAndWritesNothing) {
  const Finished result = train({"set", "-o", "run", "--recipe", "finetune", "--size", "64", "--epochs", "2",
                                 "--batch", "8", "--dry-run", "-q"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, MatchesRegex("recipe: finetune, network efficientnet_lite0 at 64 px\n"
                                       "pictures: 3 classes; 24 to train, 6 to validate, 6 to test\n"
                                       "probe: one pass over 36 pictures, about [0-9:]+ where .*\n"
                                       "fine-tuning: 2 epochs of 24 pictures, 8 a step, .*\n"
                                       "memory: about .*\n"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "run"));
}

TEST_F(TrainTool, TakesOptionsFromTheEnvironmentAndAFile) {
  folder_.write("settings.toml", "recipe = \"scratch\"\nepochs = 1\nsize = 32\n");
  const Finished result = test::run({"winnow-train", "set", "-o", "run", "--config", "settings.toml"},
                                    folder_.path(), {"WINNOW_TRAIN_EPOCHS=2"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("epoch 2/2"));
}

TEST_F(TrainTool, SaysHowMuchMemoryIsMissing) {
  const Finished result =
      test::run({"/bin/sh", "-c",
                 "ulimit -v 3000000; exec \"$0\" set -o run --recipe scratch --size 512 --batch 1024 "
                 "--precision fp32 --threads 1 --dry-run",
                 (test::built_programs() / "winnow-train").string()},
                folder_.path());
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err,
              MatchesRegex("(.*\n)*winnow-train: train: not enough memory: [0-9.]+ GB more are needed for "
                           "one step alone; use a smaller --batch or --size\n"));
}

// It starts itself once more, with another environment; pkill would not find it as "exe".
TEST_F(TrainTool, IsCalledWhatItIs) {
  const Finished result = test::run(
      {"/bin/sh", "-c",
       "unset OMP_WAIT_POLICY; \"$0\" set -o run --recipe scratch --size 32 --epochs 100000 2>log & "
       "until grep -q 'epoch 2/' log; do sleep 0.1; done; cat /proc/$!/comm; kill $!; wait",
       (test::built_programs() / "winnow-train").string()},
      folder_.path());
  EXPECT_EQ(result.out, "winnow-train\n");
}

}  // namespace
}  // namespace winnow
