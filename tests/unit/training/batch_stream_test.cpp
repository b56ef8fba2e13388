#include "batch_stream.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>
#include <string>

#include "support/photo.hpp"
#include "support/recording_context.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/image/encode.hpp"

namespace winnow::training {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

// Drawn and decoded once for all tests: small photographs of two classes.
const PictureStore& photos(std::size_t count) {
  static const auto load = [](std::size_t wanted) {
    const test::TemporaryFolder folder;
    const test::RecordingContext context;
    dataset::Dataset data{.root = folder.path()};
    std::vector<std::size_t> samples;
    for (std::size_t i = 0; i < wanted; ++i) {
      const std::string name = std::to_string(i) + ".jpg";
      folder.write(name, as_text(image::encode_jpeg(test::draw_photo(i + 1, 24, 24))));
      data.samples.push_back({.path = name, .label = i % 10 == 0 ? 1 : 0});
      samples.push_back(i);
    }
    return PictureStore(data, samples, {.size = 20, .crop_fraction = 1}, {}, context);
  };
  static std::map<std::size_t, PictureStore> stores;
  const auto found = stores.find(count);
  if (found != stores.end()) return found->second;
  return stores.emplace(count, load(count)).first->second;
}

BatchOptions options_of(std::size_t batch_size) {
  return {.sizes = {16}, .batch_size = batch_size, .augment = scratch_augmentation()};
}

BatchOptions mixed_options(std::size_t batch_size) {
  BatchOptions options = options_of(batch_size);
  options.mix = {.mixup_alpha = 0.4, .cutmix_alpha = 1};
  return options;
}

std::vector<TrainingBatch> take(const BatchOptions& options, std::size_t count, std::size_t pictures = 50,
                                BatchPosition start = {}) {
  BatchStream stream(photos(pictures), options, start);
  std::vector<TrainingBatch> batches;
  while (batches.size() < count) batches.push_back(stream.next());
  return batches;
}

std::vector<std::uint8_t> picture_of(const TrainingBatch& batch, std::size_t index) {
  const std::size_t bytes = batch.pixels.size() / batch.samples.size();
  const auto first = batch.pixels.begin() + static_cast<std::ptrdiff_t>(index * bytes);
  return {first, first + static_cast<std::ptrdiff_t>(bytes)};
}

void expect_equal(const TrainingBatch& a, const TrainingBatch& b) {
  EXPECT_EQ(a.position.epoch, b.position.epoch);
  EXPECT_EQ(a.position.step, b.position.step);
  EXPECT_EQ(a.size, b.size);
  EXPECT_EQ(a.pixels, b.pixels);
  EXPECT_EQ(a.labels, b.labels);
  EXPECT_EQ(a.partner_labels, b.partner_labels);
  EXPECT_EQ(a.label_weights, b.label_weights);
  EXPECT_EQ(a.samples, b.samples);
  EXPECT_EQ(a.global_count, b.global_count);
}

std::string error_of(const BatchOptions& options, std::size_t pictures = 50, BatchPosition start = {}) {
  try {
    const BatchStream stream(photos(pictures), options, start);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalid);
    return error.what();
  }
  return "no error";
}

TEST(BatchStream, ShowsEveryPictureOnceAnEpochInAnotherOrder) {
  const std::vector<TrainingBatch> batches = take(options_of(16), 8);
  std::vector<std::vector<std::size_t>> epochs(2);
  for (std::size_t i = 0; i < batches.size(); ++i) {
    const TrainingBatch& batch = batches[i];
    EXPECT_EQ(batch.position.epoch, static_cast<int>(i / 4) + 1);
    EXPECT_EQ(batch.position.step, i % 4);
    EXPECT_EQ(batch.samples.size(), i % 4 == 3 ? 2u : 16u);
    EXPECT_EQ(batch.global_count, batch.samples.size());
    EXPECT_EQ(batch.pixels.size(), batch.samples.size() * 16 * 16 * 3);
    EXPECT_THAT(batch.label_weights, Each(1.0F));
    EXPECT_EQ(batch.partner_labels, batch.labels);
    for (std::size_t k = 0; k < batch.samples.size(); ++k) {
      EXPECT_EQ(batch.labels[k], batch.samples[k] % 10 == 0 ? 1 : 0);
      epochs[i / 4].push_back(batch.samples[k]);
    }
  }
  EXPECT_NE(epochs[0], epochs[1]);
  for (std::vector<std::size_t>& epoch : epochs) {
    EXPECT_EQ(std::set<std::size_t>(epoch.begin(), epoch.end()).size(), 50u);
    EXPECT_EQ(epoch.size(), 50u);
    EXPECT_FALSE(std::ranges::is_sorted(epoch));
  }
}

