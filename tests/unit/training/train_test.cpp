#include "winnow/training/train.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "support/built.hpp"
#include "support/drawing.hpp"
#include "support/html.hpp"
#include "support/recording_context.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/atomic_file.hpp"
#include "winnow/core/json.hpp"
#include "winnow/image/encode.hpp"
#include "winnow/model/checkpoint.hpp"

namespace winnow::training {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Training : public testing::Test {
 protected:
  Training() {
    probe_.recipe = Recipe::kProbe;
    probe_.weights = test::pretrained_weights();
    probe_.size = 96;
    scratch_.recipe = Recipe::kScratch;
    scratch_.size = 32;
    scratch_.epochs = 2;
    scratch_.batch_size = 8;
    scratch_.precision = Precision::kFloat32;  // what is measured may differ from run to run
  }

  TrainingSummary run(const TrainingOptions& options, const std::string& run_name = "run",
                      unsigned threads = 2) {
    const test::RecordingContext context(threads);
    return train(dataset::open_dataset(folder_ / "set"), options, folder_ / run_name, "winnow-train set",
                 context);
  }

  std::string error_of(const TrainingOptions& options) {
    try {
      run(options);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  test::TemporaryFolder folder_;
  TrainingOptions probe_;
  TrainingOptions scratch_;
};

TEST_F(Training, ProbeLearnsWhatDrawingsShow) {
  test::write_scene_tree(folder_ / "set", 20);
  const TrainingSummary summary = run(probe_);
  EXPECT_EQ(summary.metrics.at("test").at("images").get<int>(), 12);
  EXPECT_GE(summary.metrics.at("test").at("accuracy").get<double>(), 0.9);
  EXPECT_TRUE(summary.skipped.empty());
  EXPECT_THAT(
      test::list_files(folder_ / "run"),
      ElementsAre("best.ckpt", testing::StartsWith("events.out.tfevents."), "last.ckpt", "metrics.jsonl",
                  "model-card.json", "model-card.md", "pictures.jsonl", "report.html"));

  const model::Checkpoint checkpoint = model::read_checkpoint(folder_ / "run/best.ckpt");
  EXPECT_THAT(checkpoint.metadata.classes, ElementsAre("checks", "discs", "stripes"));
  EXPECT_EQ(checkpoint.metadata.preprocessing.size, 96);
  EXPECT_EQ(checkpoint.metadata.provenance.at("command"), "winnow-train set");
  EXPECT_EQ(checkpoint.metadata.provenance.at("weights").at("licence"), "Apache-2.0");
  ASSERT_TRUE(checkpoint.metadata.unknown);
  EXPECT_GT(checkpoint.metadata.unknown->threshold, 0);
  EXPECT_EQ(checkpoint.tensors.at(model::kReferenceTensor).shape[0], 39);
}

TEST_F(Training, ScratchWritesEveryEpochAndAWholeRun) {
  test::write_scene_tree(folder_ / "set", 12);
  run(scratch_);
  EXPECT_THAT(
      test::list_files(folder_ / "run"),
      ElementsAre("best.ckpt", testing::StartsWith("events.out.tfevents."), "last.ckpt", "metrics.jsonl",
                  "model-card.json", "model-card.md", "pictures.jsonl", "report.html"));
  std::vector<int> epochs;
  read_json_lines(folder_ / "run/metrics.jsonl", [&](const Json& row, std::size_t) {
    if (!row.contains("epoch")) return;
    epochs.push_back(row["epoch"].get<int>());
    EXPECT_EQ(row["step"].get<int>(), 3 * epochs.back());  // 22 pictures in batches of 8
    for (const char* field :
         {"lr", "train_loss", "val_nll", "val_accuracy", "images_per_second", "seconds"}) {
      EXPECT_TRUE(row.at(field).is_number()) << field;
    }
  });
  EXPECT_THAT(epochs, ElementsAre(1, 2));
  EXPECT_EQ(model::read_checkpoint(folder_ / "run/best.ckpt").metadata.architecture, "small_resnet");
}

TEST_F(Training, EqualSeedsGiveEqualWeights) {
  test::write_scene_tree(folder_ / "set", 8);
  for (const TrainingOptions& options : {probe_, scratch_}) {
    run(options, "one");
    run(options, "two");
    const model::TensorMap one = model::read_checkpoint(folder_ / "one/best.ckpt").tensors;
    const model::TensorMap two = model::read_checkpoint(folder_ / "two/best.ckpt").tensors;
    ASSERT_EQ(one.size(), two.size());
    for (const auto& [name, tensor] : one) EXPECT_EQ(tensor.values, two.at(name).values) << name;
  }
}

TEST_F(Training, AnotherSeedGivesOtherWeights) {
  test::write_scene_tree(folder_ / "set", 8);
  run(scratch_, "one");
  scratch_.seed = 2;
  run(scratch_, "two");
  EXPECT_NE(model::read_checkpoint(folder_ / "one/best.ckpt").tensors.at("head.weight").values,
            model::read_checkpoint(folder_ / "two/best.ckpt").tensors.at("head.weight").values);
}

TEST_F(Training, BrokenFilesAreListedAndLeftOut) {
  test::write_scene_tree(folder_ / "set", 8);
  folder_.write("set/discs/page.jpg", "<!doctype html><html></html>");
  folder_.write("set/checks/empty.jpg", "");
  const TrainingSummary summary = run(probe_);
  ASSERT_EQ(summary.skipped.size(), 2u);
  EXPECT_EQ(summary.skipped[0].path, "checks/empty.jpg");
  EXPECT_EQ(summary.skipped[1].path, "discs/page.jpg");
  EXPECT_THAT(test::read_text(folder_ / "run/report.html"), HasSubstr("discs/page.jpg"));
}

TEST_F(Training, FilesThatBreakAfterCurationAreLeftOutToo) {
  test::write_scene_tree(folder_ / "set", 8);
  dataset::Dataset data = dataset::open_dataset(folder_ / "set");
  data.has_splits = true;
  for (std::size_t i = 0; i < data.samples.size(); ++i) {
    data.samples[i].group = static_cast<int>(i);
    data.samples[i].split = i % 4 == 3 ? dataset::Split::kValidation : dataset::Split::kTrain;
  }
  std::filesystem::resize_file(folder_ / "set/discs/001.jpg", 300);
  const test::RecordingContext context;
  for (const TrainingOptions& options : {probe_, scratch_}) {
    const TrainingSummary summary = train(data, options, folder_ / "run", "", context);
    ASSERT_EQ(summary.skipped.size(), 1u);
    EXPECT_EQ(summary.skipped[0].path, "discs/001.jpg");
    EXPECT_EQ(summary.skipped[0].failure.code, "truncated");
  }
}

TEST_F(Training, PicturesThatAreGoneAreNoReasonToReplaceAModel) {
  test::write_scene_tree(folder_ / "set", 8);
  dataset::Dataset data = dataset::open_dataset(folder_ / "set");
  data.has_splits = true;
  for (std::size_t i = 0; i < data.samples.size(); ++i) data.samples[i].group = static_cast<int>(i);
  std::filesystem::remove_all(folder_ / "set/discs");
  const test::RecordingContext context;
  for (const TrainingOptions& options : {probe_, scratch_}) {
    folder_.write("run/best.ckpt", "a good model");
    EXPECT_THROW((void)train(data, options, folder_ / "run", "", context), Error);
    EXPECT_EQ(test::read_text(folder_ / "run/best.ckpt"), "a good model");
  }
}

TEST_F(Training, AStoppedRunLeavesNothingOfAnEarlierOne) {
  test::write_scene_tree(folder_ / "set", 8);
  for (const char* name : {"best.ckpt", "report.html"}) folder_.write(std::string("run/") + name, "earlier");
  scratch_.learning_rate = 1e30;  // ends after the first steps
  EXPECT_THAT(error_of(scratch_), HasSubstr("use a lower --lr"));
  EXPECT_THAT(test::list_files(folder_ / "run"), Not(testing::Contains("best.ckpt")));
  EXPECT_THAT(test::list_files(folder_ / "run"), Not(testing::Contains("report.html")));
}

TEST_F(Training, WithoutValidationPicturesTheModelDoesNotClaimToKnowNoneOfThese) {
  test::write_scene_tree(folder_ / "set", 8);
  dataset::Dataset data = dataset::open_dataset(folder_ / "set");
  data.has_splits = true;
  for (std::size_t i = 0; i < data.samples.size(); ++i) data.samples[i].group = static_cast<int>(i);
  test::RecordingContext context;
  train(data, scratch_, folder_ / "run", "", context);
  const model::Checkpoint checkpoint = model::read_checkpoint(folder_ / "run/best.ckpt");
  EXPECT_FALSE(checkpoint.metadata.unknown);
  EXPECT_FALSE(checkpoint.tensors.contains(model::kReferenceTensor));
  EXPECT_THAT(context.messages(), HasSubstr("no validation images"));
}

TEST_F(Training, FinetuneLearnsWhatDrawingsShow) {
  test::write_scene_tree(folder_ / "set", 20);
  TrainingOptions options = probe_;
  options.recipe = Recipe::kFinetune;
  options.size = 64;
  options.epochs = 2;
  options.batch_size = 8;
  options.precision = Precision::kFloat32;
  const TrainingSummary summary = run(options);
  EXPECT_GE(summary.metrics.at("test").at("accuracy").get<double>(), 0.9);
  const model::Checkpoint checkpoint = model::read_checkpoint(folder_ / "run/best.ckpt");
  EXPECT_EQ(checkpoint.metadata.provenance.at("recipe"), "finetune");
  EXPECT_EQ(checkpoint.metadata.provenance.at("weights").at("licence"), "Apache-2.0");
  EXPECT_TRUE(checkpoint.training_state.is_null());
}

TEST_F(Training, AutoKeepsAProbeThatLeavesNothingToGain) {
  test::write_scene_tree(folder_ / "set", 20);
  TrainingOptions options = probe_;
  options.recipe = Recipe::kAuto;
  run(options);
  const Json kept = model::read_checkpoint(folder_ / "run/best.ckpt").metadata.provenance.at("kept");
  EXPECT_EQ(kept.at("recipe"), "probe");
  EXPECT_THAT(kept.at("why").get<std::string>(), HasSubstr("too few for fine-tuning to be shown better"));
}

TEST_F(Training, AutoFinetunesWhereTheProbeErrsAndKeepsTheLowerLoss) {
  test::write_scene_tree(folder_ / "set", 20);
  // Labels without a reason: nothing can be right about them.
  dataset::Dataset data = dataset::open_dataset(folder_ / "set");
  data.has_splits = true;
  for (std::size_t i = 0; i < data.samples.size(); ++i) {
    data.samples[i].group = static_cast<int>(i);
    data.samples[i].label = static_cast<int>(i % 3);
    data.samples[i].split = i % 4 == 3 ? dataset::Split::kValidation : dataset::Split::kTrain;
  }
  TrainingOptions options = probe_;
  options.recipe = Recipe::kAuto;
  options.size = 32;
  options.epochs = 1;
  options.batch_size = 8;
  options.precision = Precision::kFloat32;
  test::RecordingContext context;
  train(data, options, folder_ / "run", "", context);
  EXPECT_THAT(context.messages(), HasSubstr("epoch 1/1"));
  EXPECT_THAT(context.messages(), HasSubstr("after fine-tuning"));
  EXPECT_TRUE(model::read_checkpoint(folder_ / "run/best.ckpt").metadata.provenance.contains("kept"));
  options.budget = 1e-6;
  train(data, options, folder_ / "run", "", context);
  EXPECT_EQ(model::read_checkpoint(folder_ / "run/best.ckpt").metadata.provenance.at("kept").at("why"),
            "not even one epoch of fine-tuning fits into --budget");
}

TEST_F(Training, AStateThatIsDamagedIsRefused) {
  test::write_scene_tree(folder_ / "set", 8);
  run(scratch_);
  model::Checkpoint checkpoint = model::read_checkpoint(folder_ / "run/last.ckpt");
  checkpoint.training_state = {{"format", 1}};
  model::write_checkpoint(folder_ / "run/last.ckpt", checkpoint);
  scratch_.resume = true;
  EXPECT_THAT(error_of(scratch_), HasSubstr("last.ckpt: cannot resume"));
}

TEST_F(Training, ASecondRunTakesEmbeddingsFromTheCache) {
  test::write_scene_tree(folder_ / "set", 8);
  run(probe_, "one");
  EXPECT_THAT(test::list_files(folder_ / "set/.winnow"), testing::SizeIs(1));
  run(probe_, "two");
  probe_.no_cache = true;
  std::filesystem::remove_all(folder_ / "set/.winnow");
  run(probe_, "three");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "set/.winnow"));
  const auto head_of = [&](const char* name) {
    return model::read_checkpoint(folder_ / name / "best.ckpt").tensors.at("_fc.weight").values;
  };
  EXPECT_EQ(head_of("one"), head_of("two"));
  EXPECT_EQ(head_of("one"), head_of("three"));
}

TEST_F(Training, CopiesOfAPictureStayOnOneSide) {
  test::write_scene_tree(folder_ / "set", 10);
  for (int i = 0; i < 10; ++i) {
    const auto source = folder_ / ("set/discs/00" + std::to_string(i) + ".jpg");
    std::filesystem::copy(source, folder_ / ("set/discs/copy" + std::to_string(i) + ".jpg"));
  }
  run(probe_);
  EXPECT_THAT(test::read_text(folder_ / "run/report.html"), HasSubstr("Leaks between splits: 0."));
}

TEST_F(Training, OneClassIsRefused) {
  test::write_scene_tree(folder_ / "set", 4);
  std::filesystem::remove_all(folder_ / "set/discs");
  std::filesystem::remove_all(folder_ / "set/stripes");
  EXPECT_THAT(error_of(probe_), HasSubstr("has one class; a classifier needs at least two"));
}

TEST_F(Training, AClassWithOneImageIsRefused) {
  test::write_scene_tree(folder_ / "set", 6);
  std::filesystem::create_directories(folder_ / "set/lonely");
  write_file_atomically(folder_ / "set/lonely/0.jpg", image::encode_jpeg(test::draw_gradient(80, 60)));
  const std::string error = error_of(probe_);
  EXPECT_THAT(error, HasSubstr("set/lonely: 1 usable image to train on, at least 2 are needed"));
  EXPECT_THAT(error, Not(HasSubstr("\n")));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "run/best.ckpt"));
}

