#include "winnow/inference/explanation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/colour_network.hpp"

namespace winnow::inference {
namespace {

using testing::ElementsAre;

TEST(Explain, TakesTheMapOfTheBestClass) {
  const Prediction prediction{.probabilities = {0.1F, 0.7F, 0.2F},
                              .activation_map = {1, 2, {1, 2, 3, 4, 5, 6}}};
  const image::HeatMap heat = explain(prediction);
  EXPECT_EQ(heat.height, 1);
  EXPECT_EQ(heat.width, 2);
  EXPECT_THAT(heat.values, ElementsAre(3, 4));
}

TEST(Explain, WeighsTwoClassesAgainstEachOther) {
  const ActivationMap map = {1, 2, {5, 2, 1, 4}};
  EXPECT_THAT(explain({.probabilities = {0.9F, 0.1F}, .activation_map = map}).values, ElementsAre(4, -2));
  EXPECT_THAT(explain({.probabilities = {0.1F, 0.9F}, .activation_map = map}).values, ElementsAre(-4, 2));
}

TEST(Explain, PointsToWhereTheColourIs) {
  const auto classifier =
      open_classifier(test::colour_model({.activation_map = true}), "colours", {.activation_map = true});
  std::vector<std::uint8_t> pixels(32 * 32 * 3);
  for (std::size_t y = 0; y < 32; ++y) {
    for (std::size_t x = 24; x < 32; ++x) pixels[3 * (32 * y + x) + 1] = 255;  // green, to the right
  }
  const image::HeatMap heat = explain(classifier->classify(pixels).front());
  ASSERT_EQ(heat.width, 4);
  ASSERT_EQ(heat.height, 4);
  for (std::size_t place = 0; place < 16; ++place) {
    EXPECT_NEAR(heat.values[place], place % 4 == 3 ? 255.0 / 16 : 0, 0.1) << place;
  }
}

}  // namespace
}  // namespace winnow::inference
