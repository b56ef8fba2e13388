#include "thumbnails.hpp"

#include <gtest/gtest.h>

#include "support/photo.hpp"
#include "support/recording_context.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/error.hpp"
#include "winnow/image/decode.hpp"
#include "winnow/image/encode.hpp"

namespace winnow::curation {
namespace {

class ThumbnailsTest : public testing::Test {
 protected:
  ThumbnailsTest() {
    tree.root = folder.path();
    for (const char* path : {"1.jpg", "2.jpg", "broken.jpg"}) tree.samples.push_back({path});
    folder.write("1.jpg", as_text(image::encode_jpeg(test::draw_photo(1, 500, 300))));
    folder.write("2.jpg", as_text(image::encode_jpeg(test::draw_photo(2, 500, 300))));
    folder.write("broken.jpg", "<html>");
  }

  test::TemporaryFolder folder;
  dataset::Dataset tree;
};

TEST_F(ThumbnailsTest, AreSmallPicturesOfTheSamplesAskedFor) {
  const Thumbnails thumbnails(tree, {1, 1}, test::RecordingContext());
  const Result<image::Image> picture = image::decode(thumbnails.of(1));
  ASSERT_TRUE(picture);
  EXPECT_EQ(picture->width(), 200);
  EXPECT_TRUE(thumbnails.of(0).empty());
}

TEST_F(ThumbnailsTest, AreEmptyForWhatCannotBeRead) {
  EXPECT_TRUE(Thumbnails(tree, {2}, test::RecordingContext()).of(2).empty());
}

TEST_F(ThumbnailsTest, CanBeStopped) {
  test::RecordingContext context;
  context.request_stop();
  EXPECT_THROW(Thumbnails(tree, {0}, context), Error);
}

}  // namespace
}  // namespace winnow::curation
