#include "winnow/model/weights.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/formula_weights.hpp"
#include "winnow/core/error.hpp"

namespace winnow::model {
namespace {

using testing::HasSubstr;

TensorMap weights_of(const std::string& name, int classes) {
  return test::formula_weights(make_architecture(name, classes));
}

std::string error_of(const std::string& architecture, const TensorMap& tensors) {
  try {
    (void)take_weights(make_architecture(architecture, 0), tensors);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalid);
    return error.what();
  }
  return "no error";
}

void expect_equal(const TensorMap& taken, const TensorMap& expected) {
  ASSERT_EQ(taken.size(), expected.size());
  for (const auto& [name, tensor] : expected) EXPECT_EQ(taken.at(name).values, tensor.values) << name;
}

// As timm's tf_efficientnet_lite0 calls them: stages of 1, 2, 2, 3, 3, 4 and 1 blocks.
std::string timm_name(const std::string& name) {
  const std::map<std::string, std::string> top = {{"_conv_stem", "conv_stem"},
                                                  {"_bn0", "bn1"},
                                                  {"_conv_head", "conv_head"},
                                                  {"_bn1", "bn2"},
                                                  {"_fc", "classifier"}};
  const std::map<std::string, std::string> plain = {
      {"_depthwise_conv", "conv_dw"}, {"_bn1", "bn1"}, {"_project_conv", "conv_pw"}, {"_bn2", "bn2"}};
  const std::map<std::string, std::string> expanding = {{"_expand_conv", "conv_pw"},    {"_bn0", "bn1"},
                                                        {"_depthwise_conv", "conv_dw"}, {"_bn1", "bn2"},
                                                        {"_project_conv", "conv_pwl"},  {"_bn2", "bn3"}};
  if (!name.starts_with("_blocks."))
    return top.at(name.substr(0, name.find('.'))) + name.substr(name.find('.'));
  int block = std::stoi(name.substr(8));
  const std::string rest = name.substr(name.find('.', 8) + 1);
  const std::string part = rest.substr(0, rest.find('.'));
  const std::string& module = (block == 0 ? plain : expanding).at(part);
  int stage = 0;
  for (const int repeats : {1, 2, 2, 3, 3, 4, 1}) {
    if (block < repeats) break;
    block -= repeats;
    ++stage;
  }
  return fmt::format("blocks.{}.{}.{}{}", stage, block, module, rest.substr(part.size()));
}

TEST(TakeWeights, UnderstandsTimm) {
  const TensorMap expected = weights_of("efficientnet_lite0", 5);
  TensorMap timm;
  for (const auto& [name, tensor] : expected) timm[timm_name(name)] = tensor;
  // From the list of names that timm 1.0 itself gives.
  for (const char* name : {"conv_stem.weight", "bn1.running_var", "blocks.0.0.conv_dw.weight",
                           "blocks.0.0.bn2.bias", "blocks.1.0.conv_pw.weight", "blocks.5.3.conv_pwl.weight",
                           "blocks.6.0.bn3.weight", "conv_head.weight", "bn2.weight", "classifier.bias"}) {
    EXPECT_TRUE(timm.contains(name)) << name;
  }
  expect_equal(take_weights(make_architecture("efficientnet_lite0", 5), timm), expected);
}

TEST(TakeWeights, TakesOffTheWrapperOfDataParallel) {
  const TensorMap expected = weights_of("resnet18", 3);
  TensorMap wrapped;
  for (const auto& [name, tensor] : expected) wrapped["module." + name] = tensor;
  expect_equal(take_weights(make_architecture("resnet18", 3), wrapped), expected);
}

TEST(TakeWeights, PassesOverWhatItDoesNotNeedAndHeadsForOtherClasses) {
  TensorMap tensors = weights_of("resnet18", 1000);
  tensors["ema.decay"] = {{1}, {0.5F}};
  const TensorMap backbone = weights_of("resnet18", 0);
  expect_equal(take_weights(make_architecture("resnet18", 0), tensors), backbone);
  expect_equal(take_weights(make_architecture("resnet18", 10), tensors), backbone);
  tensors.erase("fc.bias");
  expect_equal(take_weights(make_architecture("resnet18", 1000), tensors), backbone);
}

TEST(TakeWeights, NamesTheNetworkTheWeightsAreOf) {
  EXPECT_THAT(
      error_of("resnet18", weights_of("resnet50", 10)),
      HasSubstr("these are weights of resnet50, not of resnet18; choose that network with --arch resnet50"));
  EXPECT_THAT(error_of("efficientnet_lite0", weights_of("efficientnet_lite1", 0)),
              HasSubstr("weights of efficientnet_lite1"));
  for (const std::string& name : architecture_names()) {
    if (name == "airbench") continue;
    EXPECT_THAT(error_of("airbench", weights_of(name, 2)), HasSubstr("weights of " + name));
  }
}

TEST(TakeWeights, NamesTheFirstTensorThatDoesNotFit) {
  EXPECT_THAT(error_of("resnet18", {}),
              HasSubstr("tensor conv1.weight is missing; these are weights of another network"));
  TensorMap tensors = weights_of("resnet18", 0);
  tensors["layer2.0.conv1.weight"].shape = {64, 128, 3, 3};
  EXPECT_THAT(
      error_of("resnet18", tensors),
      HasSubstr("tensor layer2.0.conv1.weight has shape [64, 128, 3, 3] where [128, 64, 3, 3] is needed"));
}

// Names that only look like timm's.
TEST(TakeWeights, SurvivesStrangeNames) {
  TensorMap tensors;
  for (const char* name : {"", ".", "module.", "conv_stem.weight", "blocks.", "blocks.1", "blocks.1.",
                           "blocks.1.2.", "blocks...", "bn1", "blocks.1.2.conv_pwl"}) {
    tensors[name] = {{1}, {0}};
  }
  EXPECT_THAT(error_of("efficientnet_lite0", tensors), HasSubstr("these are weights of another network"));
}

}  // namespace
}  // namespace winnow::model
