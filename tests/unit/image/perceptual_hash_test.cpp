#include "winnow/image/perceptual_hash.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "support/photo.hpp"
#include "unit/image/pictures.hpp"
#include "winnow/image/decode.hpp"
#include "winnow/image/encode.hpp"
#include "winnow/image/preprocess.hpp"

namespace winnow::image {
namespace {

using test::draw_photo;

Image brightened(const Image& image, double factor) {
  Image out(image.width(), image.height());
  for (std::size_t i = 0; i < image.size_bytes(); ++i) {
    out.pixels()[i] = static_cast<std::uint8_t>(std::min(255.0, image.pixels()[i] * factor));
  }
  return out;
}

class PerceptualHashTest : public testing::TestWithParam<std::uint64_t> {};

TEST_P(PerceptualHashTest, FindsEditedCopies) {
  const Image photo = draw_photo(GetParam());
  const PerceptualHash hash = perceptual_hash(photo);
  const auto distance_to = [&](const Image& copy) { return distance(hash, perceptual_hash(copy)); };
  EXPECT_EQ(distance_to(photo), 0);
  EXPECT_LE(distance_to(*decode(encode_jpeg(photo, 40))), 8);
  EXPECT_LE(distance_to(resize(photo, photo.width() / 2, photo.height() / 2)), 8);
  EXPECT_LE(distance_to(resize(photo, photo.width() * 2, photo.height() * 2)), 8);
  EXPECT_LE(distance_to(brightened(photo, 1.2)), 8);
}

TEST_P(PerceptualHashTest, FindsMirrorImages) {
  const Image photo = draw_photo(GetParam());
  const PerceptualHash hash = perceptual_hash(photo);
  const PerceptualHash mirrored = perceptual_hash(turned(photo, 2));
  // Rounding may turn a coefficient that lies at the median.
  EXPECT_LE(std::popcount(hash.mirrored ^ mirrored.upright), 2);
  EXPECT_LE(std::popcount(hash.upright ^ mirrored.mirrored), 2);
  EXPECT_GT(std::popcount(hash.upright ^ mirrored.upright), 10);
  EXPECT_LE(distance(hash, mirrored), 2);
}

INSTANTIATE_TEST_SUITE_P(Photos, PerceptualHashTest, testing::Range<std::uint64_t>(1, 9));

TEST(PerceptualHash, KeepsOtherPicturesApart) {
  std::vector<PerceptualHash> hashes;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) hashes.push_back(perceptual_hash(draw_photo(seed)));
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) EXPECT_GT(distance(hashes[i], hashes[j]), 10) << i << ", " << j;
  }
}

TEST(PerceptualHash, HasHalfItsBitsSet) {
  const PerceptualHash hash = perceptual_hash(draw_photo(1));
  EXPECT_EQ(std::popcount(hash.upright), 32);
  EXPECT_EQ(std::popcount(hash.mirrored), 32);
}

TEST(PerceptualHash, IsStableForFlatPictures) {
  const PerceptualHash grey = perceptual_hash(flat(100, 80, 128, 128, 128));
  for (const Image& image :
       {flat(100, 80, 129, 129, 129), flat(33, 200, 7, 70, 200), flat(1, 1, 255, 255, 255)}) {
    EXPECT_EQ(perceptual_hash(image).upright, grey.upright);
    EXPECT_EQ(perceptual_hash(image).mirrored, grey.mirrored);
  }
  EXPECT_EQ(grey.upright, 1U);  // only the mean stands out
  EXPECT_EQ(perceptual_hash(flat(50, 50, 0, 0, 0)).upright, 0U);
}

TEST(PerceptualHash, TakesAnyShape) {
  for (const auto& [width, height] : {std::pair{1, 1}, {2, 3}, {31, 33}, {1, 500}, {2000, 2}}) {
    const Image image = draw_photo(5, width, height);
    EXPECT_EQ(perceptual_hash(image).upright, perceptual_hash(image).upright);
  }
}

}  // namespace
}  // namespace winnow::image
