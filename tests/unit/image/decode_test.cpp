#include "winnow/image/decode.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "support/byte_writer.hpp"
#include "support/drawing.hpp"
#include "support/encoders.hpp"
#include "unit/image/pictures.hpp"
#include "winnow/core/random.hpp"
#include "winnow/image/encode.hpp"

namespace winnow::image {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

// One small file for each way through the readers.
const std::map<std::string, Bytes>& samples() {
  static const std::map<std::string, Bytes> files = [] {
    const Image picture = test::draw_gradient(24, 17);
    const std::vector<std::uint8_t> alpha = fading_alpha(24, 17);
    const Image frames[] = {copy_of(picture), flat(24, 17, 200, 30, 30)};
    std::map<std::string, Bytes> map;
    map["baseline.jpg"] = encode_jpeg(picture);
    map["progressive.jpg"] = test::encode_jpeg_as(picture, test::JpegKind::kProgressive);
    map["cmyk.jpg"] = test::encode_jpeg_as(picture, test::JpegKind::kAdobeCmyk);
    map["turned.jpg"] = test::with_exif(encode_jpeg(picture), 6);
    map["rgb.png"] = test::encode_png(picture);
    map["palette.png"] = test::encode_png(picture, alpha, test::PngKind::kPalette);
    map["interlaced.png"] = test::encode_png(picture, alpha, test::PngKind::kInterlaced);
    map["lossy.webp"] = test::encode_webp(picture, 80);
    map["alpha.webp"] = test::encode_webp(picture, 80, alpha);
    map["lossless.webp"] = test::encode_webp(picture);
    map["turned.webp"] = test::webp_with_exif(picture, 6);
    map["animated.webp"] = test::encode_webp_animation(frames);
    map["still.gif"] = test::encode_gif(test::one_frame(picture), {.interlaced = true});
    map["animated.gif"] = test::encode_gif(frames, {.own_colours = true});
    map["still.avif"] = test::encode_avif(test::one_frame(picture));
    map["alpha.avif"] = test::encode_avif(test::one_frame(picture), {.rotation = 1, .alpha = alpha});
    map["animated.avif"] = test::encode_avif(frames);
    map["palette.bmp"] = test::encode_bmp(picture, {.bits = 8});
    map["masks.bmp"] = test::encode_bmp(picture, {.bits = 32, .masks = true, .alpha = alpha});
    return map;
  }();
  return files;
}

TEST(Decode, ReadsEverySample) {
  for (const auto& [name, bytes] : samples()) {
    const Result<ImageInfo> info = inspect(bytes);
    const Result<Image> image = decode(bytes);
    ASSERT_TRUE(info) << name << ": " << info.failure().message;
    ASSERT_TRUE(image) << name << ": " << image.failure().message;
    EXPECT_EQ(info->width, image->width()) << name;
    EXPECT_EQ(info->height, image->height()) << name;
    EXPECT_TRUE(extension_matches(name, info->format)) << name;
    EXPECT_EQ(info->animated, name.starts_with("animated")) << name;
  }
}

TEST(Decode, RefusesEveryFileThatEndsEarly) {
  for (const auto& [name, bytes] : samples()) {
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      // A buffer of its own, so that a sanitizer sees a read behind its end.
      const Bytes cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
      const Result<Image> image = decode(cut);
      ASSERT_FALSE(image) << name << " cut to " << length << " of " << bytes.size() << " bytes";
      const std::string& code = image.failure().code;
      if (length == 0) {
        EXPECT_EQ(code, "empty") << name;
      } else if (length < 32) {
        EXPECT_THAT(code, AnyOf("truncated", "not_an_image")) << name << " cut to " << length;
      } else {
        EXPECT_EQ(code, "truncated") << name << " cut to " << length << ": " << image.failure().message;
      }
      static_cast<void>(inspect(cut));
    }
  }
}

