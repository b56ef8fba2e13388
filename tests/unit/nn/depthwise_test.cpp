#include "depthwise.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <tuple>

namespace winnow::nn {
namespace {

// kernel, stride, height, width, before-clip, after-clip
using Case = std::tuple<int, int, int, int, bool, bool>;

class DepthwiseConvolution : public testing::TestWithParam<Case> {
 protected:
  DepthwiseConvolution() {
    torch::manual_seed(3);
    const auto [kernel, stride, height, width, clips_input, clips_output] = GetParam();
    const auto out = [stride = stride](int size) { return (size + stride - 1) / stride; };
    const auto pad = [&, kernel = kernel, stride = stride](int size) {
      return std::max((out(size) - 1) * stride + kernel - size, 0) / 2;
    };
    shape_ = {height, width, out(height), out(width), 32, kernel, stride, pad(height), pad(width)};
    clip_input_ = {clips_input, 6};
    clip_output_ = {clips_output, std::numeric_limits<float>::infinity()};
    input_ = (4 * torch::randn({5, 32, height, width})).contiguous(torch::MemoryFormat::ChannelsLast);
    weight_ = torch::randn({32, 1, kernel, kernel});
    bias_ = torch::randn({32});
    seed_ = torch::randn({5, 32, out(height), out(width)});
    // Rounded before, so that all precisions clip the same values.
    for (torch::Tensor* rounded : {&input_, &seed_}) {
      *rounded = rounded->to(torch::kBFloat16).to(torch::kFloat32);
    }
  }

  struct Result {
    torch::Tensor output, input, weight, bias;  // the last three: gradients
  };

  Result expected() const {
    const torch::Tensor x = input_.clone().set_requires_grad(true);
    const torch::Tensor w = weight_.clone().set_requires_grad(true);
    const torch::Tensor b = bias_.clone().set_requires_grad(true);
    const auto rest = [](std::int64_t size, std::int64_t out, int kernel, int stride, int before) {
      return std::max<std::int64_t>((out - 1) * stride + kernel - size, 0) - before;
    };
    torch::Tensor y = clip_input_.on ? torch::hardtanh(x, 0, clip_input_.high) : x;
    y = torch::constant_pad_nd(
        y,
        {shape_.pad_left, rest(shape_.width, shape_.out_width, shape_.kernel, shape_.stride, shape_.pad_left),
         shape_.pad_top,
         rest(shape_.height, shape_.out_height, shape_.kernel, shape_.stride, shape_.pad_top)});
    y = torch::nn::functional::conv2d(
        y, w, torch::nn::functional::Conv2dFuncOptions().bias(b).stride(shape_.stride).groups(32));
    if (clip_output_.on) y = y.relu();
    (y * seed_).sum().backward();
    return {y.detach(), x.grad(), w.grad(), b.grad()};
  }

  Result computed(torch::ScalarType type) const {
    // Not a leaf, as in a network: it is changed in place.
    const torch::Tensor leaf = input_.clone().set_requires_grad(true);
    const torch::Tensor w = weight_.clone().set_requires_grad(true);
    const torch::Tensor b = bias_.clone().set_requires_grad(true);
    const torch::Tensor y =
        depthwise_convolution((leaf * 1).to(type), clip_input_, w, b, clip_output_, shape_);
    (y.to(torch::kFloat32) * seed_).sum().backward();
    return {y.detach().to(torch::kFloat32), leaf.grad(), w.grad(), b.grad()};
  }

  static void expect_close(const Result& a, const Result& b, double relative) {
    const auto close = [&](const torch::Tensor& one, const torch::Tensor& two) {
      return ((one - two).norm() / one.norm()).item<double>() < relative;
    };
    EXPECT_TRUE(close(a.output, b.output));
    EXPECT_TRUE(close(a.input, b.input));
    EXPECT_TRUE(close(a.weight, b.weight));
    EXPECT_TRUE(close(a.bias, b.bias));
  }

  DepthwiseShape shape_{};
  Clip clip_input_, clip_output_;
  torch::Tensor input_, weight_, bias_, seed_;
};

TEST_P(DepthwiseConvolution, IsWhatLibTorchComputes) {
  expect_close(expected(), computed(torch::kFloat32), 1e-5);
}

TEST_P(DepthwiseConvolution, IsTheSameInHalfPrecisionUpToRounding) {
  expect_close(expected(), computed(torch::kBFloat16), 2e-2);
}

TEST_P(DepthwiseConvolution, DoesNotDependOnTheNumberOfThreads) {
  const int before = torch::get_num_threads();
  torch::set_num_threads(1);
  const Result one = computed(torch::kFloat32);
  torch::set_num_threads(3);
  const Result three = computed(torch::kFloat32);
  torch::set_num_threads(before);
  EXPECT_TRUE(torch::equal(one.weight, three.weight));
  EXPECT_TRUE(torch::equal(one.bias, three.bias));
  EXPECT_TRUE(torch::equal(one.input, three.input));
}

INSTANTIATE_TEST_SUITE_P(Shapes, DepthwiseConvolution,
                         testing::Values(Case{3, 1, 8, 8, true, true}, Case{3, 1, 7, 9, false, true},
                                         Case{3, 2, 8, 8, true, true}, Case{3, 2, 9, 7, true, false},
                                         Case{5, 1, 8, 6, true, true}, Case{5, 2, 10, 12, true, true},
                                         Case{5, 2, 9, 11, false, false}, Case{5, 1, 2, 1, true, true},
                                         Case{3, 2, 1, 1, false, true}));

}  // namespace
}  // namespace winnow::nn
