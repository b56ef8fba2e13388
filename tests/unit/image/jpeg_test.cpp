#include <gtest/gtest.h>

#include "support/byte_writer.hpp"
#include "support/drawing.hpp"
#include "support/encoders.hpp"
#include "unit/image/pictures.hpp"
#include "winnow/image/decode.hpp"
#include "winnow/image/encode.hpp"

namespace winnow::image {
namespace {

using test::JpegKind;

TEST(Jpeg, ReadsEveryKind) {
  const Image picture = test::draw_gradient(61, 43);
  const JpegKind kinds[] = {JpegKind::kBaseline, JpegKind::kProgressive, JpegKind::kCmyk,
                            JpegKind::kAdobeCmyk, JpegKind::kAdobeYcck};
  for (const JpegKind kind : kinds) {
    const Result<Image> image = decode(test::encode_jpeg_as(picture, kind, 98));
    ASSERT_TRUE(image) << image.failure().message;
    ASSERT_EQ(image->width(), 61);
    ASSERT_EQ(image->height(), 43);
    // Rounding twice, in inks and in their product, costs a few levels in the dark.
    EXPECT_LE(test::largest_difference(*image, picture), 12) << static_cast<int>(kind);
  }
}

TEST(Jpeg, MakesGreyColoured) {
  const Result<Image> image = decode(test::encode_jpeg_as(flat(16, 16, 200, 100, 50), JpegKind::kGrey, 100));
  ASSERT_TRUE(image);
  EXPECT_LE(test::largest_difference(*image, flat(16, 16, 124, 124, 124)), 1);
}

TEST(Jpeg, RefusesArithmeticCoding) {
  const Bytes bytes = test::encode_jpeg_as(test::draw_gradient(30, 20), JpegKind::kArithmetic);
  EXPECT_EQ(failure_code(decode(bytes)), "unsupported_format");
  EXPECT_EQ(failure_message(inspect(bytes)), "a JPEG with arithmetic coding, which is not read");
}

TEST(Jpeg, HalvesAsOftenAsTheShorterSideAllows) {
  const Bytes bytes = encode_jpeg(test::draw_gradient(801, 601));
  const auto side = [&](int min_side) { return decode(bytes, {.min_side = min_side})->height(); };
  EXPECT_EQ(side(0), 601);
  EXPECT_EQ(side(602), 601);
  EXPECT_EQ(side(302), 601);
  EXPECT_EQ(side(301), 301);
  EXPECT_EQ(side(152), 301);
  EXPECT_EQ(side(151), 151);
  EXPECT_EQ(side(77), 151);
  EXPECT_EQ(side(76), 76);
  EXPECT_EQ(side(1), 76);
  const Result<Image> eighth = decode(bytes, {.min_side = 1});
  EXPECT_EQ(eighth->width(), 101);
  // The header's size is what is reported and limited, whatever is decoded.
  EXPECT_EQ(inspect(bytes, {.min_side = 1})->width, 801);
  EXPECT_EQ(failure_code(decode(bytes, {.max_pixels = 801 * 601 - 1, .min_side = 1})), "too_large");
}

TEST(Jpeg, AHalvedPictureLooksTheSame) {
  const Bytes bytes = encode_jpeg(test::draw_gradient(640, 480), 95);
  EXPECT_LE(test::largest_difference(*decode(bytes, {.min_side = 60}), test::draw_gradient(80, 60)), 6);
  const Bytes inks = test::encode_jpeg_as(test::draw_gradient(640, 480), JpegKind::kAdobeCmyk, 95);
  EXPECT_LE(test::largest_difference(*decode(inks, {.min_side = 60}), test::draw_gradient(80, 60)), 12);
}

TEST(Jpeg, TurnsUpright) {
  const Image picture = test::draw_gradient(40, 24);
  const Bytes plain = encode_jpeg(picture, 95);
  const Result<Image> stored = decode(plain);
  for (int orientation = 1; orientation <= 8; ++orientation) {
    for (const bool big_endian : {false, true}) {
      const Bytes bytes = test::with_exif(plain, orientation, big_endian);
      const Result<Image> image = decode(bytes);
      const Image expected = turned(*stored, orientation);
      ASSERT_TRUE(image);
      ASSERT_EQ(image->width(), expected.width()) << orientation;
      EXPECT_EQ(test::largest_difference(*image, expected), 0) << orientation;
      EXPECT_EQ(inspect(bytes)->width, expected.width()) << orientation;
      EXPECT_EQ(inspect(bytes)->height, expected.height()) << orientation;
    }
  }
}

TEST(Jpeg, ToleratesWhatDoesNotTouchThePixels) {
  const Image picture = test::draw_gradient(40, 24);
  const Bytes plain = encode_jpeg(picture, 95);
  const Result<Image> expected = decode(plain);

  Bytes trailing = plain;
  trailing.insert(trailing.end(), 1000, 0xab);
  EXPECT_EQ(test::largest_difference(*decode(trailing), *expected), 0);

  Bytes padded(plain.begin(), plain.end() - 2);
  padded.insert(padded.end(), {0x12, 0x34, 0x56, 0xff, 0xd9});  // bytes too many before the end marker
  ASSERT_TRUE(decode(padded));
  EXPECT_EQ(test::largest_difference(*decode(padded), *expected), 0);

  const Bytes comment = test::insert_jpeg_segment(plain, 0xfe, Bytes(60'000, 'c'));
  EXPECT_EQ(test::largest_difference(*decode(comment), *expected), 0);

  Bytes odd_version = plain;
  odd_version[as_text(plain).find("JFIF") + 5] = 9;
  EXPECT_TRUE(decode(odd_version));
}

TEST(Jpeg, NoticesMissingData) {
  const Bytes plain = encode_jpeg(test::draw_scene("discs", 1, 200, 150), 90);
  // An end marker behind half of the data, as an interrupted upload that was "repaired".
  Bytes half(plain.begin(), plain.begin() + static_cast<std::ptrdiff_t>(plain.size() / 2));
  half.insert(half.end(), {0xff, 0xd9});
  EXPECT_EQ(failure_code(decode(half)), "truncated");
  // A hole that another marker ends.
  Bytes hole = half;
  hole[hole.size() - 1] = 0xd3;
  hole.insert(hole.end(), plain.begin() + static_cast<std::ptrdiff_t>(plain.size() / 2), plain.end());
  EXPECT_EQ(failure_code(decode(hole)), "corrupt");
  // Only the end marker is missing.
  EXPECT_EQ(failure_code(decode(ByteSpan(plain).first(plain.size() - 2))), "truncated");
  EXPECT_EQ(failure_code(decode(ByteSpan(plain).first(plain.size() - 1))), "truncated");
}

// Each scan costs a pass over all coefficients, however few bytes it has.
TEST(Jpeg, RefusesEndlessScans) {
  const Bytes progressive = test::encode_jpeg_as(test::draw_gradient(64, 64), JpegKind::kProgressive);
  const std::size_t begin = as_text(progressive).find("\xff\xda");
  const std::size_t end = as_text(progressive).find("\xff\xc4", begin);
  const auto with_scans = [&](int copies) {
    test::ByteWriter out;
    out.bytes(ByteSpan(progressive).first(begin));
    for (int i = 0; i < copies; ++i) out.bytes(ByteSpan(progressive).subspan(begin, end - begin));
    return out.bytes(ByteSpan(progressive).subspan(end)).take();
  };
  EXPECT_TRUE(decode(with_scans(5)));
  EXPECT_EQ(failure_code(decode(with_scans(200))), "corrupt");
}

TEST(Jpeg, RefusesOddPrecisionAndComponents) {
  Bytes deep = encode_jpeg(test::draw_gradient(16, 16));
  deep[as_text(deep).find("\xff\xc0") + 4] = 12;
  EXPECT_EQ(failure_code(decode(deep)), "unsupported_format");
  Bytes lossless = encode_jpeg(test::draw_gradient(16, 16));
  lossless[as_text(lossless).find("\xff\xc0") + 1] = 0xc3;
  EXPECT_EQ(failure_code(decode(lossless)), "unsupported_format");
  Bytes nothing = encode_jpeg(test::draw_gradient(16, 16));
  const std::size_t height = as_text(nothing).find("\xff\xc0") + 5;
  nothing[height] = nothing[height + 1] = 0;
  EXPECT_EQ(failure_code(decode(nothing)), "corrupt");
}

}  // namespace
}  // namespace winnow::image
