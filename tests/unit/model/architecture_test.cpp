#include "winnow/model/architecture.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "winnow/core/error.hpp"

namespace winnow::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Weights and biases, those of normalisation too; running statistics are not learned.
std::int64_t count_parameters(const Architecture& architecture) {
  std::int64_t total = 0;
  for (const TensorSpec& spec : tensor_specs(architecture)) {
    if (spec.name.find(".running_") != std::string::npos) continue;
    std::int64_t size = 1;
    for (const std::int64_t extent : spec.shape) size *= extent;
    total += size;
  }
  return total;
}

const Layer& find_layer(const Architecture& architecture, const std::string& name) {
  for (const Layer& layer : architecture.layers) {
    if (layer.name == name) return layer;
  }
  throw std::out_of_range(name);
}

// As published, and as PyTorch counts in torchvision's and timm's networks of that name.
TEST(MakeArchitecture, GivesThePublishedNumbersOfParameters) {
  EXPECT_EQ(count_parameters(make_architecture("efficientnet_lite0", 0)), 3'371'008);
  EXPECT_EQ(count_parameters(make_architecture("efficientnet_lite0", 1000)), 4'652'008);
  EXPECT_EQ(count_parameters(make_architecture("efficientnet_lite1", 1000)), 5'416'680);
  EXPECT_EQ(count_parameters(make_architecture("efficientnet_lite2", 1000)), 6'092'072);
  EXPECT_EQ(count_parameters(make_architecture("resnet18", 1000)), 11'689'512);
  EXPECT_EQ(count_parameters(make_architecture("resnet50", 1000)), 25'557'032);
}

TEST(MakeArchitecture, ScalesLite2AsItsAuthorsDid) {
  const Architecture net = make_architecture("efficientnet_lite2", 0);
  EXPECT_EQ(net.input_size, 260);
  for (const auto& [block, channels] :
       {std::pair{0, 16}, {1, 24}, {4, 48}, {7, 88}, {11, 120}, {15, 208}, {20, 352}}) {
    EXPECT_EQ(find_layer(net, fmt::format("_blocks.{}._project_conv", block)).out_channels, channels)
        << block;
  }
  EXPECT_EQ(make_architecture("efficientnet_lite1", 0).input_size, 240);
}

TEST(EfficientnetLite0, AddsShortcutsWhereShapesAgree) {
  const Architecture net = make_architecture("efficientnet_lite0", 0);
  std::vector<std::string> blocks;
  for (const Layer& layer : net.layers) {
    if (layer.kind != Layer::Kind::kAdd) continue;
    EXPECT_EQ(layer.activation, Activation::kNone);
    ASSERT_EQ(layer.inputs.size(), 2u);
    blocks.push_back(net.layers[static_cast<std::size_t>(layer.inputs[0])].name);
    // The shortcut comes from the output of the block before: a sum, or a projection.
    const Layer& shortcut = net.layers[static_cast<std::size_t>(layer.inputs[1])];
    EXPECT_EQ(shortcut.out_channels, layer.out_channels);
    EXPECT_TRUE(shortcut.kind == Layer::Kind::kAdd || shortcut.name.ends_with("_project_conv"))
        << shortcut.name;
  }
  std::vector<std::string> expected;
  for (const int block : {2, 4, 6, 7, 9, 10, 12, 13, 14}) {
    expected.push_back(fmt::format("_blocks.{}._project_conv", block));
  }
  EXPECT_EQ(blocks, expected);
}

