#include "network_writer.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "winnow/model/folding.hpp"

namespace winnow::model {
namespace {

// With low at 0, what is below 0 becomes 0, and what is above high becomes high: a ReLU or ReLU6 is done.
bool does_activation(const QuantisedRange& range, Activation activation) {
  if (activation == Activation::kRelu) return range.low == 0;
  return activation == Activation::kRelu6 && range.low == 0 && range.high <= 6;
}

}  // namespace

void NetworkWriter::write_input() {
  const std::int64_t side = input_size_;
  graph_.input("images", OnnxType::kUint8, {"n", side, side, 3});
  const std::vector<OnnxAttribute> to_planes = {{"perm", std::vector<std::int64_t>{0, 3, 1, 2}}};
  const auto& mean = architecture_.mean;
  const auto& scale = architecture_.scale;
  const bool is_one_step = std::all_of(mean.begin(), mean.end(),
                                       [&](float m) { return m == mean[0] && m == std::nearbyint(m); }) &&
                           std::all_of(scale.begin(), scale.end(), [&](float s) { return s == scale[0]; });
  if (quantisation_ != nullptr && is_one_step && !is_float(0)) {
    // Then the pixels are the steps: (pixel - mean) / scale without rounding anything.
    input_.steps = {1 / scale[0], static_cast<std::uint8_t>(mean[0])};
    graph_.node("Transpose", {"images"}, "planes", to_planes);
    input_.rounded = write_dequantise("planes", "input", input_.steps);
    return;
  }
  const std::string pixels = graph_.node("Cast", {"images"}, "pixels", {{"to", std::int64_t{1}}});
  graph_.node("Sub", {pixels, graph_.floats("mean", {3}, mean)}, "centred");
  graph_.node("Div", {"centred", graph_.floats("scale", {3}, scale)}, "normalised");
  input_.plain = graph_.node("Transpose", {"normalised"}, "input", to_planes);
  if (quantisation_ != nullptr && !is_float(0)) round(input_, pixel_range(architecture_));
}

void NetworkWriter::write_layer(int index) {
  const Layer& layer = architecture_.layers[static_cast<std::size_t>(index)];
  const std::string output = index == architecture_.embedding ? "embedding"
                             : layer.name.empty()             ? "layer" + std::to_string(index)
                                                              : layer.name;
  switch (layer.kind) {
    case Layer::Kind::kConvolution:
      return finish(index, write_convolution(index, output));
    case Layer::Kind::kMaxPool:
      return finish(index, write_max_pool(layer, input_of(index, 0), output + "/max"));
    case Layer::Kind::kAdd:
      return finish(index, graph_.node("Add", {input_of(index, 0), input_of(index, 1)}, output + "/sum"));
    case Layer::Kind::kMeanPool:
      graph_.node("GlobalAveragePool", {input_of(index, 0)}, output + "/pool");
      return finish(index, graph_.node("Flatten", {output + "/pool"}, output, {{"axis", std::int64_t{1}}}));
    case Layer::Kind::kLinear:
      return;  // the head is written with its temperature, by write_head
  }
}

void NetworkWriter::write_head(Tensor weight, Tensor bias) {
  const int index = static_cast<int>(architecture_.layers.size()) - 1;
  const std::string input = input_of(index, 0);
  const WeightNames names = write_weights("head", std::move(weight), std::move(bias.values), index);
  graph_.node("Gemm", {input, names.weight, names.bias}, "logits", {{"transB", std::int64_t{1}}});
}

bool NetworkWriter::is_float(int layer) const {
  return quantisation_ == nullptr || quantisation_->in_float.contains(layer);
}

NetworkWriter::Output& NetworkWriter::output(int layer) {
  return layer < 0 ? input_ : outputs_.at(static_cast<std::size_t>(layer));
}

// What a layer in 8 bits reads has to be rounded; one in float32 takes what there is, exact if possible.
std::string NetworkWriter::input_of(int index, std::size_t which) {
  const Layer& layer = architecture_.layers[static_cast<std::size_t>(index)];
  const int from = layer.inputs[which];
  Output& input = output(from);
  const bool has_arithmetic = layer.kind == Layer::Kind::kConvolution || layer.kind == Layer::Kind::kAdd ||
                              layer.kind == Layer::Kind::kLinear;
  if (has_arithmetic && !is_float(index) && input.rounded.empty()) {
    round(input, quantisation_->outputs.at(static_cast<std::size_t>(from)));
  }
  const bool rounds = has_arithmetic ? !is_float(index) : input.plain.empty();
  return rounds || input.plain.empty() ? input.rounded : input.plain;
}

NetworkWriter::WeightNames NetworkWriter::write_weights(const std::string& name, Tensor weight,
                                                        std::vector<float> bias, int index) {
  const std::vector<std::int64_t> channels = {weight.shape[0]};
  if (is_float(index)) {
    return {graph_.floats(name + "/weight", weight.shape, weight.values),
            graph_.floats(name + "/bias", channels, bias)};
  }
  const Layer& layer = architecture_.layers[static_cast<std::size_t>(index)];
  const QuantisedWeights quantised =
      quantise_weights(weight.values, static_cast<std::size_t>(weight.shape[0]));
  correct_bias(layer, weight, quantised, bias);
  const std::vector<OnnxAttribute> per_channel = {{"axis", std::int64_t{0}}};
  graph_.int8s(name + "/weight/steps", weight.shape, quantised.steps);
  graph_.floats(name + "/weight/scale", channels, quantised.scales);
  // Sums of products are in steps of both scales, and so is the bias that is added to them.
  const float input_scale = output(layer.inputs[0]).steps.scale;
  std::vector<std::int32_t> bias_steps;
  std::vector<float> bias_scales;
  for (std::size_t c = 0; c < bias.size(); ++c) {
    bias_scales.push_back(quantised.scales[c] * input_scale);
    const double steps = std::nearbyint(double{bias[c]} / bias_scales.back());
    constexpr double kMost = 1 << 30;  // of a channel without weights the scale is next to nothing
    bias_steps.push_back(static_cast<std::int32_t>(std::clamp(steps, -kMost, kMost)));
  }
  graph_.int32s(name + "/bias/steps", channels, bias_steps);
  graph_.floats(name + "/bias/scale", channels, bias_scales);
  return {graph_.node("DequantizeLinear", {name + "/weight/steps", name + "/weight/scale"}, name + "/weight",
                      per_channel),
          graph_.node("DequantizeLinear", {name + "/bias/steps", name + "/bias/scale"}, name + "/bias",
                      per_channel)};
}

// Adds to the bias what rounding the weights takes from the mean of each channel.
void NetworkWriter::correct_bias(const Layer& layer, const Tensor& weight, const QuantisedWeights& quantised,
                                 std::vector<float>& bias) const {
  const int from = layer.inputs[0];
  if (from < 0) return;  // the pixels' mean is near 0
  const std::vector<float>& means = quantisation_->means.at(static_cast<std::size_t>(from));
  const auto inputs = static_cast<std::size_t>(weight.shape[1]);  // of one group
  const std::size_t outputs_per_group = bias.size() / static_cast<std::size_t>(layer.groups);
  const std::size_t places = weight.values.size() / bias.size() / inputs;
  for (std::size_t c = 0; c < bias.size(); ++c) {
    double lost = 0;
    for (std::size_t i = 0; i < inputs; ++i) {
      double error = 0;
      for (std::size_t k = 0; k < places; ++k) {
        const std::size_t at = (c * inputs + i) * places + k;
        error += weight.values[at] - double{quantised.scales[c]} * quantised.steps[at];
      }
      lost += error * means.at(c / outputs_per_group * inputs + i);
    }
    bias[c] += static_cast<float>(lost);
  }
}

std::string NetworkWriter::write_dequantise(const std::string& steps, const std::string& output,
                                            const QuantisedSteps& by) {
  const std::string scale = graph_.floats(output + "/scale", {}, std::span(&by.scale, 1));
  const std::string zero = graph_.uint8s(output + "/zero", {}, std::span(&by.zero, 1));
  return graph_.node("DequantizeLinear", {steps, scale, zero}, output);
}

void NetworkWriter::round(Output& tensor, const QuantisedRange& range) {
  tensor.steps = steps_of(range);
  const std::string name = tensor.plain + "/rounded";
  const std::string scale = graph_.floats(name + "/scale", {}, std::span(&tensor.steps.scale, 1));
  const std::string zero = graph_.uint8s(name + "/zero", {}, std::span(&tensor.steps.zero, 1));
  const std::string steps = graph_.node("QuantizeLinear", {tensor.plain, scale, zero}, name + "/steps");
  tensor.rounded = graph_.node("DequantizeLinear", {steps, scale, zero}, name);
}

std::string NetworkWriter::constant(const std::string& name, float value) {
  if (constants_.insert(name).second) graph_.floats(name, {}, std::span(&value, 1));
  return name;
}

std::string NetworkWriter::write_convolution(int index, const std::string& output) {
  const Layer& layer = architecture_.layers[static_cast<std::size_t>(index)];
  FoldedConvolution folded = fold_convolution(architecture_, layer, tensors_);
  const std::int64_t kernel = layer.kernel;
  const std::string input = input_of(index, 0);
  const WeightNames names = write_weights(
      output,
      {{layer.out_channels, layer.in_channels / layer.groups, kernel, kernel}, std::move(folded.weight)},
      std::move(folded.bias), index);
  const std::string conv = graph_.node("Conv", {input, names.weight, names.bias}, output + "/conv",
                                       {{"kernel_shape", std::vector<std::int64_t>{kernel, kernel}},
                                        {"strides", std::vector<std::int64_t>{layer.stride, layer.stride}},
                                        {"pads", pads(layer)},
                                        {"group", std::int64_t{layer.groups}}});
  if (layer.pool == 1) return conv;
  const std::vector<std::int64_t> pool = {layer.pool, layer.pool};
  return graph_.node("MaxPool", {conv}, output + "/max", {{"kernel_shape", pool}, {"strides", pool}});
}

std::string NetworkWriter::write_max_pool(const Layer& layer, const std::string& input,
                                          const std::string& output) {
  return graph_.node("MaxPool", {input}, output,
                     {{"kernel_shape", std::vector<std::int64_t>{layer.kernel, layer.kernel}},
                      {"strides", std::vector<std::int64_t>{layer.stride, layer.stride}},
                      {"pads", pads(layer)}});
}

// h + h erf(x / sqrt 2) with h = x / 2: ONNX has an operator of its own only since opset 20. In this order,
// because OpenVINO 2026.4 takes x (1 + erf(x / sqrt 2)) / 2 for an operation that may change places with a
// max pool before it.
std::string NetworkWriter::write_gelu(const std::string& input) {
  const std::string scaled =
      graph_.node("Div", {input, constant("sqrt_two", std::numbers::sqrt2_v<float>)}, input + "/scaled");
  const std::string erf = graph_.node("Erf", {scaled}, input + "/erf");
  const std::string half = graph_.node("Div", {input, constant("two", 2)}, input + "/half");
  const std::string product = graph_.node("Mul", {half, erf}, input + "/product");
  return graph_.node("Add", {half, product}, input + "/gelu");
}

void NetworkWriter::finish(int index, std::string result) {
  const Layer& layer = architecture_.layers[static_cast<std::size_t>(index)];
  const int side_before = side(layer.inputs[0]);
  const bool is_quantised = layer.kind != Layer::Kind::kMeanPool && !is_float(index);
  const QuantisedRange range =
      is_quantised ? quantisation_->outputs.at(static_cast<std::size_t>(index)) : QuantisedRange{};
  if (!is_quantised || !does_activation(range, layer.activation)) {
    if (layer.activation == Activation::kRelu) {
      result = graph_.node("Relu", {result}, result + "/relu");
    } else if (layer.activation == Activation::kRelu6) {
      result = graph_.node("Clip", {result, constant("zero", 0), constant("six", 6)}, result + "/relu6");
    } else if (layer.activation == Activation::kGelu) {
      result = write_gelu(result);
    }
  }
  Output written{.plain = std::move(result), .rounded = {}, .steps = {}};
  if (is_quantised) {
    round(written, range);
    written.plain.clear();  // without its activation, perhaps
  }
  outputs_.push_back(std::move(written));
  sides_.push_back(side_after(layer, side_before));
}

std::vector<std::int64_t> NetworkWriter::pads(const Layer& layer) const {
  const Padding padding = padding_of(layer, side(layer.inputs[0]));
  return {padding.before, padding.before, padding.after, padding.after};
}

}  // namespace winnow::model
