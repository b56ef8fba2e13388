#include "winnow/model/quantisation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace winnow::model {
namespace {

using testing::ElementsAre;

TEST(QuantisedSteps, HoldZeroExactlyAndBothEndsNearly) {
  for (const QuantisedRange range : {QuantisedRange{0, 6}, {-1.5F, 2}, {-3, 0}, {-0.01F, 100}}) {
    const QuantisedSteps steps = steps_of(range);
    const auto value = [&](int step) { return (step - steps.zero) * steps.scale; };
    EXPECT_EQ(value(steps.zero), 0);
    EXPECT_NEAR(value(0), range.low, steps.scale / 2);
    EXPECT_NEAR(value(255), range.high, steps.scale / 2);
  }
  EXPECT_GT(steps_of({0, 0}).scale, 0);  // of a tensor that is always zero
}

TEST(QuantisedSteps, ArePixelsWhereOneStepIsOnePixel) {
  Architecture network;  // mean 127, scale 128
  const QuantisedSteps steps = steps_of(pixel_range(network));
  EXPECT_EQ(steps.zero, 127);
  EXPECT_FLOAT_EQ(steps.scale, 1.0F / 128);
}

TEST(QuantisedWeights, HaveAScaleForEachChannel) {
  const std::vector<float> weights = {1.27F, -0.5F, 0.004F, 254, -100, 0, 0, 0, 0};
  const QuantisedWeights quantised = quantise_weights(weights, 3);
  EXPECT_THAT(quantised.scales, ElementsAre(testing::FloatEq(0.01F), testing::FloatEq(2), testing::Gt(0.0F)));
  EXPECT_THAT(quantised.steps, ElementsAre(127, -50, 0, 127, -50, 0, 0, 0, 0));
}

TEST(QuantisableLayers, AreThoseWithArithmetic) {
  const Architecture network = make_architecture("efficientnet_lite0", 2);
  EXPECT_EQ(quantisable_layers(network).size(), 49U + 9 + 1);
}

}  // namespace
}  // namespace winnow::model
