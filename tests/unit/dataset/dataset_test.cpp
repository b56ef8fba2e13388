#include "winnow/dataset/dataset.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/process.hpp"
#include "support/tar.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/error.hpp"
#include "winnow/dataset/curated_manifest.hpp"

namespace winnow::dataset {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> paths(const Dataset& dataset) {
  std::vector<std::string> list;
  for (const Sample& sample : dataset.samples) list.push_back(sample.path);
  return list;
}

Error error_of_opening(const std::filesystem::path& path) {
  try {
    (void)open_dataset(path);
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr(path.string()));
    return error;
  }
  ADD_FAILURE() << "no Error was thrown";
  return {ErrorKind::kUsage, "", ""};
}

TEST(OpenTree, SortsClassesAndSamples) {
  const test::TemporaryFolder folder;
  for (const char* name : {"dog/2.jpg", "cat/10.jpg", "cat/9.png", "Bear/1.jpg", "dog/1.jpg"})
    folder.write(name, "x");
  const Dataset dataset = open_dataset(folder.path());
  EXPECT_EQ(dataset.root, folder.path());
  EXPECT_FALSE(dataset.has_splits);
  EXPECT_THAT(dataset.classes, ElementsAre("Bear", "cat", "dog"));
  EXPECT_THAT(paths(dataset), ElementsAre("Bear/1.jpg", "cat/10.jpg", "cat/9.png", "dog/1.jpg", "dog/2.jpg"));
  std::vector<int> labels;
  for (const Sample& sample : dataset.samples) labels.push_back(sample.label);
  EXPECT_THAT(labels, ElementsAre(0, 1, 1, 2, 2));
}

TEST(OpenTree, GivesDeeperFilesTheLabelOfTheTopFolder) {
  const test::TemporaryFolder folder;
  folder.write("cat/black/old/1.jpg", "x");
  folder.write("dog/1.jpg", "x");
  const Dataset dataset = open_dataset(folder.path());
  EXPECT_THAT(dataset.classes, ElementsAre("cat", "dog"));
  EXPECT_THAT(paths(dataset), ElementsAre("cat/black/old/1.jpg", "dog/1.jpg"));
  EXPECT_EQ(dataset.samples[0].label, 0);
}

TEST(OpenTree, PassesOverWhatIsHidden) {
  const test::TemporaryFolder folder;
  for (const char* name :
       {"cat/1.jpg", "cat/.2.jpg", "cat/.thumbnails/3.jpg", ".git/4.jpg", "cat/sub/.x/5.jpg"}) {
    folder.write(name, "x");
  }
  const Dataset dataset = open_dataset(folder.path());
  EXPECT_THAT(dataset.classes, ElementsAre("cat"));
  EXPECT_THAT(paths(dataset), ElementsAre("cat/1.jpg"));
}

TEST(OpenTree, PassesOverFilesBesideTheClasses) {
  const test::TemporaryFolder folder;
  for (const char* name : {"cat/1.jpg", "manifest.jsonl", "ATTRIBUTION.md"}) folder.write(name, "x");
  EXPECT_THAT(paths(open_dataset(folder.path())), ElementsAre("cat/1.jpg"));
}

TEST(OpenTree, KeepsFilesThatAreNoImagesToBeReportedLater) {
  const test::TemporaryFolder folder;
  folder.write("cat/notes.txt", "x");
  EXPECT_THAT(paths(open_dataset(folder.path())), ElementsAre("cat/notes.txt"));
}

TEST(OpenTree, KeepsUnusualNames) {
  const test::TemporaryFolder folder;
  const std::vector<std::string> names = {"a b/c d.jpg", "a b/new\nline.jpg", "crème/été.jpg",
                                          "latin/\xe9.jpg"};
  for (const std::string& name : names) folder.write(name, "x");
  const Dataset dataset = open_dataset(folder.path());
  EXPECT_EQ(paths(dataset), names);
  for (const Sample& sample : dataset.samples)
    EXPECT_TRUE(std::filesystem::exists(dataset.root / sample.path));
}

TEST(OpenTree, RefusesClassesWhoseNameNoFileOfOursCanHold) {
  const test::TemporaryFolder folder;
  folder.write("caf\xe9/1.jpg", "x");
  EXPECT_THROW((void)open_dataset(folder.path()), Error);
}

