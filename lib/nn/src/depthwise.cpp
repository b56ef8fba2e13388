#include "depthwise.hpp"

#include <ATen/Parallel.h>

#include <algorithm>

namespace winnow::nn {
namespace {

// Weight gradients are summed over so many parts of the batch at once, and then over the parts, in this order
// whatever the number of threads.
constexpr std::int64_t kBatchParts = 4;

float* data_of(const torch::Tensor& tensor, float) {
  return tensor.data_ptr<float>();
}
BFloat16Bits* data_of(const torch::Tensor& tensor, BFloat16Bits) {
  return reinterpret_cast<BFloat16Bits*>(tensor.data_ptr<at::BFloat16>());
}

// Calls work(type) with the type of the tensor's values.
template <class Work>
void for_type_of(const torch::Tensor& tensor, const Work& work) {
  if (tensor.scalar_type() == torch::kBFloat16) {
    work(BFloat16Bits{});
  } else {
    work(float{});
  }
}

torch::Tensor channels_last(const torch::Tensor& tensor) {
  return tensor.contiguous(torch::MemoryFormat::ChannelsLast);
}

// [k * k, channels], as the kernels read it.
torch::Tensor by_tap(const torch::Tensor& weight) {
  return weight.reshape({weight.size(0), -1}).t().contiguous();
}

// Calls work(picture, channel) for the first channel of each block of each picture.
template <class Work>
void for_each_block(std::int64_t pictures, const DepthwiseShape& shape, const Work& work) {
  const std::int64_t blocks = shape.channels / kDepthwiseBlock;
  at::parallel_for(0, pictures * blocks, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) work(i / blocks, i % blocks * kDepthwiseBlock);
  });
}

std::int64_t input_values(const DepthwiseShape& shape) {
  return shape.height * shape.width * shape.channels;
}
std::int64_t output_values(const DepthwiseShape& shape) {
  return shape.out_height * shape.out_width * shape.channels;
}

