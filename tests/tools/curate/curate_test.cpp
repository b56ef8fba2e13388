#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support/drawing.hpp"
#include "support/process.hpp"
#include "support/tar.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/atomic_file.hpp"
#include "winnow/image/encode.hpp"

namespace winnow {
namespace {

using test::Finished;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class CurateTool : public testing::Test {
 protected:
  CurateTool() {
    test::write_scene_tree(folder_ / "set", 10);
    std::filesystem::copy(folder_ / "set/discs/003.jpg", folder_ / "set/discs/copy.jpg");
  }

  // Without the network: drawn scenes are all alike to it.
  Finished curate(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"winnow-curate", "--quick"});
    return test::run(arguments, folder_.path());
  }

  test::TemporaryFolder folder_;
};

TEST_F(CurateTool, PrintsCountsAndWritesManifestAndReport) {
  const Finished result = curate({"set", "-o", "curated.jsonl", "--report", "curate.html"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(result.out,
            "class    found  broken  duplicates  conflicts  dropped  kept  review  train  val  test\n"
            "checks      10       0           0          0        0    10       0      7    1     2\n"
            "discs       11       0           1          0        0    10       0      7    1     2\n"
            "stripes     10       0           0          0        0    10       0      7    1     2\n"
            "leaks between splits: 0\n");
  const std::string manifest = test::read_text(folder_ / "curated.jsonl");
  EXPECT_THAT(manifest, HasSubstr(R"({"format":"winnow-curated","version":1,"root":"set"})"));
  EXPECT_THAT(
      manifest,
      HasSubstr(
          R"("issues":[{"issue":"exact_duplicate","detail":"the same bytes as discs/003.jpg","score":1.0}])"));
  EXPECT_THAT(test::read_text(folder_ / "curate.html"), HasSubstr("same bytes"));
}

TEST_F(CurateTool, GivesTheSameManifestEveryTime) {
  curate({"set", "-o", "one.jsonl", "--threads", "1"});
  curate({"set", "-o", "two.jsonl", "--threads", "3"});
  EXPECT_EQ(test::read_text(folder_ / "one.jsonl"), test::read_text(folder_ / "two.jsonl"));
}

TEST_F(CurateTool, NamesBrokenFilesAndGoesOn) {
  folder_.write("set/discs/page.jpg", "<!doctype html><html><body>404</body></html>");
  folder_.write("set/discs/empty.jpg", "");
  const std::string whole = test::read_text(folder_ / "set/checks/000.jpg");
  folder_.write("set/checks/cut.jpg", whole.substr(0, whole.size() / 2));
  folder_.write("set/stripes/named.png", test::read_text(folder_ / "set/stripes/000.jpg"));
  std::filesystem::remove(folder_ / "set/stripes/000.jpg");
  const Finished result = curate({"set", "-o", "curated.jsonl"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.err,
              HasSubstr("winnow-curate: set/discs/page.jpg: not an image (HTML page); rejected\n"));
  EXPECT_THAT(result.err, HasSubstr("winnow-curate: set/discs/empty.jpg: "));
  EXPECT_THAT(result.err, HasSubstr("winnow-curate: set/checks/cut.jpg: "));
  EXPECT_THAT(result.out, HasSubstr("stripes     10       0           0          0        0    10"));
  EXPECT_THAT(
      test::read_text(folder_ / "curated.jsonl"),
      HasSubstr(
          R"("path":"stripes/named.png","label":"stripes","keep":true,"issues":[{"issue":"wrong_extension")"));
}

TEST_F(CurateTool, WarnsOfAClassTooSmallToSplit) {
  std::filesystem::create_directories(folder_ / "set/lonely");
  write_file_atomically(folder_ / "set/lonely/0.jpg", image::encode_jpeg(test::draw_gradient(90, 90)));
  const Finished result = curate({"set", "-o", "curated.jsonl"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(
      result.err,
      "winnow-curate: set/lonely: only 1 usable image, too few to train, validate and test; add images or "
      "remove the folder\n");
}

TEST_F(CurateTool, FindsAPictureUnderTwoLabels) {
  std::filesystem::copy(folder_ / "set/discs/004.jpg", folder_ / "set/checks/other.jpg");
  const Finished result = curate({"set", "-o", "curated.jsonl"});
  EXPECT_THAT(result.out, HasSubstr("checks      11       0           0          1        0    10"));
  EXPECT_THAT(test::read_text(folder_ / "curated.jsonl"),
              HasSubstr("the same picture is labelled checks, discs"));
}

TEST_F(CurateTool, RefusesWhatItCannotCurate) {
  const auto expect_failure = [&](const std::string& what, const std::string& message, int code) {
    const Finished result = curate({what, "-o", "curated.jsonl"});
    EXPECT_EQ(result.exit_code, code);
    EXPECT_EQ(result.err, "winnow-curate: " + what + message + "\n");
    EXPECT_EQ(result.out, "");
    EXPECT_FALSE(std::filesystem::exists(folder_ / "curated.jsonl"));
  };
  expect_failure("nowhere", ": no such file or folder", 1);
  std::filesystem::create_directories(folder_ / "bare");
  expect_failure("bare", ": holds no pictures; it needs one subfolder per class with images in it", 1);
  folder_.write("text/a/b.jpg", "hello");
  const Finished result = curate({"text", "-o", "curated.jsonl"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err,
              HasSubstr("winnow-curate: text: none of its 1 files is a readable image; the first: a/b.jpg"));
}

TEST_F(CurateTool, ExplainsUnknownOptionsInOneLine) {
  const Finished result = curate({"set", "-o", "curated.jsonl", "--frobnicate"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("--frobnicate"));
  EXPECT_THAT(result.err, HasSubstr("see winnow-curate --help\n"));
  EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1);
}

TEST_F(CurateTool, LeavesTheOldManifestWhenItCannotWrite) {
  curate({"set", "-o", "curated.jsonl"});
  const std::string before = test::read_text(folder_ / "curated.jsonl");
  const Finished result = curate({"set", "-o", "curated.jsonl/inside"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("winnow-curate: curated.jsonl/inside: cannot write"));
  EXPECT_EQ(test::read_text(folder_ / "curated.jsonl"), before);
  EXPECT_THAT(test::list_files(folder_.path()), Not(testing::Contains(HasSubstr(".tmp"))));
}

TEST_F(CurateTool, LooksWithTheNetworkUnlessItIsInAHurry) {
  const Finished result = test::run({"winnow-curate", "set", "-o", "curated.jsonl"}, folder_.path());
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, HasSubstr("leaks between splits: 0\n"));
  EXPECT_THAT(test::read_text(folder_ / "curated.jsonl"), HasSubstr("\"related_cosine\":"));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "set/.winnow"));
  const std::string before = test::read_text(folder_ / "curated.jsonl");
  test::run({"winnow-curate", "set", "-o", "curated.jsonl"}, folder_.path());
  EXPECT_EQ(test::read_text(folder_ / "curated.jsonl"), before) << "the cache changed the result";
}

TEST_F(CurateTool, NamesWeightsThatAreNotThere) {
  const Finished result = test::run(
      {"winnow-curate", "set", "-o", "curated.jsonl", "--weights", "no.safetensors"}, folder_.path());
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("winnow-curate: no.safetensors: no such weights"));
}

TEST_F(CurateTool, AppliesDecisions) {
  folder_.write("d.jsonl",
                "{\"format\":\"winnow-decisions\",\"version\":1}\n"
                "{\"path\":\"discs/000.jpg\",\"decision\":\"drop\"}\n"
                "{\"path\":\"discs/001.jpg\",\"decision\":\"relabel\",\"label\":\"checks\"}\n"
                "{\"path\":\"discs/copy.jpg\",\"decision\":\"keep\"}\n");
  const Finished result = curate({"set", "-o", "curated.jsonl", "--decisions", "d.jsonl"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("checks      11       0           0          0        0    11"));
  EXPECT_THAT(result.out, HasSubstr("discs       10       0           1          0        1     8"));
  const std::string manifest = test::read_text(folder_ / "curated.jsonl");
  EXPECT_THAT(manifest, HasSubstr(R"("path":"discs/000.jpg","label":"discs","keep":false)"));
  EXPECT_THAT(manifest, HasSubstr(R"("path":"discs/001.jpg","label":"checks","keep":true)"));
  EXPECT_THAT(manifest, HasSubstr(R"("path":"discs/003.jpg","label":"discs","keep":false)"));
}

TEST_F(CurateTool, RefusesDecisionsOnOtherPictures) {
  folder_.write("d.jsonl",
                "{\"format\":\"winnow-decisions\",\"version\":1}\n"
                "{\"path\":\"discs/none.jpg\",\"decision\":\"drop\"}\n");
  const Finished result = curate({"set", "-o", "curated.jsonl", "--decisions", "d.jsonl"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.err, "winnow-curate: d.jsonl:2: discs/none.jpg is not in set\n");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "curated.jsonl"));
}

TEST_F(CurateTool, WritesACleanCopy) {
  const Finished result = curate({"set", "-o", "curated.jsonl", "--apply", "clean"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(test::list_files(folder_ / "clean").size(), 30u);
  EXPECT_EQ(test::list_files(folder_ / "set").size(), 31u);
}

// As winnow-scrape --shards and Python's webdataset write them.
TEST_F(CurateTool, ReadsShardsAndWritesThemOut) {
  std::string shard;
  for (int i = 0; i < 10; ++i) {
    for (const auto& [kind, number] : {std::pair{"checks", "0"}, {"discs", "1"}}) {
      const std::string key = fmt::format("{}{:03}", number, i);
      shard +=
          test::tar_member(key + ".jpg", test::read_text(folder_ / fmt::format("set/{}/{:03}.jpg", kind, i)));
      shard += test::tar_member(key + ".cls", number);
    }
  }
  shard += test::tar_member("1copy.jpg", test::read_text(folder_ / "set/discs/003.jpg"));
  shard += test::tar_member("1copy.cls", "1");
  folder_.write("shards/00000.tar", shard + test::tar_end());
  folder_.write("shards/classes.txt", "checks\ndiscs\n");
  const Finished result =
      curate({"shards", "-o", "shards.jsonl", "--report", "shards.html", "--apply", "clean"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("checks     10       0           0          0        0    10"));
  EXPECT_THAT(result.out, HasSubstr("leaks between splits: 0"));
  EXPECT_THAT(test::read_text(folder_ / "shards.jsonl"),
              HasSubstr(R"({"path":"00000.tar/0000.jpg","label":"checks","keep":true)"));
  EXPECT_THAT(test::read_text(folder_ / "shards.html"), HasSubstr("src=\"data:image/jpeg"));
  EXPECT_EQ(test::list_files(folder_ / "clean").size(), 20u);
  EXPECT_EQ(test::read_text(folder_ / "clean/checks/0000.jpg"),
            test::read_text(folder_ / "set/checks/000.jpg"));
}

TEST_F(CurateTool, NamesADamagedShard) {
  folder_.write("shards/0.tar", test::tar_member("1.jpg", std::string(3000, 'x')).substr(0, 1000));
  const Finished result = curate({"shards", "-o", "curated.jsonl"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.err, "winnow-curate: shards/0.tar: ends early: a file in it goes beyond its end\n");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "curated.jsonl"));
}

TEST_F(CurateTool, TakesOneClassAndOnePicture) {
  std::filesystem::create_directories(folder_ / "one/cat");
  std::filesystem::copy(folder_ / "set/discs/003.jpg", folder_ / "one/cat/a.jpg");
  for (const bool quick : {true, false}) {
    const Finished result =
        quick
            ? curate({"one", "-o", "one.jsonl"})
            : test::run({"winnow-curate", "one", "-o", "one.jsonl", "--report", "one.html"}, folder_.path());
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_THAT(result.out, HasSubstr("cat        1       0           0          0        0     1"));
  }
}

// Root may read what is forbidden, so these stand for all that cannot be read.
TEST_F(CurateTool, GoesOnWherePicturesCannotBeRead) {
  std::filesystem::create_directory(folder_ / "set/discs/folder.jpg");
  std::filesystem::create_symlink("nowhere.jpg", folder_ / "set/discs/dangling.jpg");
  std::filesystem::create_directory_symlink("..", folder_ / "set/discs/up");
  std::filesystem::create_symlink("000.jpg", folder_ / "set/discs/link.jpg");
  ASSERT_EQ(::mkfifo((folder_ / "set/discs/pipe.jpg").c_str(), 0600), 0);
  folder_.write("set/discs/latin-\xe9.jpg", test::read_text(folder_ / "set/discs/001.jpg"));
  const Finished result = curate({"set", "-o", "curated.jsonl"});
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("its name is not UTF-8; rename it; rejected"));
  const std::string manifest = test::read_text(folder_ / "curated.jsonl");
  EXPECT_THAT(manifest, HasSubstr("discs/link.jpg"));
  for (const char* name : {"folder.jpg", "dangling", "pipe.jpg", "/up/"}) {
    EXPECT_THAT(manifest, Not(HasSubstr(name)));
  }
}

TEST_F(CurateTool, WritesOverNoManifestOfAnotherVersion) {
  folder_.write("curated.jsonl", "{\"format\":\"winnow-curated\",\"version\":99,\"root\":\"set\"}\n");
  const std::string before = test::read_text(folder_ / "curated.jsonl");
  const Finished result = curate({"set", "-o", "curated.jsonl"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(
      result.err,
      "winnow-curate: curated.jsonl: is a manifest of another version, and its split would be lost; name "
      "another file\n");
  EXPECT_EQ(test::read_text(folder_ / "curated.jsonl"), before);
}

TEST_F(CurateTool, RefusesToCopyOverSomethingBeforeItStarts) {
  folder_.write("clean/mine.txt", "mine");
  const Finished result = curate({"set", "-o", "curated.jsonl", "--apply", "clean"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.err, "winnow-curate: clean: is not an empty folder; name one that does not exist yet\n");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "curated.jsonl"));
}

}  // namespace
}  // namespace winnow