TEST(EfficientnetLite0, HasTheStagesOfThePaper) {
  const Architecture net = make_architecture("efficientnet_lite0", 0);
  struct Block {
    int index, kernel, stride, in, out;
  };
  for (const Block& block : {Block{0, 3, 1, 32, 16},
                             {1, 3, 2, 16, 24},
                             {2, 3, 1, 24, 24},
                             {3, 5, 2, 24, 40},
                             {5, 3, 2, 40, 80},
                             {7, 3, 1, 80, 80},
                             {8, 5, 1, 80, 112},
                             {11, 5, 2, 112, 192},
                             {14, 5, 1, 192, 192},
                             {15, 3, 1, 192, 320}}) {
    const std::string name = fmt::format("_blocks.{}.", block.index);
    const Layer& depthwise = find_layer(net, name + "_depthwise_conv");
    EXPECT_EQ(depthwise.kernel, block.kernel) << name;
    EXPECT_EQ(depthwise.stride, block.stride) << name;
    EXPECT_EQ(depthwise.groups, depthwise.in_channels) << name;
    EXPECT_EQ(depthwise.in_channels, block.index == 0 ? block.in : 6 * block.in) << name;
    EXPECT_EQ(depthwise.norm, name + "_bn1");
    EXPECT_EQ(depthwise.activation, Activation::kRelu6);
    EXPECT_EQ(find_layer(net, name + "_project_conv").out_channels, block.out) << name;
    EXPECT_EQ(find_layer(net, name + "_project_conv").activation, Activation::kNone) << name;
  }
  EXPECT_THROW(find_layer(net, "_blocks.0._expand_conv"), std::out_of_range);
  EXPECT_THROW(find_layer(net, "_blocks.16._project_conv"), std::out_of_range);
}

TEST(EfficientnetLite0, NormalisesAsItsWeightsWereTrained) {
  const Architecture net = make_architecture("efficientnet_lite0", 7);
  EXPECT_THAT(net.mean, ElementsAre(127, 127, 127));
  EXPECT_THAT(net.scale, ElementsAre(128, 128, 128));
  EXPECT_FLOAT_EQ(net.norm_epsilon, 1e-3F);
  EXPECT_EQ(net.input_size, 224);
  EXPECT_EQ(net.embedding_size, 1280);
  EXPECT_EQ(net.head, "_fc");
}

// 9 (3 32 + 32 64 + 64 128 + 128 192) and 18 (32^2 + 64^2 + 128^2 + 192^2) weights, 6 (32 + 64 + 128 + 192)
// of normalisation, and the head.
TEST(SmallResnet, IsSmall) {
  EXPECT_EQ(count_parameters(make_architecture("small_resnet", 10)), 1'367'328 + 192 * 10 + 10);
}

std::vector<int> strides(const Architecture& net) {
  std::vector<int> result;
  for (const Layer& layer : net.layers) {
    if (layer.stride > 1) result.push_back(layer.stride);
  }
  return result;
}

TEST(SmallResnet, HalvesSmallPicturesOnceLess) {
  EXPECT_THAT(strides(make_architecture("small_resnet", 3)), ElementsAre(2, 2, 2, 2));
  EXPECT_THAT(strides(make_architecture("small_resnet", 3, 49)), ElementsAre(2, 2, 2, 2));
  EXPECT_THAT(strides(make_architecture("small_resnet", 3, 48)), ElementsAre(2, 2, 2));
  EXPECT_EQ(count_parameters(make_architecture("small_resnet", 3, 28)),
            count_parameters(make_architecture("small_resnet", 3)));
}

