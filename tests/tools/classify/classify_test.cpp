#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "support/built.hpp"
#include "support/drawing.hpp"
#include "support/process.hpp"
#include "support/tar.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/atomic_file.hpp"
#include "winnow/core/json.hpp"
#include "winnow/image/encode.hpp"

namespace winnow {
namespace {

using test::Finished;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

// One model for all tests of this file, made by the tools themselves.
class ClassifyTool : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared_ = new test::TemporaryFolder;
    test::write_scene_tree(*shared_ / "train", 16);
    ASSERT_EQ(
        test::run({"winnow-train", "train", "-o", "run", "--size", "96", "-q"}, shared_->path()).exit_code,
        0);
    ASSERT_EQ(test::run({"winnow-export", "run", "-o", "scenes.onnx"}, shared_->path()).exit_code, 0);
  }
  static void TearDownTestSuite() {
    delete shared_;
    shared_ = nullptr;
  }

  ClassifyTool() { test::write_scene_tree(folder_ / "new", 2, 77); }

  Finished classify(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"winnow-classify", (*shared_ / "scenes.onnx").string()});
    return test::run(arguments, folder_.path());
  }

  static std::vector<Json> rows_of(const std::string& jsonl) {
    std::vector<Json> rows;
    std::istringstream lines(jsonl);
    for (std::string line; std::getline(lines, line);) rows.push_back(Json::parse(line));
    return rows;
  }

  static inline test::TemporaryFolder* shared_ = nullptr;
  test::TemporaryFolder folder_;
};

