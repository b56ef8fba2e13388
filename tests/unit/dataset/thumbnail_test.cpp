#include "winnow/dataset/thumbnail.hpp"

#include <gtest/gtest.h>

#include "support/photo.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/atomic_file.hpp"
#include "winnow/image/decode.hpp"
#include "winnow/image/encode.hpp"

namespace winnow::dataset {
namespace {

TEST(ThumbnailJpeg, FitsIntoTheSide) {
  const test::TemporaryFolder folder;
  write_file_atomically(folder / "a.png", image::encode_jpeg(test::draw_photo(1, 600, 400)));
  const Bytes jpeg = thumbnail_jpeg(folder / "a.png", 30);
  const Result<image::ImageInfo> info = image::inspect(jpeg);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->format, image::Format::kJpeg);
  EXPECT_EQ(info->width, 30);
  EXPECT_EQ(info->height, 20);
}

TEST(ThumbnailJpeg, DoesNotEnlarge) {
  const test::TemporaryFolder folder;
  write_file_atomically(folder / "a.jpg", image::encode_jpeg(test::draw_photo(1, 12, 10)));
  EXPECT_EQ(image::inspect(thumbnail_jpeg(folder / "a.jpg", 30))->width, 12);
}

TEST(ThumbnailJpeg, IsEmptyForWhatCannotBeRead) {
  const test::TemporaryFolder folder;
  EXPECT_TRUE(thumbnail_jpeg(folder / "nothing.jpg", 30).empty());
  EXPECT_TRUE(thumbnail_jpeg(folder.write("page.jpg", "<html></html>"), 30).empty());
  EXPECT_TRUE(thumbnail_jpeg(folder.path(), 30).empty());
}

}  // namespace
}  // namespace winnow::dataset