TEST_F(Training, MissingWeightsAreNamedBeforeAnyWork) {
  test::write_scene_tree(folder_ / "set", 4);
  probe_.weights = folder_ / "nothing.safetensors";
  EXPECT_THAT(error_of(probe_), HasSubstr("nothing.safetensors: no such weights; run scripts/setup.sh"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "run"));
}

TEST_F(Training, WeightsOfAnotherNetworkAreRefused) {
  test::write_scene_tree(folder_ / "set", 4);
  probe_.architecture = "small_resnet";
  EXPECT_THAT(error_of(probe_), HasSubstr("these are weights of efficientnet_lite0, not of small_resnet"));
}

TEST_F(Training, AnUnknownNetworkIsRefusedWithTheKnownOnes) {
  test::write_scene_tree(folder_ / "set", 4);
  scratch_.architecture = "alexnet";
  EXPECT_THAT(error_of(scratch_), HasSubstr("alexnet: no such network; choose one of efficientnet_lite0"));
}

TEST_F(Training, StopsWhenAsked) {
  test::write_scene_tree(folder_ / "set", 4);
  test::RecordingContext context;
  context.request_stop();
  try {
    train(dataset::open_dataset(folder_ / "set"), scratch_, folder_ / "run", "", context);
    FAIL() << "it went on";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCancelled);
  }
}

