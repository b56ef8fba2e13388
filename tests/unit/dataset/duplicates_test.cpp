#include "winnow/dataset/duplicates.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "support/photo.hpp"
#include "support/recording_context.hpp"
#include "winnow/core/random.hpp"
#include "winnow/image/decode.hpp"
#include "winnow/image/encode.hpp"
#include "winnow/image/preprocess.hpp"

namespace winnow::dataset {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using Looks = std::vector<image::PerceptualHash>;

// Calls judge with fingerprints of pictures that look so.
template <typename Judge>
auto with_fingerprints(const Looks& looks, const Judge& judge) {
  std::vector<Fingerprint> fingerprints(looks.size());
  std::vector<const Fingerprint*> pointers;
  for (std::size_t i = 0; i < looks.size(); ++i) {
    fingerprints[i].look = looks[i];
    pointers.push_back(&fingerprints[i]);
  }
  return judge(pointers);
}

std::vector<int> groups_among(const Looks& looks, int bits = DuplicateOptions{}.related_bits,
                              unsigned threads = 2) {
  return with_fingerprints(looks, [&](const std::vector<const Fingerprint*>& pointers) {
    return group_by_look(pointers, bits, test::RecordingContext(threads));
  });
}

constexpr std::uint64_t kFar = ~0ull;  // a mirror image that no picture resembles

image::PerceptualHash with_hash(std::uint64_t upright) {
  return {upright, kFar};
}

TEST(GroupByLook, TakesPicturesWithinTheLimit) {
  const Looks looks = {with_hash(0), with_hash(0x3ff), with_hash(0x7ffff)};
  EXPECT_THAT(groups_among(looks, 10), ElementsAre(0, 0, 0));
  EXPECT_THAT(groups_among(looks, 9), ElementsAre(0, 1, 1));
  EXPECT_THAT(groups_among(looks, 8), ElementsAre(0, 1, 2));
  EXPECT_THAT(groups_among({with_hash(1), with_hash(2), with_hash(1)}, 0), ElementsAre(0, 1, 0));
}

TEST(GroupByLook, FollowsChains) {
  const Looks looks = {with_hash(0), with_hash(0x0f0f0f0f0f000000), with_hash(0xffff), with_hash(0xff),
                       with_hash(0xffffff)};
  EXPECT_THAT(groups_among(looks, 8), ElementsAre(0, 1, 0, 0, 0));
}

TEST(GroupByLook, FindsEditedCopiesOfAPhotoAndNoOtherPhoto) {
  const image::Image photo = test::draw_photo(1);
  Looks looks = {
      image::perceptual_hash(photo),
      image::perceptual_hash(*image::decode(image::encode_jpeg(photo, 40))),
      image::perceptual_hash(image::resize(photo, photo.width() / 2, photo.height() / 2)),
      image::perceptual_hash(test::mirrored(photo)),
  };
  std::vector<int> expected(4, 0);
  for (std::uint64_t seed = 2; seed < 30; ++seed) {
    looks.push_back(image::perceptual_hash(test::draw_photo(seed)));
    expected.push_back(static_cast<int>(seed) - 1);
  }
  EXPECT_EQ(groups_among(looks), expected);
}

TEST(GroupByLook, GivesTheSameForAnyNumberOfThreads) {
  Looks looks;
  for (std::uint64_t i = 0; i < 300; ++i) {
    looks.push_back(with_hash(mix_bits(i) & mix_bits(i + 1000) & mix_bits(i + 2000)));
  }
  const std::vector<int> alone = groups_among(looks, 7, 1);
  const int groups = *std::max_element(alone.begin(), alone.end()) + 1;
  EXPECT_GT(groups, 10);
  EXPECT_LT(groups, 290);
  EXPECT_EQ(groups_among(looks, 7, 4), alone);
}

TEST(GroupByLook, HasNothingToDoForNoneAndOne) {
  EXPECT_THAT(groups_among({}), IsEmpty());
  EXPECT_THAT(groups_among({with_hash(0)}), ElementsAre(0));
}

TEST(GroupByLook, CanBeStopped) {
  test::RecordingContext context;
  context.request_stop();
  const Fingerprint one;
  const Fingerprint* const pointers[] = {&one, &one};
  EXPECT_THROW((void)group_by_look(pointers, 10, context), Error);
}

TEST(CountSeparated, CountsPairsOnDifferentSides) {
  const Looks looks = {with_hash(0), with_hash(1), with_hash(3), with_hash(~0ull)};
  const auto separated = [&](const std::vector<Split>& splits, int bits) {
    return with_fingerprints(looks, [&](const std::vector<const Fingerprint*>& pointers) {
      return count_separated(pointers, splits, bits, test::RecordingContext());
    });
  };
  constexpr Split kTrain = Split::kTrain;
  constexpr Split kTest = Split::kTest;
  EXPECT_EQ(separated({kTrain, kTrain, kTrain, kTest}, 10), 0u);
  EXPECT_EQ(separated({kTrain, kTest, kTrain, kTest}, 10), 2u);
  EXPECT_EQ(separated({kTrain, kTrain, Split::kValidation, kTest}, 1), 1u);
}

}  // namespace
}  // namespace winnow::dataset