TEST(FilesBelow, AreSortedAndSurviveLoopsAndLooseEnds) {
  const test::TemporaryFolder folder;
  for (const char* name : {"b.jpg", "a/2.jpg", "a/1.jpg", ".hidden/3.jpg", ".4.jpg"}) folder.write(name, "x");
  std::filesystem::create_symlink("loop", folder / "loop");
  std::filesystem::create_symlink("nowhere", folder / "end.jpg");
  EXPECT_THAT(files_below(folder.path()),
              ElementsAre(folder / "a/1.jpg", folder / "a/2.jpg", folder / "b.jpg"));
  EXPECT_THROW((void)files_below(folder / "nothing"), Error);
}

TEST(OpenTree, FollowsLinksToFilesAndToClasses) {
  const test::TemporaryFolder folder;
  folder.write("elsewhere/1.jpg", "x");
  folder.write("tree/cat/2.jpg", "x");
  std::filesystem::create_symlink(folder / "elsewhere/1.jpg", folder / "tree/cat/link.jpg");
  std::filesystem::create_directory_symlink(folder / "elsewhere", folder / "tree/dog");
  const Dataset dataset = open_dataset(folder / "tree");
  EXPECT_THAT(dataset.classes, ElementsAre("cat", "dog"));
  EXPECT_THAT(paths(dataset), ElementsAre("cat/2.jpg", "cat/link.jpg", "dog/1.jpg"));
}

TEST(OpenTree, DoesNotGoInCircles) {
  const test::TemporaryFolder folder;
  folder.write("cat/1.jpg", "x");
  std::filesystem::create_directory_symlink(folder.path(), folder / "cat/up");
  std::filesystem::create_symlink("self", folder / "cat/self");
  std::filesystem::create_symlink("nothing", folder / "cat/dangling.jpg");
  std::filesystem::create_symlink("self", folder / "self");
  EXPECT_THAT(paths(open_dataset(folder.path())), ElementsAre("cat/1.jpg"));
}

TEST(OpenTree, TakesAFolderHoweverItIsWritten) {
  const test::TemporaryFolder folder;
  folder.write("tree/cat/1.jpg", "x");
  for (const char* way : {"tree", "tree/", "tree/.", "tree/../tree", "./tree//"}) {
    const Dataset dataset = open_dataset(folder.path().string() + "/" + way);
    EXPECT_THAT(paths(dataset), ElementsAre("cat/1.jpg")) << way;
    EXPECT_TRUE(std::filesystem::exists(dataset.root / "cat/1.jpg")) << way;
  }
  const test::Finished child = test::run_in_child([&] {
    if (::chdir((folder / "tree").c_str()) != 0) return 2;
    return paths(open_dataset(".")) == std::vector<std::string>{"cat/1.jpg"} ? 0 : 1;
  });
  EXPECT_EQ(child.exit_code, 0) << child.err;
}

TEST(OpenDataset, NeedsSomethingThere) {
  const test::TemporaryFolder folder;
  EXPECT_EQ(error_of_opening(folder / "nothing").kind(), ErrorKind::kNotFound);
}

TEST(OpenDataset, NeedsPicturesInClasses) {
  const test::TemporaryFolder folder;
  EXPECT_EQ(error_of_opening(folder.path()).kind(), ErrorKind::kInvalid);
  folder.write("1.jpg", "x");
  std::filesystem::create_directory(folder / "cat");
  const Error error = error_of_opening(folder.path());
  EXPECT_EQ(error.kind(), ErrorKind::kInvalid);
  EXPECT_THAT(error.what(), HasSubstr("it needs one subfolder per class with images in it"));
}

TEST(OpenDataset, TakesNoPictureForAManifest) {
  const test::TemporaryFolder folder;
  EXPECT_EQ(error_of_opening(folder.write("1.jpg", "\xff\xd8\xff\xe0\n\xff\xd9")).kind(),
            ErrorKind::kInvalid);
  EXPECT_EQ(error_of_opening(folder.write("empty", "")).kind(), ErrorKind::kInvalid);
}

