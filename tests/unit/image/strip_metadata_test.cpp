#include "winnow/image/strip_metadata.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "support/drawing.hpp"
#include "support/encoders.hpp"
#include "winnow/image/decode.hpp"
#include "winnow/image/encode.hpp"

namespace winnow::image {
namespace {

const Image& picture() {
  static const Image drawn = test::draw_gradient(60, 40);
  return drawn;
}

bool holds(const Bytes& bytes, std::string_view text) {
  return as_text(bytes).find(text) != std::string_view::npos;
}

bool same_pixels(ByteSpan a, ByteSpan b) {
  const Result<Image> first = decode(a);
  const Result<Image> second = decode(b);
  return first && second && std::ranges::equal(first->pixels(), second->pixels());
}

TEST(StripMetadata, RemovesWhatAJpegSaysAboutItself) {
  const Bytes plain = encode_jpeg(picture());
  Bytes full = test::with_exif(plain, 1);
  full = test::insert_jpeg_segment(full, 0xe1, as_bytes("http://ns.adobe.com/xap/1.0/ secret"));
  full = test::insert_jpeg_segment(full, 0xed, as_bytes("Photoshop 3.0 secret"));
  full = test::insert_jpeg_segment(full, 0xe2, as_bytes("MPF secret"));
  full = test::insert_jpeg_segment(full, 0xfe, as_bytes("secret"));
  const std::string_view behind = "secret pictures behind the end";
  full.insert(full.end(), behind.begin(), behind.end());
  EXPECT_EQ(strip_metadata(full), plain);
  EXPECT_EQ(strip_metadata(plain), plain);
}

TEST(StripMetadata, KeepsWhatTheColoursOfAJpegNeed) {
  const Bytes profile = test::insert_jpeg_segment(encode_jpeg(picture()), 0xe2,
                                                  as_bytes(std::string_view("ICC_PROFILE\0rgb", 15)));
  EXPECT_EQ(strip_metadata(profile), profile);
  for (const auto kind : {test::JpegKind::kAdobeCmyk, test::JpegKind::kAdobeYcck,
                          test::JpegKind::kProgressive, test::JpegKind::kGrey, test::JpegKind::kArithmetic}) {
    const Bytes bytes = test::encode_jpeg_as(picture(), kind);
    const std::optional<Bytes> stripped = strip_metadata(test::with_exif(bytes, 1));
    ASSERT_TRUE(stripped);
    EXPECT_FALSE(holds(*stripped, "Exif"));
    EXPECT_EQ(stripped->size(), bytes.size());
    if (kind != test::JpegKind::kArithmetic) {
      EXPECT_TRUE(same_pixels(*stripped, bytes));
    }
  }
}

TEST(StripMetadata, RemovesWhatAPngSaysAboutItself) {
  const Bytes plain = test::encode_png(picture());
  Bytes full = test::insert_png_chunk(plain, "tEXt", as_bytes("Author secret"));
  full = test::insert_png_chunk(full, "eXIf", test::exif_block(1));
  full = test::insert_png_chunk(full, "iTXt", as_bytes("secret"));
  full = test::insert_png_chunk(full, "prVt", as_bytes("secret"));
  const std::string_view behind = "secret";
  full.insert(full.end(), behind.begin(), behind.end());
  EXPECT_EQ(strip_metadata(full), plain);
  const Bytes gamma = test::insert_png_chunk(plain, "gAMA", as_bytes(std::string_view("\0\0\xb1\x8f", 4)));
  EXPECT_EQ(strip_metadata(gamma), gamma);
}

TEST(StripMetadata, RemovesWhatAWebpSaysAboutItself) {
  const Bytes full = test::webp_with_exif(picture(), 1);
  const std::optional<Bytes> stripped = strip_metadata(full);
  ASSERT_TRUE(stripped);
  EXPECT_FALSE(holds(*stripped, "EXIF"));
  EXPECT_LT(stripped->size(), full.size());
  EXPECT_TRUE(same_pixels(*stripped, full));
  EXPECT_TRUE(inspect(*stripped));
  for (const Bytes& plain : {test::encode_webp(picture()), test::encode_webp(picture(), 80)}) {
    EXPECT_EQ(strip_metadata(plain), plain);
  }
}

TEST(StripMetadata, LeavesOtherKindsAlone) {
  EXPECT_FALSE(strip_metadata(test::encode_gif(test::one_frame(picture()))));
  EXPECT_FALSE(strip_metadata(test::encode_bmp(picture())));
  EXPECT_FALSE(strip_metadata({}));
  EXPECT_FALSE(strip_metadata(as_bytes("no picture at all")));
}

// Whatever is cut off or turned over, it stays inside the bytes and says so or gives something.
TEST(StripMetadata, StandsBrokenFiles) {
  for (const Bytes& whole : {test::with_exif(encode_jpeg(picture()), 1), test::encode_png(picture()),
                             test::webp_with_exif(picture(), 1)}) {
    for (std::size_t size = 0; size < whole.size(); size += 1 + size / 40) {
      const Bytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      if (const auto stripped = strip_metadata(part)) {
        EXPECT_LE(stripped->size(), part.size());
      }
      Bytes bent = whole;
      bent[size] ^= 0xff;
      if (const auto stripped = strip_metadata(bent)) {
        EXPECT_LE(stripped->size(), bent.size());
      }
    }
  }
}

}  // namespace
}  // namespace winnow::image