TEST(BatchStream, PixelsAreThoseOfTheAugmentation) {
  const BatchOptions options = options_of(8);
  const TrainingBatch batch = take(options, 1).front();
  const PictureStore& store = photos(50);
  for (std::size_t i = 0; i < 8; ++i) {
    std::vector<std::uint8_t> expected(16 * 16 * 3);
    augment(store.picture(batch.samples[i]), 20, expected, 16, options.augment, {1, 1, batch.samples[i], 0});
    EXPECT_EQ(picture_of(batch, i), expected);
  }
}

TEST(BatchStream, IsTheSameWhateverTheThreads) {
  BatchOptions options = mixed_options(8);
  const std::vector<TrainingBatch> expected = take(options, 20);
  options.threads = 4;
  options.ahead = 7;
  const std::vector<TrainingBatch> batches = take(options, 20);
  for (std::size_t i = 0; i < expected.size(); ++i) expect_equal(batches[i], expected[i]);
  options.seed = 2;
  EXPECT_NE(take(options, 1).front().samples, expected.front().samples);
}

TEST(BatchStream, GoesOnInTheMiddleOfAnEpoch) {
  for (const double balance : {0.0, 0.5}) {
    BatchOptions options = mixed_options(8);
    options.balance = balance;
    const std::vector<TrainingBatch> unbroken = take(options, 21);  // of 7 an epoch
    const std::vector<TrainingBatch> resumed = take(options, 11, 50, {.epoch = 2, .step = 3});
    for (std::size_t i = 0; i < resumed.size(); ++i) expect_equal(resumed[i], unbroken[10 + i]);
    // The end of one epoch is the beginning of the next.
    expect_equal(take(options, 1, 50, {.epoch = 1, .step = 7}).front(), unbroken[7]);
  }
}

TEST(BatchStream, RanksTogetherSeeWhatOneProcessSees) {
  for (const unsigned world : {2u, 3u}) {
    for (const double balance : {0.0, 1.0}) {
      BatchOptions options = mixed_options(12);
      options.balance = balance;
      const std::vector<TrainingBatch> whole = take(options, 9, 56);  // the last of an epoch has 8
      options.world = world;
      for (unsigned rank = 0; rank < world; ++rank) {
        options.rank = rank;
        const std::vector<TrainingBatch> shard = take(options, 9, 56);
        for (std::size_t i = 0; i < shard.size(); ++i) {
          EXPECT_EQ(shard[i].global_count, whole[i].samples.size());
          std::size_t at = rank;
          for (std::size_t k = 0; k < shard[i].samples.size(); ++k, at += world) {
            ASSERT_EQ(shard[i].samples[k], whole[i].samples[at]);
            EXPECT_EQ(shard[i].labels[k], whole[i].labels[at]);
            EXPECT_EQ(shard[i].partner_labels[k], whole[i].partner_labels[at]);
            EXPECT_EQ(shard[i].label_weights[k], whole[i].label_weights[at]);
            EXPECT_EQ(picture_of(shard[i], k), picture_of(whole[i], at));
          }
          EXPECT_GE(at, whole[i].samples.size());
        }
      }
    }
  }
}