// (27 + 1) 32 + (9 32 + 1) 32 + (9 32 + 1) 64, then 64 8 8 + 1 for each of 128, then 129 for each class.
TEST(Doom68, HasFiveLayers) {
  EXPECT_EQ(count_parameters(make_architecture("doom68", 2)), 896 + 9'248 + 18'496 + 524'416 + 258);
  EXPECT_EQ(find_layer(make_architecture("doom68", 2, 32), "fc1").kernel, 4);
}

// 24 13 of the whitening layer, 9 (24 24 + 24 24 + 24 64 + 64 64 + 64 128 + 128 128) weights, and a bias for
// each output of the six.
TEST(Airbench, IsNarrow) {
  EXPECT_EQ(count_parameters(make_architecture("airbench", 10)),
            24 * 13 + 9 * (576 + 576 + 1'536 + 4'096 + 8'192 + 16'384) + 2 * (24 + 64 + 128) + 129 * 10);
  int side = 28;
  for (const Layer& layer : make_architecture("airbench", 10).layers) side = side_after(layer, side);
  EXPECT_EQ(side, 1);
}

TEST(MakeArchitecture, RefusesPicturesThatVanish) {
  for (const auto& [name, size] : {std::pair{"airbench", 24}, {"doom68", 7}}) {
    EXPECT_NO_THROW((void)make_architecture(name, 2, size + 1));
    try {
      (void)make_architecture(name, 2, size);
      ADD_FAILURE() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      EXPECT_THAT(error.what(), HasSubstr(fmt::format("pictures of {} pixels are too small", size)));
    }
  }
}

TEST(PaddingOf, PutsHalfAKernelOnEverySideWhereTheLayerSaysSo) {
  const Layer stem = make_architecture("resnet18", 0).layers.at(0);
  const Layer pool = make_architecture("resnet18", 0).layers.at(1);
  EXPECT_EQ(padding_of(stem, 224).before, 3);
  EXPECT_EQ(padding_of(stem, 224).after, 3);
  EXPECT_EQ(side_after(stem, 224), 112);
  EXPECT_EQ(side_after(stem, 225), 113);
  EXPECT_EQ(side_after(pool, 112), 56);
  EXPECT_EQ(side_after(pool, 113), 57);
}

TEST(MakeArchitecture, KnowsTheNamesItLists) {
  EXPECT_THAT(architecture_names(),
              testing::IsSupersetOf({"efficientnet_lite0", "resnet50", "small_resnet"}));
  for (const std::string& name : architecture_names()) EXPECT_EQ(make_architecture(name, 3).name, name);
}

TEST(MakeArchitecture, RefusesOtherNames) {
  try {
    (void)make_architecture("resnet51", 3);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.what(),
                HasSubstr("resnet51: no such network; choose one of efficientnet_lite0, efficientnet_lite1"));
  }
}

class EveryArchitecture : public testing::TestWithParam<std::string> {};

TEST_P(EveryArchitecture, FeedsEachLayerWhatItExpects) {
  const Architecture net = make_architecture(GetParam(), 4);
  for (std::size_t i = 0; i < net.layers.size(); ++i) {
    const Layer& layer = net.layers[i];
    ASSERT_EQ(layer.inputs.size(), layer.kind == Layer::Kind::kAdd ? 2u : 1u) << i;
    for (const int input : layer.inputs) {
      ASSERT_LT(input, static_cast<int>(i)) << "a layer comes after its inputs";
      const int channels = input < 0 ? 3 : net.layers[static_cast<std::size_t>(input)].out_channels;
      EXPECT_EQ(layer.in_channels, channels) << i << " " << layer.name;
    }
    EXPECT_EQ(layer.in_channels % layer.groups, 0) << i;
    EXPECT_EQ(layer.out_channels % layer.groups, 0) << i;
  }
}

TEST_P(EveryArchitecture, KnowsWhereItsFeaturesAre) {
  const Architecture net = make_architecture(GetParam(), 4);
  const Layer& pool = net.layers.at(static_cast<std::size_t>(net.embedding));
  EXPECT_EQ(pool.kind, Layer::Kind::kMeanPool);
  EXPECT_THAT(pool.inputs, ElementsAre(net.features));
  EXPECT_EQ(pool.out_channels, net.embedding_size);
}

TEST_P(EveryArchitecture, EndsWithItsHeadOrItsEmbedding) {
  const Architecture with_head = make_architecture(GetParam(), 4);
  EXPECT_EQ(with_head.classes, 4);
  EXPECT_EQ(with_head.layers.back().kind, Layer::Kind::kLinear);
  EXPECT_EQ(with_head.layers.back().name, with_head.head);
  EXPECT_EQ(with_head.layers.back().out_channels, 4);
  const Architecture without = make_architecture(GetParam(), 0);
  EXPECT_EQ(without.classes, 0);
  EXPECT_EQ(without.layers.size(), with_head.layers.size() - 1);
  EXPECT_EQ(without.layers.size() - 1, static_cast<std::size_t>(without.embedding));
}

