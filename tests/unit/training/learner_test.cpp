#include "learner.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <utility>

#include "support/free_port.hpp"
#include "winnow/core/random.hpp"

namespace winnow::training {
namespace {

constexpr int kSize = 32;
constexpr int kBatch = 8;

TrainingBatch draw_batch() {
  TrainingBatch batch;
  batch.size = kSize;
  batch.global_count = kBatch;
  CounterRandom random(8);
  batch.pixels.resize(std::size_t{kBatch} * 3 * kSize * kSize);
  for (std::uint8_t& value : batch.pixels) value = static_cast<std::uint8_t>(random.below(256));
  for (int i = 0; i < kBatch; ++i) {
    batch.labels.push_back(i % 3);
    batch.partner_labels.push_back((i + 1) % 3);
    batch.label_weights.push_back(0.7F);
  }
  return batch;
}

// What rank `rank` of `size` gets of it.
TrainingBatch part_of(const TrainingBatch& whole, int rank, int size) {
  TrainingBatch part;
  part.size = whole.size;
  part.global_count = whole.global_count;
  const std::size_t bytes = whole.pixels.size() / whole.labels.size();
  for (auto i = static_cast<std::size_t>(rank); i < whole.labels.size();
       i += static_cast<std::size_t>(size)) {
    part.pixels.insert(part.pixels.end(), whole.pixels.begin() + static_cast<std::ptrdiff_t>(i * bytes),
                       whole.pixels.begin() + static_cast<std::ptrdiff_t>((i + 1) * bytes));
    part.labels.push_back(whole.labels[i]);
    part.partner_labels.push_back(whole.partner_labels[i]);
    part.label_weights.push_back(whole.label_weights[i]);
  }
  return part;
}

// The largest difference as a share of the largest value.
double difference(const torch::Tensor& a, const torch::Tensor& b) {
  return ((a - b).abs().max() / b.abs().max()).item<double>();
}

class TwoLearners : public testing::TestWithParam<std::pair<std::string, bool>> {};

TEST_P(TwoLearners, WithHalfOfABatchEachDoWhatOneDoesWithAllOfIt) {
  const auto [name, frozen] = GetParam();
  const model::Architecture architecture = model::make_architecture(name, 3, kSize);
  TrainerOptions options;
  options.size = kSize;
  options.batch_size = kBatch;
  options.freeze_statistics = frozen;
  const TrainingBatch batch = draw_batch();

  nn::Team alone;
  Learner single(architecture, nullptr, options, alone, 10);
  const double loss = single.step(batch, 0);

  // Threads do as processes would; learners are made one by one, for all draw from one generator.
  const int port = test::free_port();
  std::vector<nn::Team> teams(2);
  {
    std::vector<std::jthread> members;
    for (int rank = 0; rank < 2; ++rank) {
      members.emplace_back([&, rank] {
        teams[static_cast<std::size_t>(rank)] =
            nn::Team({.rank = rank, .size = 2, .local_rank = rank, .host = "127.0.0.1", .port = port});
      });
    }
  }
  std::vector<std::unique_ptr<Learner>> learners;
  for (nn::Team& team : teams)
    learners.push_back(std::make_unique<Learner>(architecture, nullptr, options, team, 10));
  {
    std::vector<std::jthread> members;
    for (int rank = 0; rank < 2; ++rank) {
      members.emplace_back([&, rank] {
        EXPECT_NEAR(learners[static_cast<std::size_t>(rank)]->step(part_of(batch, rank, 2), 0), loss, 1e-5);
      });
    }
  }
  // A step at rate zero leaves the weights as they are and the clipped gradient where it was.
  for (const auto& learner : learners) {
    EXPECT_LT(difference(learner->optimizer().gradient(), single.optimizer().gradient()), 1e-5);
    EXPECT_LT(difference(learner->optimizer().state().weights, single.optimizer().state().weights), 1e-5);
  }
  EXPECT_TRUE(torch::equal(learners[0]->optimizer().gradient(), learners[1]->optimizer().gradient()));
  EXPECT_TRUE(
      torch::equal(learners[0]->optimizer().state().weights, learners[1]->optimizer().state().weights));
}

INSTANTIATE_TEST_SUITE_P(Networks, TwoLearners,
                         testing::Values(std::pair<std::string, bool>{"small_resnet", false},
                                         std::pair<std::string, bool>{"small_resnet", true},
                                         std::pair<std::string, bool>{"airbench", false},
                                         std::pair<std::string, bool>{"efficientnet_lite0", true}));

}  // namespace
}  // namespace winnow::training