TEST(OpenDataset, SaysWhichFolderItMayNotRead) {
  const test::TemporaryFolder folder;
  folder.write("tree/cat/1.jpg", "x");
  std::filesystem::permissions(folder.path(), std::filesystem::perms::all);
  std::filesystem::permissions(folder / "tree", std::filesystem::perms::none);
  const test::Finished child = test::run_in_child([&] {
    if (::geteuid() == 0 && ::setuid(65534) != 0) return 2;
    return error_of_opening(folder / "tree").kind() == ErrorKind::kIo ? 0 : 1;
  });
  std::filesystem::permissions(folder / "tree", std::filesystem::perms::all);
  EXPECT_EQ(child.exit_code, 0) << child.err;
}

CuratedRow kept(const std::string& path, const std::string& label, int group, Split split) {
  return {.path = path, .label = label, .issues = {}, .sha256 = {}, .group = group, .split = split};
}

TEST(OpenManifest, GivesTheKeptImagesWithTheirSplits) {
  const test::TemporaryFolder folder;
  CuratedManifest manifest;
  manifest.root = folder / "tree";
  std::filesystem::create_directory(manifest.root);
  manifest.rows = {
      kept("dog/1.jpg", "dog", 4, Split::kTest),
      kept("cat/2.jpg", "cat", 7, Split::kValidation),
      {.path = "cat/3.jpg", .label = "cat", .keep = false, .issues = {{"corrupt", "x"}}, .sha256 = {}},
      {.path = "ant/1.jpg", .label = "ant", .keep = false, .issues = {{"corrupt", "x"}}, .sha256 = {}}};
  write_curated_manifest(folder / "curated.jsonl", manifest);

  const Dataset dataset = open_dataset(folder / "curated.jsonl");
  EXPECT_EQ(dataset.root, folder / "tree");
  EXPECT_TRUE(dataset.has_splits);
  EXPECT_THAT(dataset.classes, ElementsAre("cat", "dog"));
  ASSERT_THAT(paths(dataset), ElementsAre("cat/2.jpg", "dog/1.jpg"));
  EXPECT_EQ(dataset.samples[0].label, 0);
  EXPECT_EQ(dataset.samples[0].group, 7);
  EXPECT_EQ(dataset.samples[0].split, Split::kValidation);
  EXPECT_EQ(dataset.samples[1].label, 1);
  EXPECT_EQ(dataset.samples[1].group, 4);
  EXPECT_EQ(dataset.samples[1].split, Split::kTest);
}

TEST(OpenManifest, MustKeepSomething) {
  const test::TemporaryFolder folder;
  CuratedManifest manifest;
  manifest.root = folder.path();
  manifest.rows = {{.path = "cat/3.jpg", .label = "cat", .keep = false, .issues = {}, .sha256 = {}}};
  write_curated_manifest(folder / "curated.jsonl", manifest);
  const Error error = error_of_opening(folder / "curated.jsonl");
  EXPECT_EQ(error.kind(), ErrorKind::kInvalid);
  EXPECT_THAT(error.what(), HasSubstr("keeps no image at all"));
}

TEST(OpenArchives, FindsShardsByFileAndByFolder) {
  const test::TemporaryFolder folder;
  const std::string shard =
      test::tar_member("1.jpg", "one") + test::tar_member("1.cls", "cat") + test::tar_end();
  folder.write("set/0.tar", shard);
  folder.write("set/classes.txt", "cat\n");
  EXPECT_THAT(paths(open_dataset(folder / "set")), ElementsAre("0.tar/1.jpg"));
  const Dataset one = open_dataset(folder / "set/0.tar");
  EXPECT_THAT(paths(one), ElementsAre("1.jpg"));
  EXPECT_EQ(as_text(*one.read(one.samples[0])), "one");
  // Beside classes it is a file that is no picture.
  folder.write("set/cat/2.jpg", "x");
  EXPECT_THAT(paths(open_dataset(folder / "set")), ElementsAre("cat/2.jpg"));
}

TEST(OpenArchives, SaysWhatToDoWithCompressedOnes) {
  const test::TemporaryFolder folder;
  for (const char* name : {"a.tar.gz", "a.tgz", "a.TAR"}) {
    const std::filesystem::path file = folder.write(name, "\x1f\x8b" + std::string(600, 'x'));
    EXPECT_THAT(error_of_opening(file).what(), HasSubstr("is compressed; unpack it first")) << name;
  }
}

