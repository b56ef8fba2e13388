#include "winnow/nn/script.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/script.h>

#include <sstream>

#include "support/formula_weights.hpp"
#include "winnow/core/error.hpp"
#include "winnow/nn/network.hpp"

namespace winnow::nn {
namespace {

struct Loaded {
  torch::jit::Module module;
  std::vector<std::string> outputs;
  Json metadata;

  std::map<std::string, torch::Tensor> operator()(const torch::Tensor& pixels) {
    const auto values = module.forward({pixels}).toTuple()->elements();
    EXPECT_EQ(values.size(), outputs.size());
    std::map<std::string, torch::Tensor> named;
    for (std::size_t i = 0; i < outputs.size(); ++i) named[outputs[i]] = values[i].toTensor();
    return named;
  }
};

Loaded load(const Bytes& bytes) {
  std::istringstream stream{std::string(as_text(bytes))};
  torch::jit::ExtraFilesMap extra = {{"winnow.json", ""}, {"outputs.json", ""}};
  torch::jit::Module module = torch::jit::load(stream, torch::kCPU, extra);
  return {std::move(module), Json::parse(extra["outputs.json"]).get<std::vector<std::string>>(),
          Json::parse(extra["winnow.json"])};
}

model::Checkpoint checkpoint_of(const model::Architecture& architecture) {
  model::Checkpoint checkpoint;
  checkpoint.metadata.architecture = architecture.name;
  checkpoint.metadata.classes = {"cat", "dog"};
  checkpoint.metadata.preprocessing.size = architecture.input_size;
  checkpoint.metadata.temperature = 1.7;
  checkpoint.tensors = test::formula_weights(architecture);
  return checkpoint;
}

double difference(const torch::Tensor& a, const torch::Tensor& b) {
  EXPECT_EQ(a.sizes(), b.sizes());
  return (a - b).abs().max().item<double>();
}

class Script : public testing::Test {
 protected:
  torch::NoGradGuard no_grad_;
};

// Every kind of layer, activation and padding.
TEST_F(Script, AnswersAsTheNetworkItWasMadeFrom) {
  for (const std::string& name : model::architecture_names()) {
    for (const int size : {47, 65}) {
      const model::Architecture architecture = model::make_architecture(name, 2, size);
      model::Checkpoint checkpoint = checkpoint_of(architecture);
      checkpoint.metadata.preprocessing.size = size;
      Network network(architecture);
      network.load(checkpoint.tensors);
      network.eval();
      const torch::Tensor pixels = torch::randint(0, 256, {3, size, size, 3}, torch::kUInt8);
      const NetworkOutput expected = network.forward(pixels);
      auto values = load(write_torchscript(architecture, checkpoint))(pixels);
      EXPECT_LT(difference(values.at("logits"), expected.logits / 1.7), 1e-3) << name << " " << size;
      EXPECT_LT(difference(values.at("embedding"), expected.embedding), 1e-3) << name << " " << size;
      EXPECT_LT(difference(values.at("probabilities"), values.at("logits").softmax(1)), 1e-6);
      EXPECT_EQ(values.contains("activation_map"), model::has_activation_maps(architecture)) << name;
    }
  }
}

TEST_F(Script, SaysHowNearTheNearestTrainingPicturesAre) {
  const model::Architecture architecture = model::make_architecture("small_resnet", 2, 32);
  model::Checkpoint checkpoint = checkpoint_of(architecture);
  checkpoint.metadata.preprocessing.size = 32;
  checkpoint.metadata.unknown = model::UnknownRule{2, 0.5F};
  const torch::Tensor reference =
      torch::nn::functional::normalize(torch::randn({5, architecture.embedding_size}));
  checkpoint.tensors[model::kReferenceTensor] = {
      {5, architecture.embedding_size},
      {reference.data_ptr<float>(), reference.data_ptr<float>() + reference.numel()}};
  auto values = load(write_torchscript(architecture, checkpoint))(
      torch::randint(0, 256, {4, 32, 32, 3}, torch::kUInt8));
  const torch::Tensor cosines =
      torch::nn::functional::normalize(values.at("embedding")).matmul(reference.t());
  EXPECT_LT(difference(values.at("similarity"), std::get<0>(cosines.sort(1, true)).select(1, 1)), 1e-5);
  // The mean over the places of a class's map is its logit without the bias.
  const model::Tensor& bias = checkpoint.tensors.at(architecture.head + ".bias");
  EXPECT_LT(difference(values.at("activation_map").mean({2, 3}) + torch::tensor(bias.values) / 1.7,
                       values.at("logits")),
            1e-3);

  checkpoint.tensors.erase(model::kReferenceTensor);
  EXPECT_THROW((void)write_torchscript(architecture, checkpoint), Error);
}

TEST_F(Script, CarriesItsMetadata) {
  const model::Architecture architecture = model::make_architecture("small_resnet", 2, 32);
  const model::Checkpoint checkpoint = checkpoint_of(architecture);
  const Loaded loaded = load(write_torchscript(architecture, checkpoint));
  EXPECT_EQ(loaded.metadata, model::to_json(checkpoint.metadata));
  EXPECT_THAT(loaded.outputs, testing::ElementsAre("logits", "probabilities", "embedding", "activation_map"));
  EXPECT_FALSE(loaded.module.is_training());
}

TEST_F(Script, RefusesACheckpointThatLacksTensors) {
  const model::Architecture architecture = model::make_architecture("small_resnet", 2, 32);
  model::Checkpoint checkpoint = checkpoint_of(architecture);
  checkpoint.tensors.erase("head.bias");
  EXPECT_THROW((void)write_torchscript(architecture, checkpoint), Error);
}

}  // namespace
}  // namespace winnow::nn