class Depthwise : public torch::autograd::Function<Depthwise> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& given,
                               const torch::Tensor& weight, const torch::Tensor& bias,
                               const DepthwiseShape& shape, Clip clip_input, Clip clip_output) {
    const torch::Tensor input = channels_last(given);
    const torch::Tensor taps = by_tap(weight);
    const torch::Tensor offsets = bias.contiguous();
    torch::Tensor output = torch::empty({input.size(0), shape.channels, shape.out_height, shape.out_width},
                                        input.options().memory_format(torch::MemoryFormat::ChannelsLast));
    for_type_of(input, [&](auto type) {
      auto* x = data_of(input, type);
      auto* y = data_of(output, type);
      const float* w = taps.data_ptr<float>();
      const float* b = offsets.data_ptr<float>();
      for_each_block(input.size(0), shape, [&](std::int64_t n, std::int64_t channel) {
        depthwise_forward(shape, x + n * input_values(shape) + channel, clip_input, w + channel, b + channel,
                          clip_output, y + n * output_values(shape) + channel);
      });
    });
    context->save_for_backward({input, taps, clip_output.on ? output : torch::Tensor()});
    context->saved_data["weight_sizes"] = weight.sizes().vec();
    context->saved_data["shape"] = std::vector<std::int64_t>{
        shape.height, shape.width,  shape.out_height, shape.out_width, shape.channels,
        shape.kernel, shape.stride, shape.pad_top,    shape.pad_left};
    context->saved_data["clip_input"] = to_number(clip_input);
    context->saved_data["clip_output"] = to_number(clip_output);
    return output;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const std::vector<torch::Tensor> saved = context->get_saved_variables();
    const torch::Tensor& input = saved[0];
    const torch::Tensor& taps = saved[1];
    const torch::Tensor& output = saved[2];
    const auto v = context->saved_data["shape"].toIntVector();
    const DepthwiseShape shape{v[0],
                               v[1],
                               v[2],
                               v[3],
                               v[4],
                               static_cast<int>(v[5]),
                               static_cast<int>(v[6]),
                               static_cast<int>(v[7]),
                               static_cast<int>(v[8])};
    const Clip clip_input = to_clip(context->saved_data["clip_input"].toDouble());
    const Clip clip_output = to_clip(context->saved_data["clip_output"].toDouble());
    const torch::Tensor gradient = channels_last(gradients[0].to(input.scalar_type()));
    const torch::Tensor unclipped = clip_output.on ? torch::empty_like(gradient) : gradient;

    const torch::Tensor sums = sum_weight_gradients(shape, input, gradient, output, clip_output, unclipped);
    const std::int64_t rows = taps.size(0);
    const torch::Tensor weight_gradient =
        sums.narrow(0, 0, rows).t().contiguous().view(context->saved_data["weight_sizes"].toIntVector());
    const torch::Tensor bias_gradient = sums.select(0, rows);
    torch::Tensor input_gradient = torch::empty_like(input);
    for_type_of(input, [&](auto type) {
      const auto* g = data_of(unclipped, type);
      const auto* x = data_of(input, type);
      auto* to = data_of(input_gradient, type);
      const float* w = taps.data_ptr<float>();
      for_each_block(input.size(0), shape, [&](std::int64_t n, std::int64_t channel) {
        const std::int64_t at = n * input_values(shape) + channel;
        depthwise_input_gradient(shape, g + n * output_values(shape) + channel, w + channel, x + at,
                                 clip_input, to + at);
      });
    });
    return {input_gradient, weight_gradient, bias_gradient, {}, {}, {}};
  }

 private:
  static double to_number(Clip clip) { return clip.on ? clip.high : -1; }
  static Clip to_clip(double number) { return {number >= 0, static_cast<float>(number)}; }

  // [k * k + 1, channels]; the last row is the gradient of the bias. Fills unclipped.
  static torch::Tensor sum_weight_gradients(const DepthwiseShape& shape, const torch::Tensor& input,
                                            const torch::Tensor& gradient, const torch::Tensor& output,
                                            Clip clip_output, const torch::Tensor& unclipped) {
    const std::int64_t pictures = input.size(0);
    const std::int64_t blocks = shape.channels / kDepthwiseBlock;
    const std::int64_t rows = std::int64_t{shape.kernel} * shape.kernel + 1;
    torch::Tensor parts = torch::zeros({kBatchParts, blocks, rows, kDepthwiseBlock});
    for_type_of(input, [&](auto type) {
      const auto* x = data_of(input, type);
      const auto* g = data_of(gradient, type);
      const auto* y = clip_output.on ? data_of(output, type) : nullptr;
      auto* to = data_of(unclipped, type);
      auto* sums = parts.data_ptr<float>();
      at::parallel_for(0, kBatchParts * blocks, 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
          const std::int64_t part = i / blocks;
          const std::int64_t channel = i % blocks * kDepthwiseBlock;
          float* sum = sums + i * rows * kDepthwiseBlock;
          for (std::int64_t n = part * pictures / kBatchParts; n < (part + 1) * pictures / kBatchParts; ++n) {
            const std::int64_t at = n * output_values(shape) + channel;
            depthwise_weight_gradient(shape, x + n * input_values(shape) + channel, g + at,
                                      y == nullptr ? nullptr : y + at, clip_output, to + at, sum,
                                      sum + (rows - 1) * kDepthwiseBlock);
          }
        }
      });
    });
    return parts.sum(0).permute({1, 0, 2}).reshape({rows, shape.channels});
  }
};

}  // namespace

bool is_depthwise_supported(const torch::Tensor& input, int kernel) {
  return input.device().is_cpu() && input.size(1) % kDepthwiseBlock == 0 && (kernel == 3 || kernel == 5) &&
         (input.scalar_type() == torch::kFloat32 || input.scalar_type() == torch::kBFloat16);
}

torch::Tensor depthwise_convolution(const torch::Tensor& input, Clip clip_input, const torch::Tensor& weight,
                                    const torch::Tensor& bias, Clip clip_output,
                                    const DepthwiseShape& shape) {
  return Depthwise::apply(input, weight, bias, shape, clip_input, clip_output);
}

}  // namespace winnow::nn
