#include "optimizer.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace winnow::training {
namespace {

class OptimizerTest : public testing::Test {
 protected:
  OptimizerTest() { torch::manual_seed(4); }

  static torch::Tensor loss_of(nn::Network& network, const torch::Tensor& pixels) {
    return network.forward(pixels).logits.square().mean();
  }

  const model::Architecture architecture_ = model::make_architecture("small_resnet", 3);
  const torch::Tensor pixels_ = torch::randint(0, 256, {4, 32, 32, 3}, torch::kUInt8);
};

TEST_F(OptimizerTest, DoesWhatAdamWDoes) {
  nn::Network ours(architecture_);
  nn::Network theirs(architecture_);
  theirs.load(ours.state());
  Optimizer optimizer(ours, {.weight_decay = 0.1, .head_factor = 3, .max_gradient_norm = 0.5});

  std::vector<torch::optim::OptimizerParamGroup> groups;
  for (const auto& entry : theirs.named_parameters(false)) {
    const bool decays = entry.value().dim() > 1;
    const double rate = entry.key().starts_with("head/") ? 3e-3 : 1e-3;
    groups.emplace_back(std::vector<torch::Tensor>{entry.value()},
                        std::make_unique<torch::optim::AdamWOptions>(
                            torch::optim::AdamWOptions(rate).weight_decay(decays ? 0.1 : 0)));
  }
  torch::optim::AdamW reference(groups, torch::optim::AdamWOptions(1e-3));

  for (int step = 0; step < 4; ++step) {
    optimizer.zero_gradient();
    loss_of(ours, pixels_).backward();
    const double norm = optimizer.step(1e-3);
    reference.zero_grad();
    loss_of(theirs, pixels_).backward();
    const double reference_norm = torch::nn::utils::clip_grad_norm_(theirs.parameters(), 0.5);
    EXPECT_NEAR(norm, reference_norm, 1e-3 * reference_norm);
    reference.step();
  }
  const model::TensorMap ours_now = ours.state();
  for (const auto& [name, tensor] : theirs.state()) {
    for (std::size_t i = 0; i < tensor.values.size(); ++i) {
      ASSERT_NEAR(ours_now.at(name).values[i], tensor.values[i], 2e-4) << name;
    }
  }
}

TEST_F(OptimizerTest, AGradientThatIsNotANumberChangesNothing) {
  nn::Network network(architecture_);
  Optimizer optimizer(network, {});
  const model::TensorMap before = network.state();
  optimizer.gradient().fill_(std::numeric_limits<float>::quiet_NaN());
  EXPECT_TRUE(std::isnan(optimizer.step(1)));
  const model::TensorMap after = network.state();
  for (const auto& [name, tensor] : before) EXPECT_EQ(after.at(name).values, tensor.values) << name;
}

TEST_F(OptimizerTest, PutsTheAverageInAndTheWeightsBack) {
  nn::Network network(architecture_);
  Optimizer optimizer(network, {});
  loss_of(network, pixels_).backward();
  (void)optimizer.step(0.1);
  const std::vector<float> weights = network.state().at("head.weight").values;
  {
    const Optimizer::UseWeights average(optimizer, optimizer.average());
    EXPECT_NE(network.state().at("head.weight").values, weights);
  }
  EXPECT_EQ(network.state().at("head.weight").values, weights);
}

}  // namespace
}  // namespace winnow::training
