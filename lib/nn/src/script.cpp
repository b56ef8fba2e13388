#include "winnow/nn/script.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/csrc/jit/api/module.h>

#include <sstream>

#include "winnow/model/folding.hpp"
#include "winnow/nn/torch_errors.hpp"

namespace winnow::nn {
namespace {

using model::Activation;
using model::Layer;

torch::Tensor to_torch(std::span<const float> values, const std::vector<std::int64_t>& shape) {
  torch::Tensor tensor = torch::from_blob(const_cast<float*>(values.data()), shape).clone();
  return tensor.dim() == 4 ? tensor.contiguous(torch::MemoryFormat::ChannelsLast) : tensor;
}

// Writes forward() layer by layer and registers what it needs. Values are v0, v1, ... by layer; x is the
// input.
class ScriptWriter {
 public:
  ScriptWriter(const model::Architecture& architecture, const model::Checkpoint& checkpoint)
      : architecture_(architecture), checkpoint_(checkpoint) {
    add_tensor("mean", to_torch(architecture.mean, {3}));
    add_tensor("scale", to_torch(architecture.scale, {3}));
    // A byte less a float is a float.
    line("x = ((images - self.mean) / self.scale).permute([0, 3, 1, 2])");
  }

  void write_layer(std::size_t index) {
    const Layer& layer = architecture_.layers[index];
    const std::string output = fmt::format("v{}", index);
    const std::string input = name(layer.inputs[0]);
    switch (layer.kind) {
      case Layer::Kind::kConvolution:
        write_convolution(layer, input, output);
        break;
      case Layer::Kind::kMaxPool: {
        const int padding = model::padding_of(layer, side(layer.inputs[0])).before;
        line("{0} = torch.max_pool2d({1}, [{2}, {2}], [{3}, {3}], [{4}, {4}])", output, input, layer.kernel,
             layer.stride, padding);
        break;
      }
      case Layer::Kind::kAdd:
        line("{} = {} + {}", output, input, name(layer.inputs[1]));
        break;
      case Layer::Kind::kMeanPool:
        line("{} = torch.mean({}, [2, 3])", output, input);
        break;
      case Layer::Kind::kLinear:
        return;  // the head is written with its temperature, by write_head
    }
    activate(layer.activation, output);
    sides_.push_back(model::side_after(layer, side(layer.inputs[0])));
  }

  void write_head() {
    const auto classes = static_cast<std::int64_t>(checkpoint_.metadata.classes.size());
    const torch::Tensor weight =
        take(architecture_.head + ".weight", {classes, architecture_.embedding_size});
    const torch::Tensor bias = take(architecture_.head + ".bias", {classes});
    add_tensor("head_weight", weight / checkpoint_.metadata.temperature);
    add_tensor("head_bias", bias / checkpoint_.metadata.temperature);
    line("embedding = {}", name(architecture_.embedding));
    line("logits = torch.linear(embedding, self.head_weight, self.head_bias)");
    line("probabilities = torch.softmax(logits, 1)");
    outputs_ = {"logits", "probabilities", "embedding"};
    if (!model::has_activation_maps(architecture_)) return;
    line("activation_map = torch.conv2d({}, self.head_weight.unsqueeze(2).unsqueeze(3))",
         name(architecture_.features));
    outputs_.emplace_back("activation_map");
  }

  void write_similarity(int neighbours) {
    const model::Tensor& reference =
        model::require_reference(checkpoint_.tensors, architecture_.embedding_size, neighbours);
    add_tensor("reference", to_torch(reference.values, reference.shape));
    line("length = torch.sqrt(torch.sum(embedding * embedding, [1], True))");
    line("cosines = torch.linear(embedding / torch.clamp_min(length, 1e-12), self.reference)");
    line("nearest, _ = torch.topk(cosines, {}, 1)", neighbours);
    line("similarity = torch.amin(nearest, [1])");
    outputs_.emplace_back("similarity");
  }

  [[nodiscard]] Bytes finish() {
    line("return ({})", fmt::join(outputs_, ", "));
    module_.define("def forward(self, images):\n" + body_);
    module_.register_attribute("training", c10::BoolType::get(), false);
    std::ostringstream stream;
    module_.save(stream, {{"winnow.json", to_line(model::to_json(checkpoint_.metadata))},
                          {"outputs.json", to_line(outputs_)}});
    const ByteSpan bytes = as_bytes(stream.view());
    return {bytes.begin(), bytes.end()};
  }

 private:
  template <class... Arguments>
  void line(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    body_ += "  " + fmt::format(format, std::forward<Arguments>(arguments)...) + "\n";
  }
  // Buffers go along when the module is moved to a GPU.
  void add_tensor(const std::string& name, const torch::Tensor& value) {
    module_.register_buffer(name, value);
  }

  [[nodiscard]] torch::Tensor take(const std::string& name, const std::vector<std::int64_t>& shape) const {
    return to_torch(model::require_tensor(checkpoint_.tensors, name, shape).values, shape);
  }
  [[nodiscard]] static std::string name(int layer) { return layer < 0 ? "x" : fmt::format("v{}", layer); }
  [[nodiscard]] int side(int layer) const {
    return layer < 0 ? checkpoint_.metadata.preprocessing.size : sides_.at(static_cast<std::size_t>(layer));
  }

  void write_convolution(const Layer& layer, std::string input, const std::string& output) {
    const model::FoldedConvolution folded =
        model::fold_convolution(architecture_, layer, checkpoint_.tensors);
    add_tensor(output + "_weight",
               to_torch(folded.weight,
                        {layer.out_channels, layer.in_channels / layer.groups, layer.kernel, layer.kernel}));
    add_tensor(output + "_bias", to_torch(folded.bias, {layer.out_channels}));
    model::Padding padding = model::padding_of(layer, side(layer.inputs[0]));
    if (padding.before != padding.after) {
      line("{0} = torch.constant_pad_nd({1}, [{2}, {3}, {2}, {3}], 0.)", output, input, padding.before,
           padding.after);
      input = output;
      padding.before = 0;
    }
    line("{0} = torch.conv2d({1}, self.{0}_weight, self.{0}_bias, [{2}, {2}], [{3}, {3}], [1, 1], {4})",
         output, input, layer.stride, padding.before, layer.groups);
    if (layer.pool > 1) line("{0} = torch.max_pool2d({0}, [{1}, {1}])", output, layer.pool);
  }

  void activate(Activation activation, const std::string& value) {
    switch (activation) {
      case Activation::kNone:
        return;
      case Activation::kRelu:
        return line("{0} = torch.relu({0})", value);
      case Activation::kRelu6:
        return line("{0} = torch.clamp({0}, 0., 6.)", value);
      case Activation::kGelu:
        return line("{0} = torch.gelu({0})", value);
    }
  }

  const model::Architecture& architecture_;
  const model::Checkpoint& checkpoint_;
  torch::jit::Module module_{"winnow.Classifier"};
  std::string body_;
  std::vector<int> sides_;
  std::vector<std::string> outputs_;
};

}  // namespace

Bytes write_torchscript(const model::Architecture& architecture, const model::Checkpoint& checkpoint) {
  return translate_torch_errors("write TorchScript", [&] {
    const torch::NoGradGuard no_grad;
    ScriptWriter writer(architecture, checkpoint);
    for (std::size_t i = 0; i < architecture.layers.size(); ++i) writer.write_layer(i);
    writer.write_head();
    if (checkpoint.metadata.unknown) writer.write_similarity(checkpoint.metadata.unknown->neighbours);
    return writer.finish();
  });
}

}  // namespace winnow::nn
