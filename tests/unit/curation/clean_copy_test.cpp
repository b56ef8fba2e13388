#include "winnow/curation/clean_copy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/recording_context.hpp"
#include "support/tar.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/error.hpp"

namespace winnow::curation {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class CleanCopyTest : public testing::Test {
 protected:
  void add(const std::string& path, const std::string& label, bool keep = true) {
    folder.write("set/" + path, "content of " + path);
    manifest.root = folder / "set";
    tree.root = manifest.root;
    tree.samples.push_back({path});
    manifest.rows.push_back(
        {.path = path, .label = label, .keep = keep, .sha256 = "0123456789abcdef" + path});
  }

  CleanCopy copy(const std::filesystem::path& out) {
    return write_clean_copy(tree, manifest, out, test::RecordingContext());
  }

  [[nodiscard]] ErrorKind kind_of_failure(const std::filesystem::path& out) {
    try {
      (void)copy(out);
    } catch (const Error& error) {
      return error.kind();
    }
    ADD_FAILURE() << "nothing was thrown for " << out;
    return ErrorKind::kNetwork;
  }

  test::TemporaryFolder folder;
  dataset::CuratedManifest manifest;
  dataset::Dataset tree;
};

TEST_F(CleanCopyTest, HoldsWhatIsKeptUnderItsLabel) {
  add("cat/1.jpg", "cat");
  add("cat/2.jpg", "cat", false);
  add("cat/3.jpg", "dog");
  add("cat/deep/er/4.jpg", "cat");
  const CleanCopy counts = copy(folder / "out");
  EXPECT_THAT(test::list_files(folder / "out"), ElementsAre("cat/1.jpg", "cat/deep/er/4.jpg", "dog/3.jpg"));
  EXPECT_EQ(test::read_text(folder / "out/dog/3.jpg"), "content of cat/3.jpg");
  EXPECT_EQ(counts.linked, 3u);
  EXPECT_EQ(counts.copied, 0u);
  EXPECT_EQ(std::filesystem::hard_link_count(folder / "out/cat/1.jpg"), 2u);
}

TEST_F(CleanCopyTest, PutsNothingOverAnother) {
  add("cat/1.jpg", "dog");
  add("dog/1.jpg", "dog");
  (void)copy(folder / "out");
  EXPECT_THAT(test::list_files(folder / "out"), ElementsAre("dog/1-0123456789ab.jpg", "dog/1.jpg"));
  EXPECT_EQ(test::read_text(folder / "out/dog/1-0123456789ab.jpg"), "content of dog/1.jpg");
}

TEST_F(CleanCopyTest, WritesPicturesOutOfArchives) {
  const auto member = [](const char* name, const char* content) {
    return test::tar_member(name, content) + test::tar_member("cat/other.txt", "x");
  };
  folder.write("set.tar", member("cat/1.jpg", "one") + member("dog/2.jpg", "two") + test::tar_end());
  tree = dataset::open_dataset(folder / "set.tar");
  manifest.root = tree.root;
  manifest.rows = {{.path = "cat/1.jpg", .label = "cat", .keep = false, .sha256 = "aa"},
                   {.path = "dog/2.jpg", .label = "dog", .sha256 = "bb"}};
  const CleanCopy counts = copy(folder / "out");
  EXPECT_EQ(counts.linked, 0u);
  EXPECT_EQ(counts.copied, 1u);
  EXPECT_THAT(test::list_files(folder / "out"), ElementsAre("dog/2.jpg"));
  EXPECT_EQ(test::read_text(folder / "out/dog/2.jpg"), "two");
}

TEST_F(CleanCopyTest, FollowsLinksToThePicture) {
  add("cat/1.jpg", "cat");
  std::filesystem::create_symlink(folder / "set/cat/1.jpg", folder / "set/cat/2.jpg");
  tree.samples.push_back({"cat/2.jpg"});
  manifest.rows.push_back({.path = "cat/2.jpg", .label = "cat", .sha256 = "aa"});
  (void)copy(folder / "out");
  EXPECT_FALSE(std::filesystem::is_symlink(folder / "out/cat/2.jpg"));
  EXPECT_EQ(test::read_text(folder / "out/cat/2.jpg"), "content of cat/1.jpg");
}

TEST_F(CleanCopyTest, TakesAnEmptyFolderAndATrailingSlash) {
  add("cat/1.jpg", "cat");
  std::filesystem::create_directory(folder / "out");
  (void)copy(folder / "out/");
  EXPECT_THAT(test::list_files(folder / "out"), ElementsAre("cat/1.jpg"));
}

TEST_F(CleanCopyTest, LeavesAloneWhatIsThere) {
  add("cat/1.jpg", "cat");
  folder.write("out/mine.txt", "mine");
  EXPECT_EQ(kind_of_failure(folder / "out"), ErrorKind::kUsage);
  EXPECT_EQ(kind_of_failure(folder / "out/mine.txt"), ErrorKind::kUsage);
  EXPECT_THAT(test::list_files(folder / "out"), ElementsAre("mine.txt"));
}

TEST_F(CleanCopyTest, WillNotBecomeAClass) {
  add("cat/1.jpg", "cat");
  EXPECT_EQ(kind_of_failure(folder / "set/clean"), ErrorKind::kUsage);
  EXPECT_EQ(kind_of_failure(folder / "set/../set/clean"), ErrorKind::kUsage);
  EXPECT_THAT(test::list_files(folder / "set"), ElementsAre("cat/1.jpg"));
}

TEST_F(CleanCopyTest, LeavesNothingHalfDone) {
  add("cat/1.jpg", "cat");
  tree.samples.push_back({"cat/gone.jpg"});
  manifest.rows.push_back({.path = "cat/gone.jpg", .label = "cat", .sha256 = "aa"});
  EXPECT_EQ(kind_of_failure(folder / "out"), ErrorKind::kIo);
  EXPECT_THAT(test::list_files(folder.path()), ElementsAre("set/cat/1.jpg"));
  EXPECT_FALSE(std::filesystem::exists(folder / "out"));
}

TEST_F(CleanCopyTest, NeedsAFolderToStandIn) {
  add("cat/1.jpg", "cat");
  EXPECT_EQ(kind_of_failure(folder / "missing/out"), ErrorKind::kIo);
}

TEST_F(CleanCopyTest, CanBeStopped) {
  add("cat/1.jpg", "cat");
  test::RecordingContext context;
  context.request_stop();
  EXPECT_THROW((void)write_clean_copy(tree, manifest, folder / "out", context), Error);
  EXPECT_FALSE(std::filesystem::exists(folder / "out"));
}

}  // namespace
}  // namespace winnow::curation
