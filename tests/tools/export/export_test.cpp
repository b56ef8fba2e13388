#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/drawing.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/json.hpp"

namespace winnow {
namespace {

using test::Finished;
using testing::HasSubstr;
using testing::MatchesRegex;

TEST(ExportTool, TurnsARunIntoAModel) {
  const test::TemporaryFolder folder;
  test::write_scene_tree(folder / "set", 12);
  ASSERT_EQ(test::run({"winnow-train", "set", "-o", "run", "--recipe", "scratch", "--size", "32", "--epochs",
                       "1", "-q"},
                      folder.path())
                .exit_code,
            0);
  const Finished result = test::run({"winnow-export", "run", "-o", "scenes.onnx"}, folder.path());
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.err, "");
  EXPECT_THAT(result.out, MatchesRegex("scenes.onnx: [0-9.]+ MB, largest difference to the trained network "
                                       "[0-9e.-]+ on [0-9]+ validation pictures\n"));

  const Finished shown = test::run({"winnow-export", "inspect", "scenes.onnx"}, folder.path());
  EXPECT_EQ(shown.exit_code, 0);
  EXPECT_THAT(shown.out, HasSubstr("input           images uint8 [n, 32, 32, 3]\n"));
  EXPECT_THAT(shown.out, HasSubstr("network         small_resnet\n"));
  EXPECT_THAT(shown.out, HasSubstr("classes         3: checks, discs, stripes\n"));
  EXPECT_THAT(shown.out, HasSubstr("as it was exported\n"));
  const Finished as_json = test::run({"winnow-export", "inspect", "scenes.onnx", "--json"}, folder.path());
  EXPECT_EQ(Json::parse(as_json.out).at("metadata").at("classes").size(), 3U);

  const Finished checked = test::run({"winnow-export", "--self-check", "scenes.onnx"}, folder.path());
  EXPECT_EQ(checked.exit_code, 0) << checked.err;
  EXPECT_THAT(checked.out, HasSubstr("turned.jpg"));
  EXPECT_THAT(checked.out, HasSubstr("holds"));

  const Finished rounded =
      test::run({"winnow-export", "run", "--int8", "--calibrate", "set", "-o", "int8.onnx"}, folder.path());
  EXPECT_EQ(rounded.exit_code, 0) << rounded.err;
  EXPECT_THAT(rounded.out, HasSubstr("int8: expected accuracy "));
  EXPECT_THAT(test::run({"winnow-export", "inspect", "int8.onnx"}, folder.path()).out,
              HasSubstr("precision       int8, "));
  EXPECT_THAT(shown.out, HasSubstr("precision       float32\n"));

  // One bit of a weight: the file can still be read, but it is not what was exported.
  std::string damaged = test::read_text(folder / "scenes.onnx");
  damaged[damaged.size() / 2] ^= 0x40;
  folder.write("damaged.onnx", damaged);
  const Finished refused = test::run({"winnow-export", "--self-check", "damaged.onnx"}, folder.path());
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.out, HasSubstr("changed since it was exported"));
  EXPECT_THAT(refused.err, HasSubstr("damaged.onnx: does not hold"));
}

TEST(ExportTool, WritesNetworksThatOthersTrained) {
  const test::TemporaryFolder folder;
  const Finished result = test::run(
      {"winnow-export", "--pretrained", "efficientnet_lite0", "-o", "imagenet.onnx"}, folder.path());
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("imagenet.onnx: "));
  EXPECT_THAT(test::run({"winnow-export", "inspect", "imagenet.onnx"}, folder.path()).out,
              HasSubstr("tench, goldfish, great white shark"));
}

