#include "winnow/dataset/curated_manifest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "support/process.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/error.hpp"

namespace winnow::dataset {
namespace {

using testing::HasSubstr;

CuratedManifest example(const std::filesystem::path& root) {
  CuratedManifest manifest;
  manifest.root = root;
  manifest.rows = {
      {.path = "cat/1 \"x\"\n.jpg",
       .label = "cat",
       .issues = {{"wrong_extension", "is PNG"}, {"label_error", "looks like dog", 0.0625, "dog"}},
       .sha256 = std::string(64, 'a'),
       .width = 640,
       .height = 480,
       .group = 3,
       .split = Split::kValidation},
      {.path = "cat/2.jpg",
       .label = "cat",
       .keep = false,
       .issues = {{"truncated", "ends early"}, {"other", ""}},
       .sha256 = {}}};
  manifest.summary = {{"seed", 7}, {"classes", Json::array({"cat"})}};
  return manifest;
}

std::string text_of_example() {
  const test::TemporaryFolder folder;
  write_curated_manifest(folder / "c.jsonl", example(folder / "tree"));
  return test::read_text(folder / "c.jsonl");
}

// What reading a file of this content throws; the path is cut off.
Error error_of_reading(std::string_view content) {
  const test::TemporaryFolder folder;
  try {
    (void)read_curated_manifest(folder.write("c.jsonl", content));
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_THAT(message, HasSubstr((folder / "c.jsonl").string()));
    return {error.kind(), "", message.substr(std::min(message.size(), folder.path().string().size() + 1))};
  }
  ADD_FAILURE() << "no Error was thrown for " << content;
  return {ErrorKind::kUsage, "", ""};
}

constexpr const char* kHeader = R"({"format":"winnow-curated","version":1,"root":"."})";
constexpr const char* kSummary = R"({"summary":{}})";

std::string with_row(const std::string& row) {
  return std::string(kHeader) + "\n" + row + "\n" + kSummary + "\n";
}

TEST(CuratedManifest, ComesBackAsItWasWritten) {
  const test::TemporaryFolder folder;
  std::filesystem::create_directory(folder / "tree");
  const CuratedManifest written = example(folder / "tree");
  write_curated_manifest(folder / "c.jsonl", written);
  const CuratedManifest read = read_curated_manifest(folder / "c.jsonl");
  EXPECT_EQ(read.root, written.root);
  EXPECT_EQ(read.summary, written.summary);
  ASSERT_EQ(read.rows.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(read.rows[i].path, written.rows[i].path);
    EXPECT_EQ(read.rows[i].label, written.rows[i].label);
    EXPECT_EQ(read.rows[i].keep, written.rows[i].keep);
    EXPECT_EQ(read.rows[i].sha256, written.rows[i].sha256);
    EXPECT_EQ(read.rows[i].width, written.rows[i].width);
    EXPECT_EQ(read.rows[i].height, written.rows[i].height);
    EXPECT_EQ(read.rows[i].group, written.rows[i].group);
    EXPECT_EQ(read.rows[i].split, written.rows[i].split);
    ASSERT_EQ(read.rows[i].issues.size(), written.rows[i].issues.size());
    for (std::size_t j = 0; j < read.rows[i].issues.size(); ++j) {
      EXPECT_EQ(read.rows[i].issues[j].code, written.rows[i].issues[j].code);
      EXPECT_EQ(read.rows[i].issues[j].detail, written.rows[i].issues[j].detail);
      EXPECT_EQ(read.rows[i].issues[j].score, written.rows[i].issues[j].score);
      EXPECT_EQ(read.rows[i].issues[j].suggested_label, written.rows[i].issues[j].suggested_label);
    }
  }
}

TEST(CuratedManifest, MayBeWithoutRows) {
  const test::TemporaryFolder folder;
  write_curated_manifest(folder / "c.jsonl", {.root = folder.path(), .rows = {}});
  EXPECT_TRUE(read_curated_manifest(folder / "c.jsonl").rows.empty());
}

TEST(CuratedManifest, CanBeMovedTogetherWithItsImages) {
  const test::TemporaryFolder folder;
  std::filesystem::create_directories(folder / "before/images");
  std::filesystem::create_directories(folder / "before/out");
  write_curated_manifest(folder / "before/out/c.jsonl", example(folder / "before/images"));
  std::filesystem::rename(folder / "before", folder / "after");
  EXPECT_EQ(read_curated_manifest(folder / "after/out/c.jsonl").root, folder / "after/images");
}

TEST(CuratedManifest, MayLieInTheFolderOfItsImages) {
  const test::TemporaryFolder folder;
  write_curated_manifest(folder / "c.jsonl", example(folder.path()));
  EXPECT_TRUE(std::filesystem::equivalent(read_curated_manifest(folder / "c.jsonl").root, folder.path()));
}

TEST(CuratedManifest, FindsItsImagesWithoutANamedFolder) {
  const test::TemporaryFolder folder;
  std::filesystem::create_directory(folder / "images");
  const test::Finished child = test::run_in_child([&] {
    if (::chdir(folder.path().c_str()) != 0) return 2;
    write_curated_manifest("c.jsonl", example("images"));
    return read_curated_manifest("c.jsonl").root == "images" ? 0 : 1;
  });
  EXPECT_EQ(child.exit_code, 0) << child.err;
  EXPECT_EQ(read_curated_manifest(folder / "c.jsonl").root, folder / "images");
}

// From behind a link, "../images" is not what it looks like.
TEST(CuratedManifest, FindsItsImagesBehindALink) {
  const test::TemporaryFolder folder;
  std::filesystem::create_directories(folder / "disk/images");
  std::filesystem::create_directories(folder / "disk/out");
  std::filesystem::create_directory_symlink(folder / "disk/out", folder / "link");
  write_curated_manifest(folder / "link/c.jsonl", example(folder / "disk/images"));
  for (const char* way : {"link/c.jsonl", "disk/out/c.jsonl"}) {
    const std::filesystem::path root = read_curated_manifest(folder / way).root;
    std::error_code error;
    EXPECT_TRUE(std::filesystem::equivalent(root, folder / "disk/images", error)) << root;
  }
}

TEST(CuratedManifest, KeepsAnAbsoluteRoot) {
  const test::TemporaryFolder folder;
  const std::string content = with_row("");
  const std::string absolute = R"("root":"/data/images")";
  std::string text = content;
  text.replace(text.find(R"("root":".")"), std::string(R"("root":".")").size(), absolute);
  EXPECT_EQ(read_curated_manifest(folder.write("c.jsonl", text)).root, "/data/images");
}

TEST(CuratedManifest, IsNeverReadInPart) {
  const std::string whole = text_of_example();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    ASSERT_EQ(error_of_reading(std::string_view(whole).substr(0, length)).kind(), ErrorKind::kInvalid)
        << length;
  }
}

TEST(CuratedManifest, RefusesOtherVersions) {
  for (const char* version : {"2", "0", "-1"}) {
    const std::string text = std::string(R"({"format":"winnow-curated","root":".","version":)") + version +
                             "}\n" + kSummary + "\n";
    EXPECT_EQ(error_of_reading(text).kind(), ErrorKind::kUnsupported) << version;
  }
}

TEST(CuratedManifest, RefusesOtherFiles) {
  for (const char* line :
       {"{}", "[]", "3", "null", R"("winnow-curated")", R"({"format":"other","version":1,"root":"."})",
        "not json", R"({"format":3,"version":1,"root":"."})", R"({"format":"winnow-curated","version":1})",
        R"({"format":"winnow-curated","version":"1","root":"."})",
        R"({"path":"a","label":"b","keep":true})"}) {
    EXPECT_EQ(error_of_reading(std::string(line) + "\n" + kSummary + "\n").kind(), ErrorKind::kInvalid)
        << line;
  }
}

TEST(CuratedManifest, NamesTheLineOfABadRow) {
  for (const char* row : {
           "{}",
           "[]",
           "7",
           "not json",
           R"({"label":"cat","keep":false})",
           R"({"path":"1.jpg","keep":false})",
           R"({"path":"1.jpg","label":"cat"})",
           R"({"path":1,"label":"cat","keep":false})",
           R"({"path":"1.jpg","label":"cat","keep":"yes"})",
           R"({"path":"1.jpg","label":"cat","keep":true,"split":"train"})",
           R"({"path":"1.jpg","label":"cat","keep":true,"group":1})",
           R"({"path":"1.jpg","label":"cat","keep":true,"group":1,"split":"training"})",
           R"({"path":"1.jpg","label":"cat","keep":true,"group":"a","split":"train"})",
           R"({"path":"1.jpg","label":"cat","keep":false,"issues":[{"detail":"x"}]})",
           R"({"path":"1.jpg","label":"cat","keep":false,"issues":7})",
           R"({"path":"1.jpg","label":"cat","keep":false,"issues":[{"issue":"dark","score":"low"}]})",
           R"({"path":"1.jpg","label":"cat","keep":false,"issues":[{"issue":"x","suggested_label":3}]})",
           R"({"path":"1.jpg","label":"cat","keep":false,"width":"x"})",
       }) {
    const Error error = error_of_reading(with_row(row));
    EXPECT_EQ(error.kind(), ErrorKind::kInvalid) << row;
    EXPECT_THAT(error.what(), testing::StartsWith("c.jsonl:2: ")) << row;
  }
}

TEST(CuratedManifest, IgnoresFieldsOfLaterDays) {
  const test::TemporaryFolder folder;
  const std::string row = R"({"path":"1.jpg","label":"cat","keep":false,"sharpness":0.7})";
  EXPECT_EQ(read_curated_manifest(folder.write("c.jsonl", with_row(row))).rows.at(0).path, "1.jpg");
}

TEST(CuratedManifest, NeedsAFile) {
  const test::TemporaryFolder folder;
  try {
    (void)read_curated_manifest(folder / "nothing.jsonl");
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kNotFound);
  }
}

TEST(CuratedManifest, NeedsAFolderToBeWrittenTo) {
  const test::TemporaryFolder folder;
  try {
    write_curated_manifest(folder / "missing/c.jsonl", example(folder.path()));
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kIo);
  }
}

}  // namespace
}  // namespace winnow::dataset
