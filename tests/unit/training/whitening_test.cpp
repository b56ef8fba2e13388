#include "whitening.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "support/photo.hpp"
#include "support/recording_context.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/error.hpp"
#include "winnow/image/encode.hpp"

namespace winnow::training {
namespace {

constexpr std::size_t kPatch = 12;
constexpr image::Preprocessing kRule{.size = 32, .crop_fraction = 1};

PictureStore photos(std::size_t count) {
  const test::TemporaryFolder folder;
  const test::RecordingContext context;
  dataset::Dataset data{.root = folder.path()};
  std::vector<std::size_t> samples;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = std::to_string(i) + ".jpg";
    folder.write(name, as_text(image::encode_jpeg(test::draw_photo(i + 1, 32, 32))));
    data.samples.push_back({.path = name});
    samples.push_back(i);
  }
  return {data, samples, kRule, {}, context};
}

// What the filters answer to a patch of normalised values, at (x, y) of a picture.
std::array<double, kWhiteningFilters> answers(const std::vector<float>& filters,
                                              std::span<const std::uint8_t> picture, std::size_t x,
                                              std::size_t y) {
  std::array<double, kWhiteningFilters> sums{};
  for (std::size_t f = 0; f < sums.size(); ++f) {
    for (std::size_t c = 0; c < 3; ++c) {
      for (std::size_t dy = 0; dy < 2; ++dy) {
        for (std::size_t dx = 0; dx < 2; ++dx) {
          const double value = (picture[((y + dy) * 32 + x + dx) * 3 + c] - kRule.mean[c]) / kRule.scale[c];
          sums[f] += static_cast<double>(filters[f * kPatch + c * 4 + dy * 2 + dx]) * value;
        }
      }
    }
  }
  return sums;
}

TEST(Whitening, AnswersAreUncorrelatedAndOfEqualPower) {
  const PictureStore pictures = photos(30);
  const std::vector<float> filters = whitening_filters(pictures, kRule, 1);
  ASSERT_EQ(filters.size(), kWhiteningFilters * kPatch);
  std::array<std::array<double, kPatch>, kPatch> moments{};
  double patches = 0;
  for (std::size_t i = 0; i < pictures.count(); ++i) {
    for (std::size_t y = 0; y < 31; ++y) {
      for (std::size_t x = 0; x < 31; ++x) {
        const auto answer = answers(filters, pictures.picture(i), x, y);
        ++patches;
        for (std::size_t a = 0; a < kPatch; ++a) {
          for (std::size_t b = 0; b < kPatch; ++b) moments[a][b] += answer[a] * answer[b];
          EXPECT_EQ(answer[a], -answer[a + kPatch]);
        }
      }
    }
  }
  double last = 2;
  for (std::size_t a = 0; a < kPatch; ++a) {
    for (std::size_t b = 0; b < kPatch; ++b) {
      if (a == b) continue;
      EXPECT_NEAR(moments[a][b] / patches, 0, 1e-4) << a << " " << b;
    }
    // eigenvalue / (eigenvalue + 5e-4), the largest eigenvalue first
    const double power = moments[a][a] / patches;
    EXPECT_LE(power, std::min(1.0, last + 1e-6));
    last = power;
  }
  EXPECT_GT(moments[0][0] / patches, 0.99);
}

TEST(Whitening, FiltersHaveTheLengthThatTheirEigenvalueSays) {
  // In one flat picture every patch is the same: one eigenvalue, 12 times the square of the normalised value.
  const test::TemporaryFolder folder;
  const test::RecordingContext context;
  image::Image flat(32, 32);
  for (std::uint8_t& value : flat.pixels()) value = 191;
  folder.write("0.jpg", as_text(image::encode_jpeg(flat, 100)));
  dataset::Dataset data{.root = folder.path(), .samples = {{.path = "0.jpg"}}};
  const std::vector<std::size_t> samples{0};
  const std::vector<float> filters =
      whitening_filters(PictureStore(data, samples, kRule, {}, context), kRule, 1);
  const double eigenvalue = 12 * 0.5 * 0.5;  // (191 - 127) / 128
  for (std::size_t i = 0; i < kPatch; ++i) {
    EXPECT_NEAR(std::abs(filters[i]), 1 / std::sqrt(12 * (eigenvalue + 5e-4)), 1e-5);
  }
}

TEST(Whitening, IsRepeatableAndNeedsPictures) {
  const PictureStore pictures = photos(5);
  EXPECT_EQ(whitening_filters(pictures, kRule, 1), whitening_filters(pictures, kRule, 1));
  EXPECT_THROW(static_cast<void>(whitening_filters(photos(0), kRule, 1)), Error);
}

}  // namespace
}  // namespace winnow::training
