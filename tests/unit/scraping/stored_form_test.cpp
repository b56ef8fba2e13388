#include "winnow/scraping/stored_form.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/drawing.hpp"
#include "support/encoders.hpp"
#include "winnow/image/encode.hpp"
#include "winnow/image/strip_metadata.hpp"

namespace winnow::scraping {
namespace {

const image::Image& picture() {
  static const image::Image drawn = test::draw_scene("discs", 1, 300, 200);
  return drawn;
}

std::optional<StoredForm> form_of(const Bytes& bytes, const StorageOptions& options = {}) {
  Result<std::optional<StoredForm>> form = stored_form(bytes, *image::inspect(bytes), options);
  EXPECT_TRUE(form) << form.failure().message;
  return form ? std::move(*form) : std::nullopt;
}

TEST(StoredForm, LeavesWhatIsFine) {
  EXPECT_FALSE(form_of(image::encode_jpeg(picture())));
  EXPECT_FALSE(form_of(test::encode_png(picture())));
  EXPECT_FALSE(form_of(test::encode_webp(picture())));
  EXPECT_FALSE(form_of(test::encode_gif(test::one_frame(picture()))));
  EXPECT_FALSE(form_of(test::encode_bmp(picture())));
  EXPECT_FALSE(form_of(test::encode_avif(test::one_frame(picture()))));
  EXPECT_FALSE(form_of(image::encode_jpeg(picture()), {.max_side = 300}));
}

TEST(StoredForm, StripsWithoutTouchingAPixel) {
  const Bytes plain = image::encode_jpeg(picture());
  const std::optional<StoredForm> form = form_of(test::with_exif(plain, 1));
  ASSERT_TRUE(form);
  EXPECT_EQ(form->bytes, plain);
  EXPECT_EQ(form->format, image::Format::kJpeg);
  EXPECT_EQ(form->width, 300);
}

TEST(StoredForm, TurnsWhatLiesOnItsSide) {
  for (const Bytes& bytes :
       {test::with_exif(image::encode_jpeg(picture()), 6), test::webp_with_exif(picture(), 6)}) {
    const std::optional<StoredForm> form = form_of(bytes);
    ASSERT_TRUE(form);
    EXPECT_EQ(form->format, image::Format::kJpeg);
    EXPECT_EQ(form->width, 200);
    EXPECT_EQ(form->height, 300);
    const Result<image::ImageInfo> info = image::inspect(form->bytes);
    ASSERT_TRUE(info);
    EXPECT_EQ(info->width, 200);
    EXPECT_TRUE(info->upright);
  }
}

TEST(StoredForm, KeepsExifIfAsked) {
  EXPECT_FALSE(form_of(test::with_exif(image::encode_jpeg(picture()), 6), {.keep_exif = true}));
}

TEST(StoredForm, MakesLargePicturesSmaller) {
  for (const Bytes& bytes : {image::encode_jpeg(picture()), test::encode_png(picture()),
                             test::with_exif(image::encode_jpeg(picture()), 6)}) {
    const std::optional<StoredForm> form = form_of(bytes, {.keep_exif = true, .max_side = 96});
    ASSERT_TRUE(form);
    EXPECT_EQ(std::max(form->width, form->height), 96);
    EXPECT_EQ(std::min(form->width, form->height), 64);
    const Result<image::ImageInfo> info = image::inspect(form->bytes);
    ASSERT_TRUE(info);
    EXPECT_EQ(info->format, image::Format::kJpeg);
    EXPECT_EQ(info->width, form->width);
  }
}

TEST(StoredForm, QualityIsThatOfTheJpeg) {
  const Bytes png = test::encode_png(picture());
  EXPECT_LT(form_of(png, {.max_side = 200, .quality = 30})->bytes.size(),
            form_of(png, {.max_side = 200, .quality = 95})->bytes.size());
}

TEST(StoredForm, WhatCannotBeStrippedIsEncodedAgain) {
  Bytes bytes = test::with_exif(image::encode_jpeg(picture()), 1);
  bytes.insert(bytes.begin() + 2, {0, 0, 0});  // decoders pass over it
  ASSERT_FALSE(image::strip_metadata(bytes));
  if (image::decode(bytes)) {
    EXPECT_TRUE(form_of(bytes));
  }
}

TEST(StoredForm, PassesOnWhatCannotBeDecoded) {
  Bytes bytes = image::encode_jpeg(picture());
  const image::ImageInfo info = *image::inspect(bytes);
  bytes.resize(bytes.size() / 2);
  const auto form = stored_form(bytes, info, {.max_side = 50});
  ASSERT_FALSE(form);
  EXPECT_EQ(form.failure().code, "truncated");
}

}  // namespace
}  // namespace winnow::scraping