TEST(OpenArchives, FindsIdxFiles) {
  const test::TemporaryFolder folder;
  folder.write("t10k-images-idx3-ubyte", std::string("\0\0\x08\x03\0\0\0\1\0\0\0\1\0\0\0\1\x80", 17));
  folder.write("t10k-labels-idx1-ubyte", std::string("\0\0\x08\x01\0\0\0\1\x05", 9));
  const Dataset dataset = open_dataset(folder.path());
  EXPECT_THAT(paths(dataset), ElementsAre("t10k/000000.bmp"));
  EXPECT_THAT(dataset.classes, ElementsAre("5"));
  EXPECT_FALSE(dataset.has_test) << "there is nothing to train on beside it";
}

TEST(OpenArchives, ReadsTheirPicturesThroughAManifest) {
  const test::TemporaryFolder folder;
  folder.write("set/0.tar",
               test::tar_member("1.jpg", "one") + test::tar_member("1.cls", "cat") + test::tar_end());
  CuratedManifest manifest;
  manifest.rows = {kept("0.tar/1.jpg", "cat", 0, Split::kTrain)};
  manifest.root = folder / "set";
  write_curated_manifest(folder / "folder.jsonl", manifest);
  manifest.rows[0].path = "1.jpg";
  manifest.root = folder / "set/0.tar";
  write_curated_manifest(folder / "file.jsonl", manifest);
  for (const char* name : {"folder.jsonl", "file.jsonl"}) {
    const Dataset dataset = open_dataset(folder / name);
    EXPECT_TRUE(dataset.has_splits);
    EXPECT_EQ(as_text(*dataset.read(dataset.samples.at(0))), "one") << name;
  }
  std::filesystem::remove_all(folder / "set");
  const Dataset gone = open_dataset(folder / "file.jsonl");
  EXPECT_EQ(gone.read(gone.samples.at(0)).failure().code, "missing");
}

// Root may read everything, so permissions would show nothing here.
TEST(ReadSample, SaysWhyItCannot) {
  const test::TemporaryFolder folder;
  std::filesystem::create_directories(folder / "cat/folder.jpg");
  std::filesystem::create_symlink("nowhere", folder / "cat/dangling.jpg");
  std::filesystem::create_symlink("loop.jpg", folder / "cat/loop.jpg");
  ASSERT_EQ(::mkfifo((folder / "cat/pipe.jpg").c_str(), 0600), 0);
  folder.write("cat/1.jpg", "x");
  const Dataset dataset = open_dataset(folder.path());
  EXPECT_THAT(paths(dataset), ElementsAre("cat/1.jpg"));
  EXPECT_EQ(dataset.read({"cat/folder.jpg"}).failure().code, "unreadable");
  EXPECT_EQ(dataset.read({"cat/dangling.jpg"}).failure().code, "missing");
  EXPECT_EQ(dataset.read({"cat/loop.jpg"}).failure().code, "unreadable");
  EXPECT_EQ(dataset.read({"cat/pipe.jpg"}).failure().code, "unreadable");
}

TEST(Split, HasANameAndBack) {
  for (const Split split : {Split::kTrain, Split::kValidation, Split::kTest}) {
    EXPECT_EQ(split_from_string(to_string(split)), split);
  }
  EXPECT_EQ(to_string(Split::kValidation), "val");
}

TEST(Split, RefusesOtherNames) {
  for (const char* name : {"", "Train", "validation", "tes"}) {
    try {
      (void)split_from_string(name);
      ADD_FAILURE() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalid);
    }
  }
}

TEST(SamplesOf, ListsOneSplit) {
  const Dataset dataset{
      "", {}, {{"a", 0, Split::kTest}, {"b", 0, Split::kTrain}, {"c", 0, Split::kTest}}, true};
  EXPECT_THAT(samples_of(dataset, Split::kTest), ElementsAre(0, 2));
  EXPECT_THAT(samples_of(dataset, Split::kTrain), ElementsAre(1));
  EXPECT_THAT(samples_of(dataset, Split::kValidation), ElementsAre());
}

}  // namespace
}  // namespace winnow::dataset
