#include "winnow/dataset/duplicates.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <set>

#include "support/photo.hpp"
#include "support/recording_context.hpp"
#include "unit/stats/samples.hpp"
#include "winnow/core/random.hpp"
#include "winnow/image/decode.hpp"
#include "winnow/image/encode.hpp"
#include "winnow/image/preprocess.hpp"
#include "winnow/stats/neighbours.hpp"

namespace winnow::dataset {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using Looks = std::vector<image::PerceptualHash>;

std::vector<Fingerprint> fingerprints_of(const Looks& looks) {
  std::vector<Fingerprint> fingerprints(looks.size());
  for (std::size_t i = 0; i < looks.size(); ++i) {
    fingerprints[i].look = looks[i];
    fingerprints[i].sha256 = "content " + std::to_string(i);
  }
  return fingerprints;
}

std::vector<const Fingerprint*> pointers_to(const std::vector<Fingerprint>& fingerprints) {
  std::vector<const Fingerprint*> pointers;
  for (const Fingerprint& fingerprint : fingerprints) pointers.push_back(&fingerprint);
  return pointers;
}

std::vector<std::size_t> everyone(std::size_t count) {
  std::vector<std::size_t> all(count);
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

std::vector<int> groups_among(const Looks& looks, int bits = DuplicateOptions{}.related_bits,
                              unsigned threads = 2) {
  const std::vector<Fingerprint> fingerprints = fingerprints_of(looks);
  const DuplicateOptions options{.same_picture_bits = bits, .related_bits = bits};
  const DuplicateGroups groups =
      find_duplicates({pointers_to(fingerprints)}, options, test::RecordingContext(threads));
  EXPECT_EQ(groups.same, groups.related);
  return groups.related;
}

constexpr std::uint64_t kFar = ~0ull;  // a mirror image that no picture resembles

image::PerceptualHash with_hash(std::uint64_t upright) {
  return {upright, kFar};
}

TEST(FindDuplicates, TakesPicturesWithinTheLimit) {
  const Looks looks = {with_hash(0), with_hash(0x3ff), with_hash(0x7ffff)};
  EXPECT_THAT(groups_among(looks, 10), ElementsAre(0, 0, 0));
  EXPECT_THAT(groups_among(looks, 9), ElementsAre(0, 1, 1));
  EXPECT_THAT(groups_among(looks, 8), ElementsAre(0, 1, 2));
  EXPECT_THAT(groups_among({with_hash(1), with_hash(2), with_hash(1)}, 0), ElementsAre(0, 1, 0));
}

// Each differs from the next in `step` bits, and all in all they go far.
Looks drift(std::size_t count, int step) {
  Looks looks;
  std::uint64_t hash = 0;
  for (std::size_t i = 0; i < count; ++i) {
    CounterRandom random(5, i);
    std::uint64_t flipped = 0;
    while (std::popcount(flipped) < step) flipped |= std::uint64_t{1} << random.below(64);
    hash ^= flipped;
    looks.push_back({hash, mix_bits(i)});
  }
  return looks;
}

TEST(FindDuplicates, TakesFewerBitsWhereHashesTieEverythingTogether) {
  const auto find = [](const Looks& looks, test::RecordingContext& context) {
    const std::vector<Fingerprint> fingerprints = fingerprints_of(looks);
    return find_duplicates({pointers_to(fingerprints)}, {}, context);
  };
  test::RecordingContext context;
  const DuplicateGroups related = find(drift(300, 9), context);
  EXPECT_EQ(related.used.related_bits, 6);
  EXPECT_EQ(related.used.same_picture_bits, 6);
  EXPECT_GT(*std::max_element(related.related.begin(), related.related.end()), 250);
  EXPECT_THAT(context.messages(),
              testing::HasSubstr("hashes count as related up to 6 differing bits, not 10"));

  const DuplicateGroups same = find(drift(300, 4), context);
  EXPECT_EQ(same.used.related_bits, 0);
  EXPECT_EQ(same.used.same_picture_bits, 0);
  EXPECT_GT(*std::max_element(same.same.begin(), same.same.end()), 250);

  // Less than a hundred may well be copies of one picture.
  EXPECT_EQ(find(drift(90, 4), context).used.same_picture_bits, 6);
}

TEST(FindDuplicates, FollowsChains) {
  const Looks looks = {with_hash(0), with_hash(0x0f0f0f0f0f000000), with_hash(0xffff), with_hash(0xff),
                       with_hash(0xffffff)};
  EXPECT_THAT(groups_among(looks, 8), ElementsAre(0, 1, 0, 0, 0));
}

TEST(FindDuplicates, FindsEditedCopiesOfAPhotoAndNoOtherPhoto) {
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

TEST(FindDuplicates, GivesTheSameForAnyNumberOfThreads) {
  Looks looks;
  for (std::uint64_t i = 0; i < 300; ++i) {
    looks.push_back(with_hash(mix_bits(i / 4) ^ (mix_bits(i) & 0x1f)));
  }
  const std::vector<int> alone = groups_among(looks, 7, 1);
  const int groups = *std::max_element(alone.begin(), alone.end()) + 1;
  EXPECT_GT(groups, 10);
  EXPECT_LT(groups, 290);
  EXPECT_EQ(groups_among(looks, 7, 4), alone);
}

TEST(FindDuplicates, HasNothingToDoForNoneAndOne) {
  EXPECT_THAT(groups_among({}), IsEmpty());
  EXPECT_THAT(groups_among({with_hash(0)}), ElementsAre(0));
}

TEST(FindDuplicates, TellsTheSameFromTheRelated) {
  const std::vector<Fingerprint> fingerprints =
      fingerprints_of({with_hash(0), with_hash(0x3f), with_hash(0x3ff0000000), with_hash(0xfffff0000000000)});
  const DuplicateGroups groups = find_duplicates({pointers_to(fingerprints)}, {}, test::RecordingContext());
  EXPECT_THAT(groups.same, ElementsAre(0, 0, 1, 2));
  EXPECT_THAT(groups.related, ElementsAre(0, 0, 0, 1));
}

TEST(FindDuplicates, KnowsEqualBytesWithoutLooking) {
  std::vector<Fingerprint> fingerprints =
      fingerprints_of({with_hash(0), with_hash(kFar), with_hash(0xffffff)});
  fingerprints[2].sha256 = fingerprints[0].sha256;
  EXPECT_THAT(find_duplicates({pointers_to(fingerprints)}, {}, test::RecordingContext()).same,
              ElementsAre(0, 1, 0));
}

TEST(FindDuplicates, SeesAPictureInItsBorder) {
  std::vector<Fingerprint> fingerprints =
      fingerprints_of({with_hash(0x1111), with_hash(0xffffffff0000), with_hash(0x777 << 20)});
  fingerprints[1].inner = image::PerceptualHash{0x1110, kFar};
  EXPECT_EQ(look_distance(fingerprints[0], fingerprints[1]), 1);
  EXPECT_EQ(look_distance(fingerprints[1], fingerprints[0]), 1);
  EXPECT_THAT(find_duplicates({pointers_to(fingerprints)}, {}, test::RecordingContext()).same,
              ElementsAre(0, 0, 1));
}

// Pictures whose hashes say nothing, and embeddings of which `copies` come from the first ones.
class ByEmbedding : public testing::Test {
 protected:
  static constexpr std::size_t kWidth = 64;

  // Row `to` becomes like row `from`, at the given cosine.
  void make_alike(std::size_t from, std::size_t to, float cosine) {
    stats::Matrix pair = units.select(std::vector{from, to});
    float overlap = 0;
    for (std::size_t c = 0; c < kWidth; ++c) overlap += pair.row(0)[c] * pair.row(1)[c];
    stats::Matrix side(1, kWidth);
    for (std::size_t c = 0; c < kWidth; ++c) side.row(0)[c] = pair.row(1)[c] - overlap * pair.row(0)[c];
    stats::normalise_rows(side);
    for (std::size_t c = 0; c < kWidth; ++c) {
      units.row(to)[c] = cosine * pair.row(0)[c] + std::sqrt(1 - cosine * cosine) * side.row(0)[c];
    }
  }

  [[nodiscard]] DuplicateGroups find(unsigned threads = 2) const {
    Looks looks;
    for (std::size_t i = 0; i < units.rows(); ++i) looks.push_back({mix_bits(i), mix_bits(i + 100'000)});
    const std::vector<Fingerprint> fingerprints = fingerprints_of(looks);
    const test::RecordingContext context(threads);
    const DuplicateGroups groups = find_duplicates({pointers_to(fingerprints), &units}, {}, context);
    messages = context.messages();
    return groups;
  }

  static stats::Matrix strangers(std::size_t count) {
    stats::Matrix units = stats::random_matrix(count, kWidth, 9);
    stats::normalise_rows(units);
    return units;
  }

  stats::Matrix units = strangers(100);
  mutable std::string messages;
};

TEST_F(ByEmbedding, TiesWhatTheHashDoesNotSee) {
  make_alike(3, 50, 0.93F);
  make_alike(4, 60, 0.87F);
  make_alike(5, 70, 0.83F);
  const DuplicateGroups groups = find();
  EXPECT_EQ(groups.same[3], groups.same[50]);
  EXPECT_NE(groups.same[4], groups.same[60]);
  EXPECT_EQ(groups.related[3], groups.related[50]);
  EXPECT_EQ(groups.related[4], groups.related[60]);
  EXPECT_NE(groups.related[5], groups.related[70]);
  EXPECT_EQ(std::set(groups.related.begin(), groups.related.end()).size(), 98u);
  EXPECT_EQ(messages, "");
  EXPECT_EQ(find(1).related, find(4).related);
}

TEST_F(ByEmbedding, RaisesTheBarWhereManyResembleEachOther) {
  for (std::size_t i = 0; i < 40; ++i) make_alike(i, i + 50, i < 5 ? 0.99F : 0.91F);
  const DuplicateGroups groups = find();
  EXPECT_GT(groups.used.related_cosine, 0.93F);
  EXPECT_GE(groups.used.same_picture_cosine, groups.used.related_cosine);
  EXPECT_EQ(groups.related[0], groups.related[50]);
  EXPECT_NE(groups.related[30], groups.related[80]);
  EXPECT_THAT(messages, testing::HasSubstr("many pictures resemble each other"));
}

TEST_F(ByEmbedding, RaisesTheBarWhereOneGroupSwallowsTheSet) {
  units = strangers(400);
  for (std::size_t i = 0; i < 400; ++i) units.row(i)[0] += 1.4F;
  stats::normalise_rows(units);
  for (std::size_t i = 1; i < 30; ++i) make_alike(0, i, 0.93F);
  const DuplicateGroups groups = find();
  EXPECT_GT(groups.used.related_cosine, 0.93F);
  EXPECT_NE(groups.related[0], groups.related[1]);
  EXPECT_THAT(messages, testing::HasSubstr("many pictures resemble each other"));
}

TEST_F(ByEmbedding, CountsSeparatedPairs) {
  make_alike(3, 50, 0.93F);
  make_alike(4, 60, 0.8F);
  std::vector<Split> splits(units.rows(), Split::kTrain);
  splits[50] = splits[60] = Split::kTest;
  Looks looks;
  for (std::size_t i = 0; i < units.rows(); ++i) looks.push_back({mix_bits(i), mix_bits(i + 100'000)});
  const std::vector<Fingerprint> fingerprints = fingerprints_of(looks);
  const std::vector<std::size_t> all = everyone(units.rows());
  EXPECT_EQ(count_separated({pointers_to(fingerprints), &units}, all, splits, {}, test::RecordingContext()),
            1u);
  const std::size_t chosen[] = {3, 4, 60};
  const Split sides[] = {Split::kTrain, Split::kTrain, Split::kTest};
  EXPECT_EQ(count_separated({pointers_to(fingerprints), &units}, chosen, sides, {}, test::RecordingContext()),
            0u);
}

TEST_F(ByEmbedding, HasNothingToDoForOne) {
  units = strangers(1);
  EXPECT_THAT(find().related, ElementsAre(0));
}

TEST(FindDuplicates, CanBeStopped) {
  test::RecordingContext context;
  context.request_stop();
  const std::vector<Fingerprint> two = fingerprints_of({with_hash(0), with_hash(1)});
  EXPECT_THROW((void)find_duplicates({pointers_to(two)}, {}, context), Error);
}

TEST(CountSeparated, CountsPairsOnDifferentSides) {
  const std::vector<Fingerprint> fingerprints =
      fingerprints_of({with_hash(0), with_hash(1), with_hash(3), with_hash(~0ull)});
  const auto separated = [&](const std::vector<Split>& splits, int bits) {
    return count_separated({pointers_to(fingerprints)}, everyone(4), splits, {.related_bits = bits},
                           test::RecordingContext());
  };
  constexpr Split kTrain = Split::kTrain;
  constexpr Split kTest = Split::kTest;
  EXPECT_EQ(separated({kTrain, kTrain, kTrain, kTest}, 10), 0u);
  EXPECT_EQ(separated({kTrain, kTest, kTrain, kTest}, 10), 2u);
  EXPECT_EQ(separated({kTrain, kTrain, Split::kValidation, kTest}, 1), 1u);
}

}  // namespace
}  // namespace winnow::dataset
