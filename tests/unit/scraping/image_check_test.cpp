#include "winnow/scraping/image_check.hpp"

#include <gtest/gtest.h>

#include "support/drawing.hpp"
#include "winnow/image/encode.hpp"

namespace winnow::scraping {
namespace {

Bytes jpeg(int width = 160, int height = 120) {
  return image::encode_jpeg(test::draw_scene("discs", 1, width, height));
}

std::string failure_code(ByteSpan bytes, const ImageRequirements& requirements = {}) {
  const Result<image::ImageInfo> info = check_image(bytes, requirements);
  return info ? "" : info.failure().code;
}

TEST(ImageCheck, TellsSizeAndFormat) {
  const Result<image::ImageInfo> info = check_image(jpeg(), {});
  ASSERT_TRUE(info);
  EXPECT_EQ(info->format, image::Format::kJpeg);
  EXPECT_EQ(info->width, 160);
  EXPECT_EQ(info->height, 120);
}

TEST(ImageCheck, WantsAMinimumSide) {
  EXPECT_EQ(failure_code(jpeg(64, 64)), "");
  EXPECT_EQ(failure_code(jpeg(640, 63)), "too_small");
  EXPECT_EQ(failure_code(jpeg(63, 640)), "too_small");
  EXPECT_EQ(failure_code(jpeg(20, 20), {.min_side = 20}), "");
  EXPECT_EQ(check_image(jpeg(30, 20), {}).failure().message,
            "is 30x20 pixels; the shorter side has to have 64");
}

TEST(ImageCheck, WantsAMaximumOfPixels) {
  EXPECT_EQ(failure_code(jpeg(), {.max_pixels = 160 * 120}), "");
  EXPECT_EQ(failure_code(jpeg(), {.max_pixels = 160 * 120 - 1}), "too_many_pixels");
}

TEST(ImageCheck, RefusesWhatIsNoImage) {
  EXPECT_EQ(failure_code({}), "empty");
  EXPECT_EQ(failure_code(as_bytes("<!doctype html><html><body>not found</body></html>")), "not_an_image");
  EXPECT_EQ(failure_code(as_bytes("<svg xmlns='http://www.w3.org/2000/svg'/>")), "unsupported_format");
  EXPECT_EQ(failure_code(as_bytes("just text")), "not_an_image");
}

TEST(ImageCheck, DecodesToTheEnd) {
  Bytes bytes = jpeg();
  bytes.resize(bytes.size() * 2 / 3);
  EXPECT_EQ(failure_code(bytes), "truncated");
}

}  // namespace
}  // namespace winnow::scraping
