#include "class_activation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/recording_context.hpp"

namespace winnow::training {
namespace {

using model::Layer;

// One pointwise convolution gives three features, which are the colours themselves; the head weights them.
class ClassActivation : public testing::Test {
 protected:
  static constexpr int kSize = 8;

  ClassActivation() {
    network_.layers = {{.kind = Layer::Kind::kConvolution,
                        .inputs = {-1},
                        .name = "look",
                        .norm = {},
                        .in_channels = 3,
                        .out_channels = 3},
                       {.kind = Layer::Kind::kMeanPool,
                        .inputs = {0},
                        .name = {},
                        .norm = {},
                        .in_channels = 3,
                        .out_channels = 3}};
    network_.embedding = 1;
    network_.embedding_size = 3;
    network_.head = "head";
    tensors_["look.weight"] = {{3, 3, 1, 1}, {1, 0, 0, 0, 1, 0, 0, 0, 1}};
    tensors_["look.bias"] = {{3}, {1, 1, 1}};  // (0 - 127) / 128 is nearly -1
  }

  void add_head(int classes, std::vector<float> weights) {
    network_.classes = classes;
    network_.layers.push_back({.kind = Layer::Kind::kLinear,
                               .inputs = {1},
                               .name = "head",
                               .norm = {},
                               .in_channels = 3,
                               .out_channels = classes});
    tensors_["head.weight"] = {{classes, 3}, std::move(weights)};
    tensors_["head.bias"] = {{classes}, std::vector<float>(static_cast<std::size_t>(classes))};
  }

  // Black, with a bright pixel of one colour at each given place.
  static std::vector<std::uint8_t> picture(const std::vector<std::array<int, 3>>& row_column_colour) {
    std::vector<std::uint8_t> pixels(kSize * kSize * 3);
    for (const auto& [row, column, colour] : row_column_colour) {
      pixels[static_cast<std::size_t>((row * kSize + column) * 3 + colour)] = 255;
    }
    return pixels;
  }

  std::vector<image::HeatMap> explain(const std::vector<std::uint8_t>& pixels,
                                      const std::vector<int>& classes) {
    return class_activations(network_, tensors_, kSize, pixels, classes, context_);
  }

  static float at(const image::HeatMap& map, int row, int column) {
    return map.values[static_cast<std::size_t>(row * map.width + column)];
  }

  model::Architecture network_{.name = "drawn", .layers = {}, .head = {}};
  model::TensorMap tensors_;
  test::RecordingContext context_;
};

TEST_F(ClassActivation, GlowsWhereTheEvidenceIs) {
  add_head(3, {1, 0, 0, 0, 1, 0, 0, 0, 1});  // class 0 is red, 1 green, 2 blue
  std::vector<std::uint8_t> pixels = picture({{1, 2, 0}, {6, 5, 1}});
  const std::vector<std::uint8_t> again = pixels;
  pixels.insert(pixels.end(), again.begin(), again.end());
  const std::vector<image::HeatMap> maps = explain(pixels, {0, 1});
  ASSERT_EQ(maps.size(), 2u);
  EXPECT_EQ(maps[0].width, kSize);
  EXPECT_EQ(maps[0].height, kSize);
  EXPECT_FLOAT_EQ(at(maps[0], 1, 2), 1);
  EXPECT_LT(at(maps[0], 6, 5), 0.01F);
  EXPECT_FLOAT_EQ(at(maps[1], 6, 5), 1);
  EXPECT_LT(at(maps[1], 1, 2), 0.01F);
}

TEST_F(ClassActivation, OfTwoClassesItIsOneAgainstTheOther) {
  add_head(2, {1, 0, 0, 1, 1, 0});  // both like red; only the second likes green
  const std::vector<image::HeatMap> maps = explain(picture({{1, 2, 0}, {6, 5, 1}}), {1});
  ASSERT_EQ(maps.size(), 1u);
  EXPECT_FLOAT_EQ(at(maps[0], 6, 5), 1);
  EXPECT_LT(at(maps[0], 1, 2), 0.01F);
}

TEST_F(ClassActivation, NothingThatSpeaksForAClassIsAllZero) {
  add_head(3, {-1, -1, -1, 0, 0, 0, 0, 0, 0});
  const std::vector<image::HeatMap> maps = explain(picture({{1, 2, 0}}), {0});
  EXPECT_THAT(maps.at(0).values, testing::Each(0.0F));
}

TEST_F(ClassActivation, ANetworkThatEndsOtherwiseHasNone) {
  EXPECT_TRUE(explain(picture({}), {0}).empty());  // no head
  add_head(3, std::vector<float>(9));
  network_.layers.back().inputs = {0};
  EXPECT_TRUE(explain(picture({}), {0}).empty());
  EXPECT_TRUE(explain({}, {}).empty());
}

}  // namespace
}  // namespace winnow::training