TEST_F(Training, TheReportIsWellFormedAndFetchesNothing) {
  test::write_scene_tree(folder_ / "set", 12);
  test::write_scene_tree(folder_ / "other", 4, 99);
  std::filesystem::copy(folder_ / "set/discs/000.jpg", folder_ / "other/discs/copy.jpg");
  for (TrainingOptions options : {probe_, scratch_}) {
    options.test = folder_ / "other";
    const TrainingSummary summary = run(options);
    EXPECT_EQ(summary.metrics.at("external_test").at("images"), 12);
    const std::string report = test::read_text(folder_ / "run/report.html");
    EXPECT_EQ(test::find_markup_fault(report), "");
    EXPECT_EQ(test::find_outside_reference(report), "");
    for (const char* part : {"95 % Wilson interval", "Confusion matrix", "Reliability",
                             "Right, but least sure", "Where the evidence for the answer lies",
                             "leaks between splits", "winnow-train set", "images of another set"}) {
      EXPECT_THAT(report, HasSubstr(part));
    }
    EXPECT_EQ(report.find("Learning rate by epoch") != std::string::npos, options.recipe == Recipe::kScratch);
    const Json card = Json::parse(test::read_text(folder_ / "run/model-card.json"));
    EXPECT_EQ(card.at("metrics"), summary.metrics);
    EXPECT_EQ(card.at("classes_measured_on"), "external_test");
  }
}