TEST(ExportTool, WritesForTorchScriptAndForTriton) {
  const test::TemporaryFolder folder;
  test::write_scene_tree(folder / "set", 6);
  ASSERT_EQ(test::run({"winnow-train", "set", "-o", "runs/scenes", "--recipe", "scratch", "--size", "32",
                       "--epochs", "1", "-q"},
                      folder.path())
                .exit_code,
            0);
  const Finished script =
      test::run({"winnow-export", "runs/scenes", "-o", "scenes.pt", "--triton", "served"}, folder.path());
  EXPECT_EQ(script.exit_code, 0) << script.err;
  EXPECT_THAT(script.out, MatchesRegex("scenes.pt: [0-9.]+ MB, .*\nserved/scenes: [0-9.]+ MB, .*\n"));
  const Finished asked = test::run({"winnow-classify", "scenes.pt", "--compare", "served/scenes/1/model.onnx",
                                    "--expect", "set", "--no-cache", "-q"},
                                   folder.path());
  EXPECT_EQ(asked.exit_code, 0) << asked.err;
  EXPECT_THAT(asked.out, testing::Not(HasSubstr("!=")));
  EXPECT_THAT(test::list_files(folder / "served"),
              testing::ElementsAre("scenes/1/model.onnx", "scenes/config.pbtxt", "scenes/labels.txt"));
  const Finished named =
      test::run({"winnow-export", "runs/scenes/best.ckpt", "--triton", "served"}, folder.path());
  EXPECT_EQ(named.exit_code, 2);
  EXPECT_EQ(named.err, "winnow-export: served/scenes: is there already; remove it, or give another --name\n");
}

TEST(ExportTool, ExplainsWhatItCannotExport) {
  const test::TemporaryFolder folder;
  folder.write("text.ckpt", "hello");
  const auto expect = [&](const std::vector<std::string>& command, int code, const std::string& message) {
    const Finished result = test::run(command, folder.path());
    EXPECT_EQ(result.exit_code, code);
    EXPECT_THAT(result.err, HasSubstr(message));
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    EXPECT_FALSE(std::filesystem::exists(folder / "m.onnx"));
  };
  expect({"winnow-export", "nowhere", "-o", "m.onnx"}, 1,
         "winnow-export: nowhere: No such file or directory");
  expect({"winnow-export", "text.ckpt", "-o", "m.onnx"}, 1,
         "winnow-export: text.ckpt: not a safetensors file");
  expect({"winnow-export", ".", "-o", "m.onnx"}, 1, "winnow-export: .: is not a run of winnow-train");
  expect({"winnow-export", "text.ckpt", "-o", "m.bin"}, 2, "m.bin ends neither in .onnx nor in .pt");
  expect({"winnow-export", "text.ckpt"}, 2, "--output is required");
  expect({"winnow-export", "text.ckpt", "-o", "m.pt"}, 1, "text.ckpt: not a safetensors file");
  expect({"winnow-export", "text.ckpt", "-o", "m.onnx", "--name", "m"}, 2, "--name requires --triton");
  expect({"winnow-export", "text.ckpt", "--pretrained", "resnet18", "-o", "m.onnx"}, 2,
         "--pretrained: stands in place of a run");
  expect({"winnow-export", "--pretrained", "resnet18", "-o", "m.onnx"}, 1,
         "resnet18.safetensors: no such weights");
  expect({"winnow-export", "--pretrained", "perceptron", "-o", "m.onnx"}, 2, "perceptron: no such network");
  expect({"winnow-export", "-o", "m.onnx"}, 2, "RUN is required");
  expect({"winnow-export", "--self-check", "text.ckpt"}, 1, "winnow-export: text.ckpt: not an ONNX model");
  expect({"winnow-export", "--self-check", "text.ckpt", "-o", "m.onnx"}, 2, "--self-check: stands alone");
  expect({"winnow-export", "text.ckpt", "--calibrate", ".", "-o", "m.onnx"}, 2,
         "--calibrate: goes with --int8");
  expect({"winnow-export", "text.ckpt", "--int8", "-o", "m.pt"}, 2, "--int8: goes with ONNX files");
  expect({"winnow-export", "inspect"}, 2, "file is required");
  expect({"winnow-export", "inspect", "text.ckpt", "-o", "m.onnx"}, 2, "inspect: stands alone");
  expect({"winnow-export", "inspect", "text.ckpt"}, 1, "winnow-export: text.ckpt: not an ONNX model");
  expect({"winnow-export", "inspect", "nowhere"}, 1, "winnow-export: nowhere: No such file or directory");
}

}  // namespace
}  // namespace winnow
