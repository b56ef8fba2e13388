#include "external_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/drawing.hpp"
#include "support/recording_context.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/atomic_file.hpp"
#include "winnow/image/encode.hpp"

namespace winnow::training {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class ExternalTestSet : public testing::Test {
 protected:
  // Training data of which picture 3 of each class is for testing, and other pictures of the same classes.
  ExternalTestSet() {
    test::write_scene_tree(folder_ / "set", 4);
    test::write_scene_tree(folder_ / "other", 3, 99);
    training_ = dataset::open_dataset(folder_ / "set");
    training_.has_splits = true;
    for (std::size_t i = 0; i < training_.samples.size(); ++i) {
      training_.samples[i].group = static_cast<int>(i);
      if (i % 4 == 3) training_.samples[i].split = dataset::Split::kTest;
    }
  }

  ExternalTest open() { return open_external_test(folder_ / "other", training_, context_); }

  std::string error() {
    try {
      (void)open();
    } catch (const Error& failure) {
      EXPECT_EQ(failure.kind(), ErrorKind::kInvalid);
      return failure.what();
    }
    return "no error";
  }

  test::TemporaryFolder folder_;
  dataset::Dataset training_;
  test::RecordingContext context_;
};

TEST_F(ExternalTestSet, TakesAFolderWithFewerClasses) {
  fs::remove_all(folder_ / "other/checks");
  const ExternalTest test = open();
  EXPECT_THAT(test.data.classes, ElementsAre("checks", "discs", "stripes"));
  ASSERT_EQ(test.data.samples.size(), 6u);
  EXPECT_EQ(test.data.samples[0].path, "discs/000.jpg");
  EXPECT_EQ(test.data.samples[0].label, 1);
  EXPECT_EQ(test.data.samples[5].label, 2);
  EXPECT_TRUE(test.leaks.empty());
}

TEST_F(ExternalTestSet, NamesClassesThatTheModelDoesNotHave) {
  fs::rename(folder_ / "other/discs", folder_ / "other/rings");
  fs::rename(folder_ / "other/checks", folder_ / "other/boards");
  EXPECT_THAT(error(), HasSubstr("other: has classes that the training data does not have: boards, rings; "
                                 "rename or remove them"));
}

TEST_F(ExternalTestSet, LeavesOutCopiesOfWhatWasTrainedOn) {
  fs::copy(folder_ / "set/discs/000.jpg", folder_ / "other/discs/same.jpg");
  const image::Image scene = test::draw_scene("stripes", 1000);
  write_file_atomically(folder_ / "set/stripes/000.jpg", image::encode_jpeg(scene, 95));
  write_file_atomically(folder_ / "other/stripes/again.jpg", image::encode_jpeg(scene, 60));
  fs::copy(folder_ / "set/checks/003.jpg", folder_ / "other/checks/of_the_test.jpg");
  const ExternalTest test = open();
  EXPECT_THAT(test.leaks, ElementsAre("discs/same.jpg", "stripes/again.jpg"));
  EXPECT_EQ(test.data.samples.size(), 10u);  // a copy of a test picture is as new as that one
  EXPECT_THAT(context_.messages(), HasSubstr("2 pictures are copies of pictures trained or validated on"));
}

TEST_F(ExternalTestSet, ListsWhatCannotBeRead) {
  folder_.write("other/discs/page.jpg", "<html></html>");
  const ExternalTest test = open();
  ASSERT_EQ(test.skipped.size(), 1u);
  EXPECT_EQ(test.skipped[0].path, "discs/page.jpg");
  EXPECT_EQ(test.data.samples.size(), 9u);
}

TEST_F(ExternalTestSet, OfNothingButCopiesIsRefused) {
  fs::remove_all(folder_ / "other");
  fs::create_directories(folder_ / "other/discs");
  fs::copy(folder_ / "set/discs/001.jpg", folder_ / "other/discs/001.jpg");
  EXPECT_THAT(error(), HasSubstr("has no picture to test on: 1 are copies"));
}

TEST_F(ExternalTestSet, MustBeThere) {
  fs::remove_all(folder_ / "other");
  EXPECT_THROW((void)open(), Error);
}

}  // namespace
}  // namespace winnow::training