TEST(Decode, SurvivesFlippedBytes) {
  // A flipped size must not make a test of seconds one of minutes.
  const DecodeOptions options{.max_pixels = 100'000};
  int decoded = 0;
  int refused = 0;
  for (const auto& [name, bytes] : samples()) {
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
      CounterRandom random(seed, bytes.size());
      Bytes damaged = bytes;
      const std::uint64_t flips = 1 + random.below(8);
      for (std::uint64_t i = 0; i < flips; ++i) {
        // Most of the traps are in the headers.
        const std::uint64_t reach =
            random.below(2) == 0 ? std::min<std::uint64_t>(bytes.size(), 200) : bytes.size();
        damaged[random.below(reach)] = static_cast<std::uint8_t>(random.next());
      }
      const Result<ImageInfo> info = inspect(damaged, options);
      const Result<Image> image = decode(damaged, options);
      if (image) {
        ++decoded;
        ASSERT_TRUE(info) << name << ", seed " << seed;
        EXPECT_EQ(info->width, image->width()) << name << ", seed " << seed;
        EXPECT_EQ(info->height, image->height()) << name << ", seed " << seed;
      } else {
        ++refused;
        EXPECT_FALSE(image.failure().message.empty());
      }
    }
  }
  EXPECT_GT(decoded, 0);
  EXPECT_GT(refused, 1000);
}

TEST(Decode, SurvivesNoiseBehindASignature) {
  for (const auto& [name, bytes] : samples()) {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      CounterRandom random(seed, 7);
      Bytes noise(bytes.begin(),
                  bytes.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(bytes.size(), 40)));
      for (int i = 0; i < 300; ++i) noise.push_back(static_cast<std::uint8_t>(random.next()));
      // Arithmetic codes make a picture of anything, so no failure is asked for; its size must be the
      // header's.
      const Result<Image> image = decode(noise, {.max_pixels = 100'000});
      if (image) {
        EXPECT_EQ(image->width(), 24) << name << ", seed " << seed;
      }
    }
  }
}

TEST(Decode, SaysWhatAFileIsInstead) {
  const auto refusal = [](std::string_view text) { return decode(as_bytes(text)).failure(); };
  EXPECT_EQ(refusal("").code, "empty");
  EXPECT_EQ(refusal("").message, "an empty file");
  EXPECT_EQ(refusal("<!doctype html><p>Not found").code, "not_an_image");
  EXPECT_EQ(refusal("<!doctype html><p>Not found").message, "not an image (HTML page)");
  EXPECT_EQ(refusal("%PDF-1.4").message, "not an image (PDF document)");
  EXPECT_EQ(refusal("what?").message, "not an image (unknown format)");
  EXPECT_EQ(refusal("<svg/>").code, "unsupported_format");
  EXPECT_EQ(refusal("<svg/>").message, "an SVG drawing; only JPEG, PNG, WebP, GIF, AVIF and BMP are read");
  EXPECT_EQ(refusal(std::string_view("II*\0", 4)).message,
            "a TIFF image; only JPEG, PNG, WebP, GIF, AVIF and BMP are read");
  EXPECT_EQ(refusal(std::string_view("\0\0\0\x18"
                                     "ftypheic\0\0\0\0mif1heic",
                                     24))
                .code,
            "unsupported_format");
  EXPECT_EQ(failure_code(inspect(as_bytes("<svg/>"))), "unsupported_format");
}

TEST(Decode, SaysHowAFileIsDamaged) {
  Bytes cut = samples().at("baseline.jpg");
  cut.resize(cut.size() / 2);
  EXPECT_EQ(failure_message(decode(cut)), "an image that ends early (truncated JPEG)");
  Bytes damaged = samples().at("rgb.png");
  damaged[damaged.size() / 2] ^= 0x55;
  EXPECT_EQ(failure_code(decode(damaged)), "corrupt");
  EXPECT_EQ(failure_message(decode(damaged)), "a damaged image (corrupt PNG)");
}

TEST(Decode, GoesByTheBytesNotTheName) {
  const Result<ImageInfo> info = inspect(samples().at("baseline.jpg"));
  ASSERT_TRUE(info);
  EXPECT_FALSE(extension_matches("kitten.png", info->format));
  EXPECT_TRUE(extension_matches("kitten.jpg", info->format));
}

