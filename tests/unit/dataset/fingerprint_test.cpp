#include "winnow/dataset/fingerprint.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/encoders.hpp"
#include "support/photo.hpp"
#include "support/recording_context.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/hash.hpp"
#include "winnow/image/encode.hpp"

namespace winnow::dataset {
namespace {

using testing::HasSubstr;

class FingerprintTest : public testing::Test {
 protected:
  void add(const std::string& name, ByteSpan content) {
    folder.write(name, as_text(content));
    dataset.samples.push_back({name, 0});
  }
  [[nodiscard]] std::vector<Result<Fingerprint>> fingerprints(const FingerprintOptions& options = {}) const {
    return fingerprint(dataset, options, context);
  }

  test::TemporaryFolder folder;
  test::RecordingContext context;
  Dataset dataset{folder.path(), {"cat"}, {}, false};
};

TEST_F(FingerprintTest, TellsBytesSizeAndFormat) {
  const Bytes jpeg = image::encode_jpeg(test::draw_photo(1, 60, 40));
  add("a.jpg", jpeg);
  add("b.png", test::encode_png(test::draw_photo(2, 30, 70)));
  const std::vector<Result<Fingerprint>> results = fingerprints();
  ASSERT_TRUE(results[0]);
  EXPECT_EQ(results[0]->sha256, sha256_hex(jpeg));
  EXPECT_EQ(results[0]->bytes, jpeg.size());
  EXPECT_EQ(results[0]->info.format, image::Format::kJpeg);
  EXPECT_EQ(results[0]->info.width, 60);
  EXPECT_EQ(results[0]->info.height, 40);
  ASSERT_TRUE(results[1]);
  EXPECT_EQ(results[1]->info.format, image::Format::kPng);
  EXPECT_EQ(results[1]->info.height, 70);
}

TEST_F(FingerprintTest, SeesTheSameLookInAnotherFormat) {
  const image::Image photo = test::draw_photo(1);
  add("a.jpg", image::encode_jpeg(photo));
  add("b.png", test::encode_png(photo));
  add("c.jpg", image::encode_jpeg(test::draw_photo(2)));
  const std::vector<Result<Fingerprint>> results = fingerprints();
  EXPECT_LE(image::distance(results[0]->look, results[1]->look), 2);
  EXPECT_GT(image::distance(results[0]->look, results[2]->look), 10);
}

TEST_F(FingerprintTest, MeasuresQuality) {
  add("a.jpg", image::encode_jpeg(test::draw_photo(1, 90, 30)));
  add("b.jpg", image::encode_jpeg(test::draw_photo(1, 60, 40)));
  const std::vector<Result<Fingerprint>> results = fingerprints();
  EXPECT_FLOAT_EQ(results[0]->quality.odd_aspect_ratio, 1 / 3.0F);
  EXPECT_FLOAT_EQ(results[1]->quality.odd_aspect_ratio, 2 / 3.0F);
}

TEST_F(FingerprintTest, KeepsTheOrderOfTheSamples) {
  for (int i = 0; i < 20; ++i) {
    add(std::to_string(i) + ".jpg", image::encode_jpeg(test::draw_photo(1, 20 + (i * 7) % 20, 8)));
  }
  const std::vector<Result<Fingerprint>> results = fingerprints();
  ASSERT_EQ(results.size(), 20u);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(results[static_cast<std::size_t>(i)]->info.width, 20 + (i * 7) % 20);
}

TEST_F(FingerprintTest, ReportsEachFileThatIsNotSound) {
  const Bytes jpeg = image::encode_jpeg(test::draw_photo(1, 60, 40));
  add("good.jpg", jpeg);
  add("short.jpg", ByteSpan(jpeg).first(jpeg.size() / 2));
  add("page.jpg", as_bytes("<!doctype html><html>not found</html>"));
  add("empty.jpg", {});
  dataset.samples.push_back({"missing.jpg", 0});
  const std::vector<Result<Fingerprint>> results = fingerprints();
  EXPECT_TRUE(results[0]);
  const char* codes[] = {"", "truncated", "not_an_image", "empty", "missing"};
  for (std::size_t i = 1; i < 5; ++i) {
    ASSERT_FALSE(results[i]) << dataset.samples[i].path;
    EXPECT_EQ(results[i].failure().code, codes[i]);
    EXPECT_NE(results[i].failure().message, "");
  }
}

TEST_F(FingerprintTest, KeepsToItsLimits) {
  const Bytes jpeg = image::encode_jpeg(test::draw_photo(1, 60, 40));
  add("a.jpg", jpeg);
  EXPECT_EQ(fingerprints({.max_file_bytes = jpeg.size() - 1, .limits = {}})[0].failure().code, "too_large");
  EXPECT_EQ(fingerprints({.limits = {.max_pixels = 60 * 40 - 1}})[0].failure().code, "too_large");
  EXPECT_TRUE(fingerprints({.max_file_bytes = jpeg.size(), .limits = {.max_pixels = 60 * 40}})[0]);
}

TEST_F(FingerprintTest, LooksInsideABorder) {
  const image::Image photo = test::draw_photo(1, 200, 150);
  image::Image framed(260, 210);
  std::fill(framed.pixels().begin(), framed.pixels().end(), std::uint8_t{255});
  for (int y = 0; y < 150; ++y) std::copy_n(photo.row(y), photo.row_bytes(), framed.row(y + 30) + 90);
  add("a.jpg", image::encode_jpeg(framed));
  add("b.jpg", image::encode_jpeg(photo));
  const auto results = fingerprints();
  ASSERT_TRUE(results[0] && results[1]);
  EXPECT_TRUE(results[0]->inner.has_value());
  EXPECT_FALSE(results[1]->inner.has_value());
  EXPECT_GT(image::distance(results[0]->look, results[1]->look), 6);
  EXPECT_LE(look_distance(*results[0], *results[1]), 4);
}

TEST_F(FingerprintTest, HasNothingToDoWithoutSamples) {
  EXPECT_TRUE(fingerprints().empty());
}

TEST_F(FingerprintTest, CanBeStopped) {
  add("a.jpg", image::encode_jpeg(test::draw_photo(1, 60, 40)));
  context.request_stop();
  EXPECT_THROW((void)fingerprints(), Error);
}

}  // namespace
}  // namespace winnow::dataset