TEST_F(Training, AClassWithoutTestPicturesIsNotCalledWrong) {
  test::write_scene_tree(folder_ / "set", 8);
  dataset::Dataset data = dataset::open_dataset(folder_ / "set");
  data.has_splits = true;
  for (std::size_t i = 0; i < data.samples.size(); ++i) {
    data.samples[i].group = static_cast<int>(i);
    const bool held_out = data.samples[i].label != 0 && i % 4 == 3;
    data.samples[i].split = held_out ? dataset::Split::kValidation : dataset::Split::kTrain;
  }
  const test::RecordingContext context;
  (void)train(data, probe_, folder_ / "run", "", context);
  EXPECT_THAT(test::read_text(folder_ / "run/report.html"),
              HasSubstr("checks</th><td class=\"n\">0</td><td class=\"n\">0</td><td class=\"n\">–</td>"));
}

TEST_F(Training, ReportEscapesClassNames) {
  test::write_scene_tree(folder_ / "set", 6);
  std::filesystem::rename(folder_ / "set/discs", folder_ / "set/<b>discs & co");
  run(probe_);
  const std::string report = test::read_text(folder_ / "run/report.html");
  EXPECT_THAT(report, HasSubstr("&lt;b&gt;discs &amp; co"));
  EXPECT_THAT(report, Not(HasSubstr("<b>discs")));
}

}  // namespace
}  // namespace winnow::training
