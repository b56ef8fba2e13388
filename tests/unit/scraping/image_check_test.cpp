#include "winnow/scraping/image_check.hpp"

#include <gtest/gtest.h>

#include "support/drawing.hpp"
#include "support/photo.hpp"
#include "winnow/image/encode.hpp"
#include "winnow/image/preprocess.hpp"

namespace winnow::scraping {
namespace {

Bytes jpeg(int width = 160, int height = 120) {
  return image::encode_jpeg(test::draw_scene("discs", 1, width, height));
}

std::string failure_code(ByteSpan bytes, const ImageRequirements& requirements = {}) {
  const Result<CheckedImage> image = check_image(bytes, requirements);
  return image ? "" : image.failure().code;
}

TEST(CheckImage, HandsOverThePictureThatIsToBecomeSmaller) {
  const Bytes bytes = image::encode_jpeg(test::draw_photo(1, 800, 600));
  const StorageOptions storage{.max_side = 300};
  EXPECT_TRUE(check_image(bytes, {})->picture.empty());
  EXPECT_TRUE(check_image(bytes, {}, {.max_side = 900})->picture.empty());
  Result<CheckedImage> image = check_image(bytes, {}, storage);
  ASSERT_TRUE(image);
  EXPECT_EQ(image->picture.width(), 400);  // by half, which libjpeg does on the way
  const auto given = stored_form(bytes, image->info, storage, std::move(image->picture));
  const auto decoded = stored_form(bytes, image->info, storage);
  EXPECT_EQ((*given)->width, 300);
  EXPECT_EQ((*given)->bytes, (*decoded)->bytes);
}

TEST(ImageCheck, TellsSizeAndFormat) {
  const Result<CheckedImage> image = check_image(jpeg(), {});
  ASSERT_TRUE(image);
  EXPECT_EQ(image->info.format, image::Format::kJpeg);
  EXPECT_EQ(image->info.width, 160);
  EXPECT_EQ(image->info.height, 120);
}

// It looks at a picture decoded at a smaller scale.
TEST(ImageCheck, SeesTheSameInOtherSizes) {
  const image::Image photo = test::draw_photo(1, 1600, 1200);
  const image::PerceptualHash look = check_image(image::encode_jpeg(photo), {})->look;
  EXPECT_LE(image::distance(look, image::perceptual_hash(photo)), 8);
  EXPECT_LE(
      image::distance(look, check_image(image::encode_jpeg(image::shrink_to_fit(photo, 300), 70), {})->look),
      8);
  EXPECT_GT(image::distance(look, check_image(image::encode_jpeg(test::draw_photo(2)), {})->look), 10);
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