TEST(BatchStream, MixesEachPictureWithTheOneAtTheOtherEnd) {
  BatchOptions options = mixed_options(10);
  const std::vector<TrainingBatch> mixed = take(options, 20);
  options.mix_epochs = 2;
  const std::vector<TrainingBatch> until_two = take(options, 20);
  options.mix = {};
  const std::vector<TrainingBatch> plain = take(options, 20);
  for (std::size_t i = 0; i < mixed.size(); ++i) {
    expect_equal(until_two[i], i < 10 ? mixed[i] : plain[i]);
    EXPECT_EQ(mixed[i].samples, plain[i].samples);
    const Mix mix = draw_mix({.mixup_alpha = 0.4, .cutmix_alpha = 1}, 1, mixed[i].position.epoch,
                             mixed[i].position.step, 16);
    EXPECT_THAT(mixed[i].label_weights, Each(static_cast<float>(mix.label_weight)));
    for (std::size_t k = 0; k < 10; ++k) {
      EXPECT_EQ(mixed[i].partner_labels[k], plain[i].labels[9 - k]);
      std::vector<std::uint8_t> expected = picture_of(plain[i], k);
      apply_mix(mix, expected, picture_of(plain[i], 9 - k), 16);
      EXPECT_EQ(picture_of(mixed[i], k), expected);
    }
  }
}

TEST(BatchStream, ASinglePictureAtTheEndJoinsTheNextShuffle) {
  EXPECT_EQ(BatchStream(photos(50), options_of(7)).steps_per_epoch(), 7u);   // 50 = 7 * 7 + 1
  EXPECT_EQ(BatchStream(photos(50), options_of(16)).steps_per_epoch(), 4u);  // 50 = 3 * 16 + 2
  EXPECT_EQ(BatchStream(photos(50), options_of(64)).steps_per_epoch(), 1u);
  EXPECT_EQ(take(options_of(64), 1).front().samples.size(), 50u);
  BatchOptions two = options_of(16);
  two.world = 2;
  EXPECT_EQ(BatchStream(photos(50), two).steps_per_epoch(), 3u);  // one for each rank is not enough
  std::set<std::size_t> seen;
  for (const TrainingBatch& batch : take(options_of(7), 70)) {
    EXPECT_EQ(batch.samples.size(), 7u);
    seen.insert(batch.samples.begin(), batch.samples.end());
  }
  EXPECT_EQ(seen.size(), 50u);
}

TEST(BatchStream, BalanceDrawsRareClassesMoreOften) {
  BatchOptions options = options_of(50);
  const auto rare_in = [&](double balance, std::size_t epochs) {
    options.balance = balance;
    std::int64_t rare = 0;
    for (const TrainingBatch& batch : take(options, epochs)) {
      EXPECT_EQ(batch.labels.size(), 50u);
      rare += std::count(batch.labels.begin(), batch.labels.end(), 1);
    }
    return static_cast<double>(rare) / static_cast<double>(epochs);
  };
  EXPECT_EQ(rare_in(0, 3), 5);             // 5 of 50
  EXPECT_NEAR(rare_in(0.5, 20), 12.5, 1);  // 5 / sqrt 5 : 45 / sqrt 45 = 1 : 3
  EXPECT_NEAR(rare_in(1, 20), 25, 1);
}

TEST(BatchStream, BalanceSpreadsTheDrawsEvenly) {
  BatchOptions options = options_of(50);
  options.balance = 1;
  std::map<std::size_t, int> total;
  for (const TrainingBatch& batch : take(options, 40)) {
    std::map<std::size_t, int> count;
    for (const std::size_t sample : batch.samples) {
      ++count[sample];
      ++total[sample];
    }
    for (const auto& [sample, times] : count) {
      EXPECT_LE(times, sample % 10 == 0 ? 6 : 1) << sample;  // due are 5 and 0.56
      EXPECT_GE(times, sample % 10 == 0 ? 4 : 1) << sample;
    }
  }
  for (std::size_t sample = 0; sample < 50; ++sample) {
    const double due = sample % 10 == 0 ? 40 * 5 : 40 * 25.0 / 45;
    EXPECT_NEAR(total[sample], due, 14) << sample;
  }
}