TEST_P(EveryArchitecture, NamesEveryTensorOnce) {
  std::set<std::string> names;
  for (const TensorSpec& spec : tensor_specs(make_architecture(GetParam(), 4))) {
    EXPECT_TRUE(names.insert(spec.name).second) << spec.name;
    for (const std::int64_t extent : spec.shape) EXPECT_GT(extent, 0) << spec.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Known, EveryArchitecture, testing::ValuesIn(architecture_names()));

TEST(TensorSpecs, ListsWhatEachKindOfLayerNeeds) {
  Architecture net{.name = "toy", .layers = {}, .head = "fc"};
  net.layers.push_back({.kind = Layer::Kind::kConvolution,
                        .inputs = {-1},
                        .name = "a",
                        .norm = "a_bn",
                        .in_channels = 3,
                        .out_channels = 6,
                        .kernel = 5,
                        .groups = 3});
  net.layers.push_back({.kind = Layer::Kind::kConvolution,
                        .inputs = {0},
                        .name = "b",
                        .norm = {},
                        .in_channels = 6,
                        .out_channels = 4});
  net.layers.push_back({.kind = Layer::Kind::kMeanPool,
                        .inputs = {1},
                        .name = {},
                        .norm = {},
                        .in_channels = 4,
                        .out_channels = 4});
  net.layers.push_back({.kind = Layer::Kind::kLinear,
                        .inputs = {2},
                        .name = "fc",
                        .norm = {},
                        .in_channels = 4,
                        .out_channels = 2});
  std::vector<std::string> lines;
  for (const TensorSpec& spec : tensor_specs(net)) {
    std::string line = spec.name;
    for (const std::int64_t extent : spec.shape) line += fmt::format(" {}", extent);
    lines.push_back(line);
  }
  EXPECT_THAT(
      lines, ElementsAre("a.weight 6 1 5 5", "a_bn.weight 6", "a_bn.bias 6", "a_bn.running_mean 6",
                         "a_bn.running_var 6", "b.weight 4 6 1 1", "b.bias 4", "fc.weight 2 4", "fc.bias 2"));
}

TEST(SamePadding, FollowsTheTable) {
  struct Case {
    int size, kernel, stride, before, after;
  };
  for (const Case& c : {Case{224, 3, 2, 0, 1},
                        {112, 3, 1, 1, 1},
                        {112, 5, 2, 1, 2},
                        {28, 5, 1, 2, 2},
                        {225, 3, 2, 1, 1},
                        {7, 5, 2, 2, 2},
                        {14, 1, 1, 0, 0},
                        {14, 1, 2, 0, 0},
                        {1, 3, 1, 1, 1},
                        {1, 3, 2, 1, 1},
                        {2, 5, 2, 1, 2},
                        {8, 2, 2, 0, 0}}) {
    const Padding padding = padding_of({.kind = Layer::Kind::kConvolution,
                                        .inputs = {},
                                        .name = {},
                                        .norm = {},
                                        .kernel = c.kernel,
                                        .stride = c.stride},
                                       c.size);
    EXPECT_EQ(padding.before, c.before) << c.size << " " << c.kernel << " " << c.stride;
    EXPECT_EQ(padding.after, c.after) << c.size << " " << c.kernel << " " << c.stride;
  }
}

TEST(SamePadding, GivesOneOutputForEveryStride) {
  for (int size = 1; size <= 40; ++size) {
    for (const int kernel : {1, 2, 3, 5, 7}) {
      for (const int stride : {1, 2, 3}) {
        const Layer layer{.kind = Layer::Kind::kConvolution,
                          .inputs = {},
                          .name = {},
                          .norm = {},
                          .kernel = kernel,
                          .stride = stride};
        const Padding padding = padding_of(layer, size);
        EXPECT_EQ(side_after(layer, size), (size + stride - 1) / stride);
        EXPECT_TRUE(padding.after == padding.before || padding.after == padding.before + 1);
      }
    }
  }
}

TEST(NeedsFloat32, OnlyWhereALayerWhitens) {
  for (const std::string& name : architecture_names()) {
    EXPECT_EQ(needs_float32(make_architecture(name, 10)), name == "airbench") << name;
  }
}

}  // namespace
}  // namespace winnow::model
