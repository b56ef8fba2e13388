#include "winnow/curation/network.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "support/built.hpp"
#include "support/photo.hpp"
#include "support/recording_context.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/error.hpp"
#include "winnow/image/encode.hpp"

namespace winnow::curation {
namespace {

class NetworkTest : public testing::Test {
 protected:
  NetworkTest() {
    for (const auto& [name, seed] : {std::pair{"cat/1.jpg", 1}, {"cat/2.jpg", 2}, {"cat/3.jpg", 1}}) {
      folder.write(name, as_text(image::encode_jpeg(test::draw_photo(static_cast<std::uint64_t>(seed)))));
    }
    tree = dataset::open_dataset(folder.path());
  }

  [[nodiscard]] Examined examine(const NetworkOptions& options) const {
    return make_examine(options)(tree, {}, context);
  }

  test::TemporaryFolder folder;
  dataset::Dataset tree;
  test::RecordingContext context;
};

double cosine(const stats::Matrix& units, std::size_t a, std::size_t b) {
  return std::inner_product(units.row(a).begin(), units.row(a).end(), units.row(b).begin(), 0.0);
}

TEST_F(NetworkTest, GivesUnitVectorsThatTellPicturesApart) {
  const stats::Matrix units = examine({.weights = test::pretrained_weights()}).embeddings;
  ASSERT_EQ(units.rows(), 3u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(cosine(units, i, i), 1, 1e-4);
  EXPECT_NEAR(cosine(units, 0, 2), 1, 1e-4);
  EXPECT_LT(cosine(units, 0, 1), 0.97);
  EXPECT_TRUE(std::filesystem::exists(folder / ".winnow"));
}

TEST_F(NetworkTest, KeepsNothingWithoutACache) {
  (void)examine({.weights = test::pretrained_weights(), .no_cache = true});
  EXPECT_FALSE(std::filesystem::exists(folder / ".winnow"));
}

TEST_F(NetworkTest, KeepsTheCacheWhereItIsTold) {
  (void)examine({.weights = test::pretrained_weights(), .cache = folder / "elsewhere"});
  EXPECT_FALSE(std::filesystem::exists(folder / ".winnow"));
  EXPECT_TRUE(std::filesystem::exists(folder / "elsewhere"));
}

TEST_F(NetworkTest, FingerprintsInTheSamePass) {
  folder.write("cat/2.jpg", "<html>");
  const auto expected = dataset::fingerprint(tree, {}, context);
  for (int run = 0; run < 2; ++run) {  // the second time from the cache
    const Examined examined = examine({.weights = test::pretrained_weights()});
    ASSERT_EQ(examined.fingerprints.size(), 3u);
    EXPECT_EQ(examined.embeddings.rows(), 2u);
    EXPECT_NEAR(cosine(examined.embeddings, 0, 1), 1, 1e-4);
    EXPECT_EQ(examined.fingerprints[1].failure().code, "not_an_image");
    for (const std::size_t i : {0, 2}) {
      EXPECT_EQ(examined.fingerprints[i]->sha256, expected[i]->sha256);
      EXPECT_EQ(dataset::look_distance(*examined.fingerprints[i], *expected[i]), 0);
      EXPECT_EQ(examined.fingerprints[i]->quality.blurry, expected[i]->quality.blurry);
    }
  }
}

TEST_F(NetworkTest, NeedsWeights) {
  try {
    (void)make_examine({.weights = folder / "no.safetensors"});
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kNotFound);
  }
}

}  // namespace
}  // namespace winnow::curation
