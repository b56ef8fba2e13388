#include "winnow/dataset/thumbnail.hpp"

#include <gtest/gtest.h>

#include "support/photo.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/atomic_file.hpp"
#include "winnow/image/decode.hpp"
#include "winnow/image/encode.hpp"

namespace winnow::dataset {
namespace {

Bytes thumbnail(const test::TemporaryFolder& folder, const std::string& name) {
  return thumbnail_jpeg({folder.path(), {}, {}}, {name}, 30);
}

TEST(ThumbnailJpeg, FitsIntoTheSide) {
  const test::TemporaryFolder folder;
  write_file_atomically(folder / "a.png", image::encode_jpeg(test::draw_photo(1, 600, 400)));
  const Bytes jpeg = thumbnail(folder, "a.png");
  const Result<image::ImageInfo> info = image::inspect(jpeg);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->format, image::Format::kJpeg);
  EXPECT_EQ(info->width, 30);
  EXPECT_EQ(info->height, 20);
}

TEST(ThumbnailJpeg, DoesNotEnlarge) {
  const test::TemporaryFolder folder;
  write_file_atomically(folder / "a.jpg", image::encode_jpeg(test::draw_photo(1, 12, 10)));
  EXPECT_EQ(image::inspect(thumbnail(folder, "a.jpg"))->width, 12);
}

TEST(ThumbnailJpeg, IsEmptyForWhatCannotBeRead) {
  const test::TemporaryFolder folder;
  folder.write("page.jpg", "<html></html>");
  for (const char* name : {"nothing.jpg", "page.jpg", "."}) EXPECT_TRUE(thumbnail(folder, name).empty());
}

}  // namespace
}  // namespace winnow::dataset
