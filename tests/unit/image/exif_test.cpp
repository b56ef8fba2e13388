#include <gtest/gtest.h>

#include "support/byte_writer.hpp"
#include "support/drawing.hpp"
#include "support/encoders.hpp"
#include "unit/image/pictures.hpp"
#include "winnow/core/random.hpp"
#include "winnow/image/decode.hpp"
#include "winnow/image/encode.hpp"

namespace winnow::image {
namespace {

// The parser is private; what it found shows in a JPEG of 30 x 20 that is upright or not.
bool turns(ByteSpan block) {
  static const Bytes plain = encode_jpeg(test::draw_gradient(30, 20));
  const Result<ImageInfo> info = inspect(test::insert_jpeg_segment(plain, 0xe1, block));
  EXPECT_TRUE(info);
  return info && info->width == 20;
}

test::ByteWriter exif() {
  test::ByteWriter out;
  out.text("Exif").zeros(2);
  return out;
}

test::ByteWriter little_header(std::uint64_t entries, std::uint64_t directory = 8) {
  test::ByteWriter out = exif();
  out.text("II").little(42, 2).little(directory, 4).little(entries, 2);
  return out;
}

TEST(Exif, ReadsBothByteOrders) {
  EXPECT_TRUE(turns(exif().bytes(test::exif_block(6)).written()));
  EXPECT_TRUE(turns(exif().bytes(test::exif_block(6, true)).written()));
  EXPECT_FALSE(turns(exif().bytes(test::exif_block(1)).written()));
}

TEST(Exif, ReadsADirectoryAnywhere) {
  test::ByteWriter block = exif();
  block.text("II").little(42, 2).little(50, 4).zeros(42);
  block.little(1, 2).little(0x0112, 2).little(3, 2).little(1, 4).little(8, 4).zeros(4);
  EXPECT_TRUE(turns(block.written()));
}

TEST(Exif, TakesTheFirstExifSegment) {
  const Bytes plain = encode_jpeg(test::draw_gradient(30, 20));
  // Segments are inserted at the front: XMP comes first here, then orientation 6, then 1.
  Bytes bytes = test::with_exif(plain, 1);
  bytes = test::with_exif(bytes, 6);
  bytes = test::insert_jpeg_segment(bytes, 0xe1, as_bytes("http://ns.adobe.com/xap/1.0/"));
  EXPECT_EQ(inspect(bytes)->width, 20);
}

TEST(Exif, IgnoresValuesThatMeanNothing) {
  for (const int orientation : {0, 9, 255, 65535}) {
    EXPECT_FALSE(turns(exif().bytes(test::exif_block(orientation)).written())) << orientation;
  }
  // A byte instead of a short, and two values instead of one.
  EXPECT_FALSE(turns(little_header(1).little(0x0112, 2).little(1, 2).little(1, 4).little(6, 4).written()));
  EXPECT_FALSE(turns(little_header(1).little(0x0112, 2).little(3, 2).little(2, 4).little(6, 4).written()));
}

TEST(Exif, IgnoresWhatIsNoTiff) {
  EXPECT_FALSE(turns(exif().written()));
  EXPECT_FALSE(turns(exif().text("II").written()));
  EXPECT_FALSE(turns(exif().text("XX").little(42, 2).little(8, 4).zeros(30).written()));
  EXPECT_FALSE(turns(exif().text("II").little(43, 2).little(8, 4).zeros(30).written()));
}

TEST(Exif, StaysInsideItsBlock) {
  // Directories at and behind the end, and more entries than there are bytes.
  for (const std::uint64_t directory : {9U, 10U, 11U, 1000U, 0x7fffffffU, 0xfffffffeU, 0xffffffffU}) {
    EXPECT_FALSE(turns(little_header(1, directory).written())) << directory;
  }
  EXPECT_FALSE(turns(little_header(0xffff).written()));
  EXPECT_TRUE(turns(
      little_header(0xffff).little(0x0112, 2).little(3, 2).little(1, 4).little(6, 2).zeros(2).written()));
  EXPECT_FALSE(turns(little_header(1).little(0x0112, 2).little(3, 2).little(1, 4).little(6, 2).written()));
}

TEST(Exif, SurvivesEveryCutAndRandomBytes) {
  const Bytes block = exif().bytes(test::exif_block(6)).take();
  for (std::size_t length = 0; length <= block.size(); ++length) {
    static_cast<void>(turns(Bytes(block.begin(), block.begin() + static_cast<std::ptrdiff_t>(length))));
  }
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    CounterRandom random(seed);
    Bytes damaged = block;
    for (int i = 0; i < 4; ++i)
      damaged[6 + random.below(damaged.size() - 6)] = static_cast<std::uint8_t>(random.next());
    static_cast<void>(turns(damaged));
  }
}

}  // namespace
}  // namespace winnow::image
