#include "winnow/nn/network.hpp"

#include <gtest/gtest.h>

#include "support/built.hpp"
#include "support/formula_weights.hpp"
#include "winnow/core/error.hpp"

namespace winnow::nn {
namespace {

// One picture [1, side, side, 3] whose pixel is (7 row + 3 column + 11 channel) mod 256.
torch::Tensor draw_ramp(int side) {
  torch::Tensor pixels = torch::empty({1, side, side, 3}, torch::kUInt8);
  auto view = pixels.accessor<std::uint8_t, 4>();
  for (int y = 0; y < side; ++y) {
    for (int x = 0; x < side; ++x) {
      for (int c = 0; c < 3; ++c)
        view[0][y][x][c] = static_cast<std::uint8_t>((7 * y + 3 * x + 11 * c) % 256);
    }
  }
  return pixels;
}

void expect_first_logits(const torch::Tensor& logits, std::initializer_list<float> expected) {
  int i = 0;
  for (const float value : expected) EXPECT_NEAR(logits[0][i++].item<float>(), value, 1e-3);
}

class PretrainedNetwork : public testing::Test {
 protected:
  PretrainedNetwork() {
    network_.load(model::read_safetensors(test::pretrained_weights()).tensors);
    network_.eval();
  }

  torch::NoGradGuard no_grad_;
  Network network_{model::make_architecture("efficientnet_lite0", 1000)};
};

// Values of an independent implementation on the same weights.
TEST_F(PretrainedNetwork, GivesTheGoldenLogitsOfAnAllGreyPicture) {
  const torch::Tensor logits = network_.forward(torch::full({1, 224, 224, 3}, 127, torch::kUInt8)).logits;
  expect_first_logits(logits, {0.03259F, -0.01573F, 0.00504F, 0.05765F, 0.05944F});
  EXPECT_EQ(logits.argmax(1).item<std::int64_t>(), 649);
}

TEST_F(PretrainedNetwork, GivesTheGoldenLogitsAndEmbeddingOfARamp) {
  const NetworkOutput output = network_.forward(draw_ramp(224));
  expect_first_logits(output.logits, {-0.48470F, -1.05532F, 0.57535F, -1.31254F, -1.00889F});
  EXPECT_EQ(output.logits.argmax(1).item<std::int64_t>(), 905);
  EXPECT_NEAR(output.logits.max().item<float>(), 9.9148, 1e-3);
  EXPECT_NEAR(output.embedding.norm().item<float>(), 17.5139, 1e-3);
  EXPECT_NEAR(output.embedding.sum().item<float>(), 195.751, 1e-2);
}

TEST_F(PretrainedNetwork, TakesPicturesOfOddSizes) {
  const NetworkOutput output = network_.forward(torch::full({2, 97, 131, 3}, 60, torch::kUInt8));
  EXPECT_EQ(output.features.sizes(), (torch::IntArrayRef{2, 1280, 4, 5}));
  EXPECT_TRUE(output.logits.isfinite().all().item<bool>());
}

struct Golden {
  std::string name;
  int size;
  int classes;
  std::vector<float> logits;
};

class GoldenLogits : public testing::TestWithParam<Golden> {};

// Values that golden_logits.py printed, with PyTorch's, torchvision's and timm's own networks.
TEST_P(GoldenLogits, AreThoseOfAnIndependentImplementation) {
  const Golden& golden = GetParam();
  const model::Architecture architecture = model::make_architecture(golden.name, golden.classes, golden.size);
  const torch::NoGradGuard no_grad;
  Network network(architecture);
  network.load(test::formula_weights(architecture));
  network.eval();
  const torch::Tensor logits = network.forward(draw_ramp(golden.size)).logits;
  for (std::size_t i = 0; i < golden.logits.size(); ++i) {
    const float tolerance = 1e-3F * std::max(1.0F, std::abs(golden.logits[i]));
    EXPECT_NEAR(logits[0][static_cast<std::int64_t>(i)].item<float>(), golden.logits[i], tolerance) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Networks, GoldenLogits,
    testing::Values(
        Golden{"efficientnet_lite0", 224, 1000, {0.18442F, -0.50915F, 0.10581F, -0.16957F, -0.37095F}},
        Golden{"efficientnet_lite1", 240, 1000, {-0.08485F, 0.25865F, 0.41339F, 0.53173F, 0.18842F}},
        Golden{"efficientnet_lite2", 260, 1000, {-0.52217F, 0.92594F, -0.02363F, -0.06029F, -0.15962F}},
        Golden{"resnet18", 224, 1000, {-9.42573F, -7.98208F, -8.26772F, 5.00341F, -0.37861F}},
        Golden{"resnet50", 225, 1000, {1.01569F, 22.85830F, 3.52197F, 2.81032F, -12.89286F}},
        Golden{"small_resnet", 96, 10, {1.16388F, 0.57061F, -0.91751F, 1.64530F, -1.59804F}},
        Golden{"small_resnet", 28, 10, {0.46705F, 0.43945F, -0.65911F, 1.07560F, -0.93437F}},
        Golden{"airbench", 32, 10, {-1.78312F, 0.14374F, 0.00315F, 0.31851F, -4.64415F}},
        Golden{"doom68", 68, 10, {0.32827F, -1.93645F, -0.87682F, -0.22113F, 0.52065F}}),
    [](const auto& test) { return test.param.name + "_" + std::to_string(test.param.size); });

class EveryNetwork : public testing::TestWithParam<std::string> {};

// Every parameter gets a gradient, so that none is there for nothing.
TEST_P(EveryNetwork, LearnsEveryParameter) {
  torch::manual_seed(1);
  Network network(model::make_architecture(GetParam(), 3, 64));
  const torch::Tensor pixels = torch::randint(0, 256, {4, 64, 64, 3}, torch::kUInt8);
  torch::nn::functional::cross_entropy(network.forward(pixels).logits, torch::arange(4) % 3).backward();
  for (const auto& parameter : network.named_parameters()) {
    if (!parameter.value().requires_grad()) continue;  // a layer that whitens
    EXPECT_GT(parameter.value().grad().abs().sum().item<float>(), 0) << parameter.key();
  }
}

// Unfolded and folded, from the batch's statistics and from running ones that equal them: but for being
// unbiased, which is worth 1/2000 in a layer of a thousand numbers a channel.
TEST(Network, AnswersAlikeInTrainAndEvalModeOnceItKnowsTheStatistics) {
  const torch::NoGradGuard no_grad;
  for (const char* name : {"small_resnet", "airbench"}) {
    model::Architecture architecture = model::make_architecture(name, 3, 64);
    architecture.norm_momentum = 1;
    torch::manual_seed(4);
    Network network(architecture);
    const torch::Tensor pixels = torch::randint(0, 256, {16, 64, 64, 3}, torch::kUInt8);
    const torch::Tensor expected = network.forward(pixels).logits;
    network.eval();
    const torch::Tensor difference = (network.forward(pixels).logits - expected).abs().max();
    EXPECT_LT(difference.item<float>(), 0.02 * expected.abs().max().item<float>()) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Known, EveryNetwork, testing::ValuesIn(model::architecture_names()));

TEST(Network, StartsAirbenchConvolutionsByPassingTheirInputOn) {
  torch::manual_seed(1);
  const model::TensorMap state = Network(model::make_architecture("airbench", 3)).state();
  const model::Tensor& weight = state.at("group2.conv1.weight");  // [64, 24, 3, 3]
  for (std::size_t out = 0; out < 24; ++out) {
    for (std::size_t in = 0; in < 24; ++in) {
      for (std::size_t place = 0; place < 9; ++place) {
        EXPECT_EQ(weight.values[(out * 24 + in) * 9 + place], in == out && place == 4 ? 1 : 0);
      }
    }
  }
  EXPECT_NE(weight.values[24 * 24 * 9], 0);
}

// What the first convolution makes of the pictures it was computed from has no direction that stands out.
TEST(Network, WhitensTheStemAndFreezesIt) {
  torch::manual_seed(1);
  Network network(model::make_architecture("airbench", 3));
  const torch::Tensor smooth =
      torch::randint(0, 256, {64, 8, 8, 1}, torch::kUInt8).repeat_interleave(4, 1).repeat_interleave(4, 2);
  const torch::Tensor pixels =
      (smooth.to(torch::kInt32) * 3 / 4 + torch::randint(0, 60, {64, 32, 32, 3}, torch::kInt32))
          .to(torch::kUInt8);
  network.whiten(pixels);
  EXPECT_FALSE(network.named_parameters()["whiten/weight"].requires_grad());
  const model::TensorMap state = network.state();
  const model::Tensor& values = state.at("whiten.weight");
  const torch::Tensor weight = torch::tensor(values.values).view(values.shape);
  EXPECT_TRUE(torch::equal(weight.narrow(0, 0, 12), -weight.narrow(0, 12, 12)));
  const model::Architecture& net = network.architecture();
  const torch::Tensor input = ((pixels.to(torch::kFloat32) - torch::tensor(at::ArrayRef<float>(net.mean))) /
                               torch::tensor(at::ArrayRef<float>(net.scale)))
                                  .permute({0, 3, 1, 2});
  const torch::Tensor white = torch::conv2d(input, weight.narrow(0, 0, 12)).transpose(0, 1).flatten(1);
  const torch::Tensor covariance = white.matmul(white.t()) / white.size(1);
  EXPECT_TRUE(torch::allclose(covariance, torch::eye(12), 0, 0.05)) << covariance;
}

TEST(Network, WhitensNothingWithoutSuchALayer) {
  Network network(model::make_architecture("small_resnet", 3));
  const model::TensorMap before = network.state();
  network.whiten(torch::randint(0, 256, {4, 32, 32, 3}, torch::kUInt8));
  for (const auto& [name, tensor] : network.state()) EXPECT_EQ(tensor.values, before.at(name).values) << name;
}

TEST(Network, KeepsItsStateThroughATensorMap) {
  torch::manual_seed(3);
  Network one(model::make_architecture("small_resnet", 5));
  Network other(model::make_architecture("small_resnet", 5));
  other.load(one.state());
  one.eval();
  other.eval();
  const torch::Tensor pixels = torch::randint(0, 256, {2, 96, 96, 3}, torch::kUInt8);
  EXPECT_TRUE(torch::equal(one.forward(pixels).logits, other.forward(pixels).logits));
}

TEST(Network, StartsEquallyFromEqualSeeds) {
  torch::manual_seed(7);
  const model::TensorMap first = Network(model::make_architecture("small_resnet", 3)).state();
  torch::manual_seed(7);
  const model::TensorMap second = Network(model::make_architecture("small_resnet", 3)).state();
  for (const auto& [name, tensor] : first) EXPECT_EQ(tensor.values, second.at(name).values) << name;
}

TEST(Network, LearnsEveryParameterAndUpdatesEveryStatistic) {
  torch::manual_seed(1);
  Network network(model::make_architecture("small_resnet", 3));
  const model::TensorMap before = network.state();
  torch::optim::SGD optimizer(network.parameters(), 0.1);
  const torch::Tensor pixels = torch::randint(0, 256, {8, 48, 48, 3}, torch::kUInt8);
  const torch::Tensor labels = torch::arange(8) % 3;
  torch::nn::functional::cross_entropy(network.forward(pixels).logits, labels).backward();
  optimizer.step();
  for (const auto& [name, tensor] : network.state()) EXPECT_NE(tensor.values, before.at(name).values) << name;
}

// Statistics that fit no batch, so that it shows which are used.
void set_statistics(Network& network) {
  model::TensorMap tensors = network.state();
  for (auto& [name, tensor] : tensors) {
    for (std::size_t i = 0; i < tensor.values.size(); ++i) {
      if (name.ends_with(".running_mean")) tensor.values[i] = 0.1F * static_cast<float>(i % 5);
      if (name.ends_with(".running_var")) tensor.values[i] = 0.5F + 0.1F * static_cast<float>(i % 7);
    }
  }
  network.load(tensors);
}

TEST(Network, FreezesItsStatisticsWhileItLearns) {
  torch::manual_seed(1);
  Network network(model::make_architecture("small_resnet", 3));
  set_statistics(network);
  network.freeze_statistics(true);
  const model::TensorMap before = network.state();
  const torch::Tensor pixels = torch::randint(0, 256, {8, 48, 48, 3}, torch::kUInt8);
  const torch::Tensor training = network.forward(pixels).logits;
  torch::optim::SGD optimizer(network.parameters(), 0.1);
  torch::nn::functional::cross_entropy(training, torch::arange(8) % 3).backward();
  network.eval();
  EXPECT_TRUE(torch::equal(training, network.forward(pixels).logits));
  optimizer.step();
  for (const auto& [name, tensor] : network.state()) {
    const bool is_statistic = name.find(".running_") != std::string::npos;
    EXPECT_EQ(tensor.values == before.at(name).values, is_statistic) << name;
  }
  network.train();
  network.freeze_statistics(false);
  (void)network.forward(pixels);
  EXPECT_NE(network.state().at("stage0.down_bn.running_mean").values,
            before.at("stage0.down_bn.running_mean").values);
}

// Against torch's own batch normalisation, for one convolution with one.
TEST(Network, FoldsFrozenNormalisationWithTheSameGradients) {
  model::Architecture architecture{
      .name = "toy", .layers = {}, .embedding = 1, .embedding_size = 4, .head = {}};
  architecture.layers.push_back({.kind = model::Layer::Kind::kConvolution,
                                 .inputs = {-1},
                                 .name = "conv",
                                 .norm = "bn",
                                 .in_channels = 3,
                                 .out_channels = 4,
                                 .kernel = 3});
  architecture.layers.push_back({.kind = model::Layer::Kind::kMeanPool,
                                 .inputs = {0},
                                 .name = {},
                                 .norm = {},
                                 .in_channels = 4,
                                 .out_channels = 4});
  torch::manual_seed(5);
  Network network(architecture);
  model::TensorMap state = network.state();
  state["bn.weight"].values = {0.5F, -2, 1, 3};
  state["bn.bias"].values = {1, 2, -3, 0};
  state["bn.running_mean"].values = {0.1F, 0.2F, -0.3F, 0};
  state["bn.running_var"].values = {1, 2, 0.25F, 4};
  network.load(state);
  network.freeze_statistics(true);
  const torch::Tensor pixels = torch::randint(0, 256, {2, 8, 8, 3}, torch::kUInt8);
  network.forward(pixels).features.square().sum().backward();

  std::map<std::string, torch::Tensor> own;
  for (const auto& [name, tensor] : state) {
    own[name] = torch::tensor(tensor.values).view(tensor.shape);
    if (name.find("running") == std::string::npos) own[name].requires_grad_();
  }
  const torch::Tensor input = ((pixels.to(torch::kFloat32) - 127) / 128).permute({0, 3, 1, 2});
  torch::Tensor expected = torch::conv2d(input, own["conv.weight"], {}, 1, 1);
  expected = torch::batch_norm(expected, own["bn.weight"], own["bn.bias"], own["bn.running_mean"],
                               own["bn.running_var"], false, 0.1, architecture.norm_epsilon, false);
  EXPECT_TRUE(torch::allclose(network.forward(pixels).features, expected, 1e-4, 1e-4));
  expected.square().sum().backward();
  for (const auto& parameter : network.named_parameters()) {
    std::string name = parameter.key();
    std::replace(name.begin(), name.end(), '/', '.');
    EXPECT_TRUE(torch::allclose(parameter.value().grad(), own[name].grad(), 1e-4, 1e-2)) << name;
  }
}

TEST(Network, NormalisesEachColourOnItsOwn) {
  model::Architecture architecture = model::make_architecture("small_resnet", 3);
  architecture.mean = {10, 20, 30};
  architecture.scale = {2, 4, 8};
  torch::manual_seed(2);
  Network one(architecture);
  architecture.mean = {0, 0, 0};
  architecture.scale = {1, 1, 1};
  Network plain(architecture);
  plain.load(one.state());
  one.eval();
  plain.eval();
  const torch::Tensor small = torch::randint(0, 20, {2, 32, 32, 3}, torch::kUInt8);
  const torch::Tensor pixels =
      small * torch::tensor({2, 4, 8}, torch::kUInt8) + torch::tensor({10, 20, 30}, torch::kUInt8);
  EXPECT_TRUE(torch::allclose(one.forward(pixels).logits, plain.forward(small).logits, 1e-4, 1e-4));
}

TEST(Network, RefusesWeightsOfAnotherNetwork) {
  Network network(model::make_architecture("small_resnet", 3));
  const model::TensorMap other = Network(model::make_architecture("small_resnet", 4)).state();
  EXPECT_THROW(network.load(other), Error);
  EXPECT_NO_THROW(network.load_backbone(other));
  EXPECT_THROW(network.load(model::TensorMap()), Error);
}

}  // namespace
}  // namespace winnow::nn
