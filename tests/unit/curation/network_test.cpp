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

  [[nodiscard]] stats::Matrix embed(const NetworkOptions& options) const {
    const std::size_t samples[] = {0, 1, 2};
    const Context& given = context;
    return make_embed(tree, options, given)(samples);
  }

  test::TemporaryFolder folder;
  dataset::Dataset tree;
  test::RecordingContext context;
};

double cosine(const stats::Matrix& units, std::size_t a, std::size_t b) {
  return std::inner_product(units.row(a).begin(), units.row(a).end(), units.row(b).begin(), 0.0);
}

TEST_F(NetworkTest, GivesUnitVectorsThatTellPicturesApart) {
  const stats::Matrix units = embed({.weights = test::pretrained_weights()});
  ASSERT_EQ(units.rows(), 3u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(cosine(units, i, i), 1, 1e-4);
  EXPECT_NEAR(cosine(units, 0, 2), 1, 1e-4);
  EXPECT_LT(cosine(units, 0, 1), 0.97);
  EXPECT_TRUE(std::filesystem::exists(folder / ".winnow"));
}

TEST_F(NetworkTest, KeepsNothingWithoutACache) {
  (void)embed({.weights = test::pretrained_weights(), .no_cache = true});
  EXPECT_FALSE(std::filesystem::exists(folder / ".winnow"));
}

TEST_F(NetworkTest, KeepsTheCacheWhereItIsTold) {
  (void)embed({.weights = test::pretrained_weights(), .cache = folder / "elsewhere"});
  EXPECT_FALSE(std::filesystem::exists(folder / ".winnow"));
  EXPECT_TRUE(std::filesystem::exists(folder / "elsewhere"));
}

TEST_F(NetworkTest, APictureThatIsGoneIsLikeNothing) {
  std::filesystem::remove(folder / "cat/2.jpg");
  const stats::Matrix units = embed({.weights = test::pretrained_weights(), .no_cache = true});
  ASSERT_EQ(units.rows(), 3u);
  EXPECT_EQ(cosine(units, 1, 1), 0);
  EXPECT_NEAR(cosine(units, 0, 2), 1, 1e-4);
}

TEST_F(NetworkTest, NeedsWeights) {
  const Context& given = context;
  try {
    (void)make_embed(tree, {.weights = folder / "no.safetensors"}, given);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kNotFound);
  }
}

}  // namespace
}  // namespace winnow::curation