TEST(Decode, HoldsTheLimitInEveryFormat) {
  for (const auto& [name, bytes] : samples()) {
    const DecodeOptions exact{.max_pixels = 24 * 17};
    const DecodeOptions less{.max_pixels = 24 * 17 - 1};
    EXPECT_TRUE(inspect(bytes, exact)) << name;
    EXPECT_TRUE(decode(bytes, exact)) << name;
    EXPECT_EQ(failure_code(inspect(bytes, less)), "too_large") << name;
    EXPECT_EQ(failure_code(decode(bytes, less)), "too_large") << name;
  }
  EXPECT_EQ(failure_message(decode(samples().at("rgb.png"), {.max_pixels = 400})),
            "24x17 pixels are over the limit of 400");
}

// Sixty thousand by sixty thousand in a few bytes. Nothing is allocated for them: 10.8 GB would take a while.
TEST(Decode, RefusesBombsByTheirHeaders) {
  test::ByteWriter png;
  png.text("\x89PNG\r\n\x1a\n");
  png.bytes(test::png_chunk("IHDR",
                            test::ByteWriter().big(60'000, 4).big(60'000, 4).big(0x0802000000, 5).written()));
  png.bytes(test::png_chunk("IDAT", Bytes(10, 0))).bytes(test::png_chunk("IEND", {}));
  EXPECT_EQ(failure_code(decode(png.written())), "too_large");
  EXPECT_EQ(failure_message(inspect(png.written())), "60000x60000 pixels are over the limit of 40000000");

  test::ByteWriter gif;
  gif.text("GIF89a").little(60'000, 2).little(60'000, 2).zeros(3);
  gif.text(",")
      .zeros(4)
      .little(1, 2)
      .little(1, 2)
      .zeros(1)
      .little(2, 1)
      .little(1, 1)
      .little(0x05, 1)
      .zeros(1)
      .text(";");
  EXPECT_EQ(failure_code(decode(gif.written())), "too_large");

  Bytes bmp = test::encode_bmp(flat(1, 1, 0, 0, 0));
  bmp[20] = bmp[24] = 0x10;  // the third bytes of width and height
  EXPECT_EQ(failure_code(decode(bmp)), "too_large");

  Bytes jpeg = encode_jpeg(flat(8, 8, 0, 0, 0));
  const std::size_t frame = as_text(jpeg).find("\xff\xc0");
  jpeg[frame + 5] = jpeg[frame + 7] = 0xea;
  EXPECT_EQ(failure_code(decode(jpeg)), "too_large");
}

TEST(Decode, TurnsAllocationFailureIntoAResult) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer ends the program where operator new would throw";
#endif
  test::ByteWriter png;
  png.text("\x89PNG\r\n\x1a\n");
  png.bytes(test::png_chunk(
      "IHDR", test::ByteWriter().big(0x7fffffff, 4).big(0x7fffffff, 4).big(0x0802000000, 5).written()));
  png.bytes(test::png_chunk("IDAT", Bytes(10, 0))).bytes(test::png_chunk("IEND", {}));
  const Result<Image> image = decode(png.written(), {.max_pixels = UINT64_MAX});
  EXPECT_EQ(failure_code(image), "too_large");
  EXPECT_EQ(failure_message(image), "too large for the memory at hand");
}

TEST(Decode, ReadsASinglePixel) {
  const Image dot = flat(1, 1, 255, 0, 102);
  for (const Bytes& bytes : {encode_jpeg(dot, 100), test::encode_png(dot), test::encode_webp(dot),
                             test::encode_gif(test::one_frame(dot)), test::encode_avif(test::one_frame(dot)),
                             test::encode_bmp(dot)}) {
    const Result<Image> image = decode(bytes);
    ASSERT_TRUE(image) << image.failure().message;
    ASSERT_EQ(image->size_bytes(), 3U);
    EXPECT_LE(test::largest_difference(*image, dot), 4);
  }
}

TEST(Decode, ReducesOnlyJpeg) {
  for (const auto& [name, bytes] : samples()) {
    const Result<Image> image = decode(bytes, {.min_side = 4});
    ASSERT_TRUE(image) << name;
    EXPECT_EQ(std::max(image->width(), image->height()), name.ends_with(".jpg") ? 6 : 24) << name;
  }
}

}  // namespace
}  // namespace winnow::image