TEST(BatchStream, CopiesOfAPictureAreAugmentedEachInItsOwnWay) {
  BatchOptions options = options_of(50);
  options.balance = 1;
  const TrainingBatch batch = take(options, 1).front();
  std::set<std::string> looks;
  std::size_t copies = 0;
  for (std::size_t i = 0; i < batch.samples.size(); ++i) {
    if (batch.samples[i] != 0) continue;
    ++copies;
    const std::vector<std::uint8_t> pixels = picture_of(batch, i);
    looks.emplace(pixels.begin(), pixels.end());
  }
  EXPECT_GE(copies, 4u);
  EXPECT_EQ(looks.size(), copies);
}

TEST(BatchStream, PicturesMayGrowFromEpochToEpoch) {
  BatchOptions options = options_of(25);
  options.sizes = {8, 12, 16};
  std::vector<int> sizes;
  for (const TrainingBatch& batch : take(options, 8)) {
    sizes.push_back(batch.size);
    EXPECT_EQ(batch.pixels.size(), static_cast<std::size_t>(25 * batch.size * batch.size * 3));
  }
  EXPECT_THAT(sizes, ElementsAre(8, 8, 12, 12, 16, 16, 16, 16));
}

TEST(BatchStream, EndsCleanlyAtAnyTime) {
  for (std::size_t taken = 0; taken < 4; ++taken) {
    BatchOptions options = mixed_options(8);
    options.threads = 3;
    options.ahead = 2;
    EXPECT_EQ(take(options, taken).size(), taken);
  }
}

TEST(BatchStream, HandsOnWhatWentWrong) {
  BatchOptions options = options_of(2);
  options.sizes = {16, 1'700'000'000};  // more bytes than can be counted
  BatchStream stream(photos(50), options);
  for (int i = 0; i < 25; ++i) EXPECT_EQ(stream.next().samples.size(), 2u);
  EXPECT_THROW(static_cast<void>(stream.next()), std::length_error);
  EXPECT_THROW(static_cast<void>(stream.next()), std::length_error);
}

TEST(BatchStream, RefusesWhatMakesNoSense) {
  const auto with = [](auto change) {
    BatchOptions options = options_of(8);
    change(options);
    return error_of(options);
  };
  EXPECT_THAT(with([](BatchOptions& o) { o.sizes = {}; }), HasSubstr("no picture size"));
  EXPECT_THAT(with([](BatchOptions& o) { o.sizes = {16, 0}; }), HasSubstr("cannot be 0 px"));
  EXPECT_THAT(with([](BatchOptions& o) { o.world = 2, o.rank = 2; }), HasSubstr("no rank 2 of 2"));
  EXPECT_THAT(with([](BatchOptions& o) { o.batch_size = 1, o.world = 2; }),
              HasSubstr("batch of 1 cannot be shared"));
  EXPECT_THAT(with([](BatchOptions& o) { o.batch_size = 0; }), HasSubstr("batch of 0"));
  EXPECT_THAT(with([](BatchOptions& o) { o.batch_size = 100, o.world = 26; }), HasSubstr("too few for 26"));
  EXPECT_THAT(with([](BatchOptions& o) { o.threads = 0; }), HasSubstr("nobody"));
  EXPECT_THAT(with([](BatchOptions& o) { o.ahead = 0; }), HasSubstr("nobody"));
  EXPECT_THAT(with([](BatchOptions& o) { o.augment = {.crop = CropRule::kShifted}, o.sizes = {21}; }),
              HasSubstr("21 px do not fit into pictures of 20"));
  EXPECT_THAT(with([](BatchOptions& o) { o.augment = {.crop = CropRule::kShifted, .pad = 20}; }),
              HasSubstr("cannot be padded by 20"));
  EXPECT_THAT(error_of(options_of(8), 50, {.epoch = 0}), HasSubstr("epochs count from 1"));
}

}  // namespace
}  // namespace winnow::training
