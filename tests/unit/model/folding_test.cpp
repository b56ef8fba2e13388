#include "winnow/model/folding.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "winnow/core/error.hpp"

namespace winnow::model {
namespace {

using testing::ElementsAre;
using testing::FloatEq;

class Folding : public testing::Test {
 protected:
  Folding() {
    layer_.name = "conv";
    layer_.norm = "bn";
    layer_.in_channels = 1;
    layer_.out_channels = 2;
    architecture_.norm_epsilon = 1;
    tensors_["conv.weight"] = {{2, 1, 1, 1}, {2, 3}};
    tensors_["bn.weight"] = {{2}, {4, 6}};
    tensors_["bn.bias"] = {{2}, {0.5, -1}};
    tensors_["bn.running_mean"] = {{2}, {1, 2}};
    tensors_["bn.running_var"] = {{2}, {3, 8}};
  }

  [[nodiscard]] FoldedConvolution fold() const { return fold_convolution(architecture_, layer_, tensors_); }

  Architecture architecture_;
  Layer layer_{Layer::Kind::kConvolution, {-1}};
  TensorMap tensors_;
};

// By hand: factors 4 / sqrt(3 + 1) = 2 and 6 / sqrt(8 + 1) = 2.
TEST_F(Folding, MultipliesWeightsAndMovesTheBias) {
  const FoldedConvolution folded = fold();
  EXPECT_THAT(folded.weight, ElementsAre(FloatEq(4), FloatEq(6)));
  EXPECT_THAT(folded.bias, ElementsAre(FloatEq(-1.5), FloatEq(-5)));
}

TEST_F(Folding, LeavesAConvolutionWithoutNormalisationAsItIs) {
  layer_.norm.clear();
  tensors_["conv.bias"] = {{2}, {7, 8}};
  const FoldedConvolution folded = fold();
  EXPECT_THAT(folded.weight, ElementsAre(2, 3));
  EXPECT_THAT(folded.bias, ElementsAre(7, 8));
}

TEST_F(Folding, RefusesWhatIsNoVarianceAndWhatIsMissing) {
  tensors_["bn.running_var"].values[1] = -0.5;
  EXPECT_THROW((void)fold(), Error);
  tensors_.erase("bn.running_var");
  EXPECT_THROW((void)fold(), Error);
}

}  // namespace
}  // namespace winnow::model
