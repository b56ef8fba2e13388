#include "winnow/model/checkpoint.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temporary_folder.hpp"
#include "winnow/core/error.hpp"

namespace winnow::model {
namespace {

using testing::HasSubstr;

Checkpoint example() {
  Checkpoint checkpoint;
  checkpoint.metadata.architecture = "small_resnet";
  checkpoint.metadata.classes = {"cat", "dog"};
  checkpoint.tensors["head.weight"] = {{2, 2}, {1, 2, 3, 4}};
  return checkpoint;
}

// A file whose metadata is this text.
Error error_of_reading(const std::string& key, const std::string& text) {
  const test::TemporaryFolder folder;
  write_safetensors(folder / "best.ckpt", {{}, {{key, text}}});
  try {
    (void)read_checkpoint(folder / "best.ckpt");
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr((folder / "best.ckpt").string() + ": "));
    return error;
  }
  ADD_FAILURE() << "no Error was thrown";
  return {ErrorKind::kUsage, "", ""};
}

TEST(Checkpoint, ComesBackAsItWasWritten) {
  const test::TemporaryFolder folder;
  const Checkpoint written = example();
  write_checkpoint(folder / "best.ckpt", written);
  const Checkpoint read = read_checkpoint(folder / "best.ckpt");
  EXPECT_EQ(to_json(read.metadata), to_json(written.metadata));
  ASSERT_EQ(read.tensors.size(), 1u);
  EXPECT_EQ(read.tensors.at("head.weight").shape, written.tensors.at("head.weight").shape);
  EXPECT_EQ(read.tensors.at("head.weight").values, written.tensors.at("head.weight").values);
}

TEST(Checkpoint, IsASafetensorsFileThatOthersCanRead) {
  const test::TemporaryFolder folder;
  write_checkpoint(folder / "best.ckpt", example());
  EXPECT_TRUE(read_safetensors(folder / "best.ckpt").tensors.contains("head.weight"));
}

TEST(Checkpoint, IsMoreThanWeights) {
  const Error error = error_of_reading("format", "pt");
  EXPECT_EQ(error.kind(), ErrorKind::kInvalid);
  EXPECT_THAT(error.what(), HasSubstr("not a checkpoint of winnow-train"));
}

TEST(Checkpoint, RefusesDamagedMetadata) {
  for (const char* text : {"", "{", "[]", "{}", R"({"format":1})"}) {
    EXPECT_EQ(error_of_reading("winnow", text).kind(), ErrorKind::kInvalid) << text;
  }
}

TEST(Checkpoint, RefusesNewerFormats) {
  EXPECT_EQ(error_of_reading("winnow", R"({"format":2})").kind(), ErrorKind::kUnsupported);
}

TEST(Checkpoint, NeedsAFile) {
  const test::TemporaryFolder folder;
  try {
    (void)read_checkpoint(folder / "nothing.ckpt");
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kNotFound);
  }
}

}  // namespace
}  // namespace winnow::model