TEST_F(ClassifyTool, AnswersForAFolderAsJsonLines) {
  const Finished result = classify({"new", "--format", "jsonl", "--top", "2"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.err, "");
  const std::vector<Json> rows = rows_of(result.out);
  ASSERT_EQ(rows.size(), 6u);
  std::vector<std::string> keys;
  for (const auto& [key, value] : rows[0].items()) keys.push_back(key);
  EXPECT_THAT(keys, ElementsAre("path", "label", "confidence", "verdict", "unknown", "scores"));
  int right = 0;
  for (const Json& row : rows) {
    const auto path = row["path"].get<std::string>();
    right += path.find("/" + row["label"].get<std::string>() + "/") != std::string::npos ? 1 : 0;
    ASSERT_EQ(row["scores"].size(), 2u);
    EXPECT_EQ(row["scores"][0]["label"], row["label"]);
    EXPECT_GE(row["scores"][0]["score"].get<double>(), row["scores"][1]["score"].get<double>());
  }
  EXPECT_EQ(rows[0]["path"], "new/checks/000.jpg");
  EXPECT_GE(right, 5);
}

TEST_F(ClassifyTool, GivesTheSameAnswersInEveryForm) {
  const std::vector<Json> rows = rows_of(classify({"new", "--format", "jsonl"}).out);
  const Json array = Json::parse(classify({"new", "--format", "json"}).out);
  ASSERT_EQ(array.size(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(array[i], rows[i]);

  const std::string csv = classify({"new", "--format", "csv"}).out;
  EXPECT_THAT(csv, StartsWith("path,label,confidence,verdict,unknown\r\nnew/checks/000.jpg,"));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 7);

  const std::string table = classify({"new"}).out;
  for (const Json& row : rows) {
    EXPECT_THAT(table, testing::ContainsRegex(row["path"].get<std::string>() + " +" +
                                              row["label"].get<std::string>()));
  }
}

TEST_F(ClassifyTool, ReadsAnImageFromStandardInputAndNamesFromAList) {
  const std::string program = (test::built_programs() / "winnow-classify").string();
  const std::string model = (*shared_ / "scenes.onnx").string();
  const Finished piped = test::run(
      {"/bin/sh", "-c", program + " " + model + " - --format jsonl < new/discs/000.jpg"}, folder_.path());
  EXPECT_EQ(piped.exit_code, 0) << piped.err;
  const Json piped_row = Json::parse(piped.out);
  Json named_row = Json::parse(classify({"new/discs/000.jpg", "--format", "jsonl"}).out);
  EXPECT_EQ(piped_row["path"], "-");
  EXPECT_EQ(piped_row["label"], named_row["label"]);
  EXPECT_NEAR(piped_row["confidence"].get<double>(), named_row["confidence"].get<double>(), 1e-5);

  folder_.write("names.txt", "new/discs/001.jpg\n\n  new/stripes/000.jpg  \n");
  const std::vector<Json> listed = rows_of(classify({"@names.txt", "--format", "jsonl"}).out);
  ASSERT_EQ(listed.size(), 2u);
  EXPECT_EQ(listed[1]["path"], "new/stripes/000.jpg");
}

TEST_F(ClassifyTool, CountsWhatIsRight) {
  const Finished result = classify({"--expect", "new", "--format", "jsonl"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.err,
              testing::MatchesRegex("winnow-classify: [0-9] of 6 right: [0-9.]+ % \\(95 % interval .*\\)\n"));
  for (const Json& row : rows_of(result.out)) {
    EXPECT_THAT(row["path"].get<std::string>(), HasSubstr("new/" + row["expected"].get<std::string>() + "/"));
  }
}

TEST_F(ClassifyTool, TakesOneSplitOfACuratedManifest) {
  ASSERT_EQ(test::run({"winnow-curate", "train", "-o", "curated.jsonl"}, shared_->path()).exit_code, 0);
  const Finished result =
      classify({"--expect", (*shared_ / "curated.jsonl").string(), "--split", "test", "--format", "jsonl"});
  EXPECT_EQ(rows_of(result.out).size(), 9u);
}

TEST_F(ClassifyTool, SaysNoneOfTheseToAPictureUnlikeAll) {
  write_file_atomically(folder_ / "gradient.jpg", image::encode_jpeg(test::draw_gradient(300, 200)));
  const Json row = Json::parse(classify({"gradient.jpg", "--format", "jsonl"}).out);
  EXPECT_TRUE(row["unknown"].get<bool>());
  EXPECT_EQ(row["verdict"], "none_of_these");
}

TEST_F(ClassifyTool, SkipsWhatItCannotReadAndExitsWith3) {
  folder_.write("new/page.jpg", "<!doctype html>");
  folder_.write("new/empty.png", "");
  folder_.write("new/notes.txt", "not for us");
  const std::string whole = test::read_text(folder_ / "new/discs/000.jpg");
  folder_.write("new/cut.jpg", whole.substr(0, whole.size() - 400));
  folder_.write("new/really-a.png", whole);
  const Finished result = classify({"new", "--format", "jsonl"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(rows_of(result.out).size(), 7u);
  EXPECT_THAT(result.err, HasSubstr("winnow-classify: new/page.jpg: not an image (HTML page); skipped\n"));
  EXPECT_THAT(result.err, HasSubstr("winnow-classify: new/empty.png: "));
  EXPECT_THAT(result.err, HasSubstr("winnow-classify: new/cut.jpg: "));
  EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 3) << result.err;
}

TEST_F(ClassifyTool, FailsWhenNothingCouldBeRead) {
  const Finished result = classify({"nowhere.jpg"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr("winnow-classify: nowhere.jpg: No such file or directory; skipped\n"));
  EXPECT_THAT(result.err, HasSubstr("winnow-classify: none of 1 images could be read\n"));
}

TEST_F(ClassifyTool, ExplainsModelsItCannotUse) {
  folder_.write("text.onnx", "hello");
  folder_.write("cut.onnx", test::read_text(*shared_ / "scenes.onnx").substr(0, 100000));
  const auto expect = [&](const std::string& model, const std::string& message) {
    const Finished result = test::run({"winnow-classify", model, "new"}, folder_.path());
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, StartsWith("winnow-classify: " + model + ": " + message));
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
  };
  expect("nowhere.onnx", "No such file or directory");
  expect("text.onnx", "not an ONNX model");
  expect("cut.onnx", "not an ONNX model, or cut short");
  expect("new/discs/000.jpg", "not an ONNX model");
}

TEST_F(ClassifyTool, ExplainsBadUsageInOneLine) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{},
                                             {"new", "--top", "0"},
                                             {"new", "--format", "xml"},
                                             {"new", "--format", "9"},
                                             {"new", "--split", "test"},
                                             {"new", "-", "--top", "1"},
                                             {"new", "--expect", "new"},
                                             {"--expect", "new", "--split", "test"},
                                             {"new", "--wat"}}) {
    const Finished result = classify(arguments);
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    EXPECT_EQ(result.out, "");
  }
}

TEST_F(ClassifyTool, AsksForFilesInPlaceOfAnArchive) {
  folder_.write("set.tar", test::tar_member("cat/1.jpg", "x") + test::tar_end());
  const Finished result = classify({"--expect", "set.tar"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err,
              HasSubstr("winnow-classify: set.tar: holds its pictures in archives; name a folder"));
}

}  // namespace
}  // namespace winnow
