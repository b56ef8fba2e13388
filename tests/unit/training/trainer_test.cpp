#include "trainer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <chrono>
#include <set>
#include <thread>

#include "support/drawing.hpp"
#include "support/recording_context.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/error.hpp"

namespace winnow::training {
namespace {

using testing::HasSubstr;

constexpr int kSize = 32;

// While it lives, no file can grow beyond so many bytes: what a full disk looks like to a program.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  sighandler_t handler_;
};

class TrainerTest : public testing::Test {
 protected:
  TrainerTest() {
    test::write_scene_tree(folder_ / "set", 10);
    data_ = dataset::open_dataset(folder_ / "set");
    std::vector<std::size_t> train;
    std::vector<std::size_t> validation;
    for (std::size_t i = 0; i < data_.samples.size(); ++i) (i % 5 == 4 ? validation : train).push_back(i);
    const image::Preprocessing preprocessing{.size = kSize};
    training_.emplace(data_, train, with_margin(preprocessing), PictureStoreOptions{}, context_);
    validation_.emplace(data_, validation, preprocessing, PictureStoreOptions{}, context_);
    options_.size = kSize;
    options_.epochs = 4;
    options_.batch_size = 4;
    files_ = {.best = folder_ / "best.ckpt", .last = folder_ / "last.ckpt", .config = to_json(options_)};
    files_.metadata.architecture = architecture_.name;
    files_.metadata.classes = data_.classes;
    files_.metadata.preprocessing = preprocessing;
  }

  model::TensorMap train(
      const Context& context, const std::optional<model::Checkpoint>& resume_from = {},
      const std::function<void(const EpochResult&)>& on_epoch = [](const EpochResult&) {}) {
    return train_network({architecture_, nullptr, *training_, *validation_, alone_}, options_, files_,
                         resume_from, context, on_epoch);
  }

  static void expect_equal(const model::TensorMap& a, const model::TensorMap& b) {
    ASSERT_EQ(a.size(), b.size());
    for (const auto& [name, tensor] : a) EXPECT_EQ(tensor.values, b.at(name).values) << name;
  }

  test::TemporaryFolder folder_;
  test::RecordingContext context_;
  dataset::Dataset data_;
  std::optional<PictureStore> training_, validation_;
  const model::Architecture architecture_ = model::make_architecture("small_resnet", 3);
  nn::Team alone_;
  TrainerOptions options_;
  TrainerFiles files_;
};

TEST_F(TrainerTest, BrokenOffAnywhereAndResumedItArrivesAtTheSameWeights) {
  const model::TensorMap unbroken = train(context_);
  const std::vector<std::size_t> places = {0, 3, 8, 20};
  std::set<std::pair<int, std::size_t>> stopped_at;
  for (const std::size_t milliseconds : places) {
    test::RecordingContext stopped;
    std::jthread stopper;
    int epochs = 0;
    try {
      (void)train(stopped, {}, [&](const EpochResult&) {
        if (++epochs > 1) return;
        stopper = std::jthread([&] {
          std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
          stopped.request_stop();
        });
      });
      continue;  // it was faster
    } catch (const Error& error) {
      ASSERT_EQ(error.kind(), ErrorKind::kCancelled);
    }
    const model::Checkpoint state = model::read_checkpoint(files_.last);
    stopped_at.emplace(state.training_state.at("epoch").get<int>(),
                       state.training_state.at("step").get<std::size_t>());
    int seen = 0;
    expect_equal(unbroken, train(context_, state, [&](const EpochResult& epoch) {
                   EXPECT_EQ(epoch.epoch, ++seen);  // the earlier ones come first
                 }));
    EXPECT_EQ(seen, options_.epochs);
  }
  EXPECT_FALSE(stopped_at.empty());
}

TEST_F(TrainerTest, WhatIsLeftWhenTheProcessIsKilledIsEnoughToGoOn) {
  // What lies on the disk after the first epoch, whatever comes later.
  std::optional<model::Checkpoint> left;
  const model::TensorMap unbroken = train(context_, {}, [&](const EpochResult& epoch) {
    if (epoch.epoch == 2) left = model::read_checkpoint(files_.last);
  });
  ASSERT_TRUE(left);
  expect_equal(unbroken, train(context_, left));
}

TEST_F(TrainerTest, AFullDiskCostsAWarningAndNotTheLastCheckpoint) {
  (void)train(context_);
  const std::string before = test::read_text(files_.last);
  test::RecordingContext context;
  const FileSizeLimit limit(1'000'000);
  (void)train(context);
  EXPECT_THAT(context.messages(), HasSubstr("training goes on, and what was saved before is still there"));
  EXPECT_EQ(test::read_text(files_.last), before);
}

TEST_F(TrainerTest, ALossThatGrowsBeyondGuessingStopsTheRunAndKeepsTheCheckpoint) {
  options_.epochs = 1;
  (void)train(context_);
  const std::string before = test::read_text(files_.last);
  options_.epochs = 2;
  options_.learning_rate = 1e6;
  try {
    (void)train(context_);
    FAIL() << "it went on";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalid);
    EXPECT_THAT(error.what(), HasSubstr("use a lower --lr"));
  }
  EXPECT_EQ(test::read_text(files_.last), before);
}

TEST_F(TrainerTest, FrozenStatisticsStayAsTheyAre) {
  options_.epochs = 1;
  const model::TensorMap start = train(context_);
  options_.freeze_statistics = true;
  const model::TensorMap tuned = train_network({architecture_, &start, *training_, *validation_, alone_},
                                               options_, files_, {}, context_, [](const EpochResult&) {});
  for (const auto& [name, tensor] : start) {
    if (name.ends_with("running_mean") || name.ends_with("running_var")) {
      EXPECT_EQ(tensor.values, tuned.at(name).values) << name;
    } else {
      EXPECT_NE(tensor.values, tuned.at(name).values) << name;
    }
  }
}

TEST_F(TrainerTest, HalfPrecisionLearnsTheSame) {
  options_.epochs = 6;
  std::vector<double> losses;
  for (const Precision precision : {Precision::kFloat32, Precision::kBFloat16}) {
    options_.precision = precision;
    (void)train(context_, {}, [&](const EpochResult& epoch) {
      if (epoch.epoch == options_.epochs) losses.push_back(epoch.train_loss);
    });
  }
  ASSERT_EQ(losses.size(), 2u);
  EXPECT_NEAR(losses[0], losses[1], 0.2);
}

TEST_F(TrainerTest, TriesStepsInThePrecisionThatItRecommends) {
  options_.precision = Precision::kAuto;
  const StepTrial trial = try_steps(architecture_, options_, context_);
  EXPECT_NE(trial.precision, Precision::kAuto);
  EXPECT_GT(trial.seconds, 0);
}

TEST_F(TrainerTest, ADeviceThatIsNotThereIsRefused) {
  if (choose_device(Device::kAuto) == Device::kCuda) GTEST_SKIP() << "this machine has a CUDA device";
  EXPECT_THROW((void)choose_device(Device::kCuda), Error);
}

}  // namespace
}  // namespace winnow::training
