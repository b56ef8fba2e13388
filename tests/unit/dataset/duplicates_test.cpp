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

// What is known of a picture: how it looks, and a name for its bytes.
struct Known {
  image::PerceptualHash look;
  std::string sha256;
};

std::vector<DuplicatePair> duplicates_among(const std::vector<Known>& pictures,
                                            const DuplicateOptions& options = {}, unsigned threads = 2) {
  std::vector<Fingerprint> fingerprints(pictures.size());
  std::vector<const Fingerprint*> pointers;
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    fingerprints[i].look = pictures[i].look;
    fingerprints[i].sha256 = pictures[i].sha256;
    pointers.push_back(&fingerprints[i]);
  }
  return find_duplicates(pointers, options, test::RecordingContext(threads));
}

std::vector<std::pair<std::size_t, std::size_t>> ends(const std::vector<DuplicatePair>& pairs) {
  std::vector<std::pair<std::size_t, std::size_t>> list;
  for (const DuplicatePair& pair : pairs) list.emplace_back(pair.first, pair.second);
  return list;
}

constexpr std::uint64_t kFar = ~0ull;  // a mirror image that no picture resembles

Known with_hash(std::uint64_t upright, const std::string& sha256) {
  return {{upright, kFar}, sha256};
}

Known of_picture(const image::Image& picture, const std::string& sha256) {
  return {image::perceptual_hash(picture), sha256};
}

TEST(FindDuplicates, TakesPicturesWithinTheLimit) {
  const std::vector<Known> known = {with_hash(0, "a"), with_hash(0x3ff, "b"), with_hash(0x7ff, "c")};
  const std::vector<DuplicatePair> pairs = duplicates_among(known, {.related_bits = 10});
  ASSERT_THAT(ends(pairs), ElementsAre(std::pair(0, 1), std::pair(1, 2)));
  EXPECT_EQ(pairs[0].bits, 10);
  EXPECT_EQ(pairs[1].bits, 1);
  EXPECT_THAT(duplicates_among(known, {.related_bits = 0}), IsEmpty());
}

TEST(FindDuplicates, TellsCopiesOfTheBytesFromCopiesOfTheLook) {
  const std::vector<DuplicatePair> pairs =
      duplicates_among({with_hash(1, "a"), with_hash(1, "a"), with_hash(1, "b")});
  ASSERT_THAT(ends(pairs), ElementsAre(std::pair(0, 1), std::pair(0, 2), std::pair(1, 2)));
  EXPECT_TRUE(pairs[0].exact);
  EXPECT_FALSE(pairs[1].exact);
  EXPECT_FALSE(pairs[2].exact);
}

TEST(FindDuplicates, FindsEditedCopiesOfAPhotoAndNoOtherPhoto) {
  const image::Image photo = test::draw_photo(1);
  std::vector<Known> known = {
      of_picture(photo, "original"),
      of_picture(*image::decode(image::encode_jpeg(photo, 40)), "recompressed"),
      of_picture(image::resize(photo, photo.width() / 2, photo.height() / 2), "smaller"),
      of_picture(test::mirrored(photo), "mirrored"),
  };
  for (std::uint64_t seed = 2; seed < 30; ++seed) {
    known.push_back(of_picture(test::draw_photo(seed), std::to_string(seed)));
  }
  EXPECT_THAT(ends(duplicates_among(known)), ElementsAre(std::pair(0, 1), std::pair(0, 2), std::pair(0, 3),
                                                         std::pair(1, 2), std::pair(1, 3), std::pair(2, 3)));
}

TEST(FindDuplicates, GivesTheSameForAnyNumberOfThreads) {
  std::vector<Known> known;
  for (std::uint64_t i = 0; i < 300; ++i) {
    known.push_back(with_hash(mix_bits(i) & mix_bits(i + 1000) & mix_bits(i + 2000), std::to_string(i)));
  }
  const auto alone = ends(duplicates_among(known, {.related_bits = 10}, 1));
  EXPECT_GT(alone.size(), 100u);
  EXPECT_TRUE(std::is_sorted(alone.begin(), alone.end()));
  EXPECT_EQ(ends(duplicates_among(known, {.related_bits = 10}, 4)), alone);
}

TEST(FindDuplicates, HasNothingToDoForNoneAndOne) {
  EXPECT_THAT(duplicates_among({}), IsEmpty());
  EXPECT_THAT(duplicates_among({with_hash(0, "a")}), IsEmpty());
}

TEST(FindDuplicates, CanBeStopped) {
  test::RecordingContext context;
  context.request_stop();
  const Fingerprint one;
  const Fingerprint* const pointers[] = {&one, &one};
  EXPECT_THROW((void)find_duplicates(pointers, {}, context), Error);
}

std::vector<DuplicatePair> joined(const std::vector<std::pair<std::size_t, std::size_t>>& ends) {
  std::vector<DuplicatePair> pairs;
  for (const auto& [a, b] : ends) pairs.push_back({a, b, 0, false});
  return pairs;
}

TEST(ConnectedGroups, GivesEveryItemItsOwnWithoutPairs) {
  EXPECT_THAT(connected_groups(3, {}), ElementsAre(0, 1, 2));
  EXPECT_THAT(connected_groups(0, {}), IsEmpty());
}

TEST(ConnectedGroups, FollowsChains) {
  EXPECT_THAT(connected_groups(6, joined({{0, 3}, {3, 5}, {1, 2}})), ElementsAre(0, 1, 1, 0, 2, 0));
}

TEST(ConnectedGroups, DoesNotDependOnTheOrderOfThePairs) {
  std::vector<std::pair<std::size_t, std::size_t>> ends;
  for (std::uint64_t i = 0; i < 60; ++i) {
    const std::size_t a = mix_bits(i) % 100;
    const std::size_t b = mix_bits(i + 500) % 100;
    if (a != b) ends.emplace_back(std::min(a, b), std::max(a, b));
  }
  const std::vector<int> forwards = connected_groups(100, joined(ends));
  std::reverse(ends.begin(), ends.end());
  EXPECT_EQ(connected_groups(100, joined(ends)), forwards);
  for (const auto& [a, b] : ends) EXPECT_EQ(forwards[a], forwards[b]);
  EXPECT_GT(*std::max_element(forwards.begin(), forwards.end()), 30);
}

}  // namespace
}  // namespace winnow::dataset
