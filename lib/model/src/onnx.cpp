#include "winnow/model/onnx.hpp"

#include <algorithm>
#include <numbers>
#include <protozero/pbf_reader.hpp>

#include "onnx_graph.hpp"
#include "winnow/core/error.hpp"
#include "winnow/model/folding.hpp"

namespace winnow::model {
namespace {

constexpr const char* kMetadataKey = "winnow";

// Writes the layers of a network one after another and keeps the name and side of each one's output.
class NetworkWriter {
 public:
  NetworkWriter(OnnxGraph& graph, const Architecture& architecture, const TensorMap& tensors, int input_size)
      : graph_(graph), architecture_(architecture), tensors_(tensors), input_size_(input_size) {}

  // Returns the name of the normalised [n, 3, size, size] input.
  void write_input() {
    const std::int64_t side = input_size_;
    graph_.input("images", OnnxType::kUint8, {"n", side, side, 3});
    const std::string pixels = graph_.node("Cast", {"images"}, "pixels", {{"to", std::int64_t{1}}});
    const std::string mean = graph_.floats("mean", {3}, architecture_.mean);
    const std::string scale = graph_.floats("scale", {3}, architecture_.scale);
    graph_.node("Sub", {pixels, mean}, "centred");
    graph_.node("Div", {"centred", scale}, "normalised");
    input_ =
        graph_.node("Transpose", {"normalised"}, "input", {{"perm", std::vector<std::int64_t>{0, 3, 1, 2}}});
  }

  void write_layer(std::size_t index) {
    const Layer& layer = architecture_.layers[index];
    const std::string output = index == static_cast<std::size_t>(architecture_.embedding) ? "embedding"
                               : layer.name.empty() ? "layer" + std::to_string(index)
                                                    : layer.name;
    switch (layer.kind) {
      case Layer::Kind::kConvolution:
        return finish(layer, write_convolution(layer, output));
      case Layer::Kind::kMaxPool:
        return finish(layer, write_max_pool(layer, name(layer.inputs[0]), output + "/max"));
      case Layer::Kind::kAdd:
        return finish(layer,
                      graph_.node("Add", {name(layer.inputs[0]), name(layer.inputs[1])}, output + "/sum"));
      case Layer::Kind::kMeanPool:
        graph_.node("GlobalAveragePool", {name(layer.inputs[0])}, output + "/pool");
        return finish(layer, graph_.node("Flatten", {output + "/pool"}, output, {{"axis", std::int64_t{1}}}));
      case Layer::Kind::kLinear:
        return;  // the head is written with its temperature, by write_head
    }
  }

  [[nodiscard]] const std::string& name(int layer) const {
    return layer < 0 ? input_ : names_.at(static_cast<std::size_t>(layer));
  }
  [[nodiscard]] int side(int layer) const {
    return layer < 0 ? input_size_ : sides_.at(static_cast<std::size_t>(layer));
  }

 private:
  std::string write_convolution(const Layer& layer, const std::string& output) {
    const FoldedConvolution folded = fold_convolution(architecture_, layer, tensors_);
    const std::int64_t kernel = layer.kernel;
    const std::string weight =
        graph_.floats(output + "/weight",
                      {layer.out_channels, layer.in_channels / layer.groups, kernel, kernel}, folded.weight);
    const std::string bias = graph_.floats(output + "/bias", {layer.out_channels}, folded.bias);
    const std::string conv = graph_.node("Conv", {name(layer.inputs[0]), weight, bias}, output + "/conv",
                                         {{"kernel_shape", std::vector<std::int64_t>{kernel, kernel}},
                                          {"strides", std::vector<std::int64_t>{layer.stride, layer.stride}},
                                          {"pads", pads(layer)},
                                          {"group", std::int64_t{layer.groups}}});
    if (layer.pool == 1) return conv;
    const std::vector<std::int64_t> pool = {layer.pool, layer.pool};
    return graph_.node("MaxPool", {conv}, output + "/max", {{"kernel_shape", pool}, {"strides", pool}});
  }

  std::string write_max_pool(const Layer& layer, const std::string& input, const std::string& output) {
    return graph_.node("MaxPool", {input}, output,
                       {{"kernel_shape", std::vector<std::int64_t>{layer.kernel, layer.kernel}},
                        {"strides", std::vector<std::int64_t>{layer.stride, layer.stride}},
                        {"pads", pads(layer)}});
  }

  // h + h erf(x / sqrt 2) with h = x / 2: ONNX has an operator of its own only since opset 20. In this order,
  // because OpenVINO 2026.4 takes x (1 + erf(x / sqrt 2)) / 2 for an operation that may change places with a
  // max pool before it.
  std::string write_gelu(const std::string& input) {
    const std::string scaled = graph_.node("Div", {input, "sqrt_two"}, input + "/scaled");
    const std::string erf = graph_.node("Erf", {scaled}, input + "/erf");
    const std::string half = graph_.node("Div", {input, "two"}, input + "/half");
    const std::string product = graph_.node("Mul", {half, erf}, input + "/product");
    return graph_.node("Add", {half, product}, input + "/gelu");
  }

  void finish(const Layer& layer, std::string output) {
    if (layer.activation == Activation::kRelu) {
      output = graph_.node("Relu", {output}, output + "/relu");
    } else if (layer.activation == Activation::kRelu6) {
      output = graph_.node("Clip", {output, "zero", "six"}, output + "/relu6");
    } else if (layer.activation == Activation::kGelu) {
      output = write_gelu(output);
    }
    names_.push_back(std::move(output));
    sides_.push_back(side_after(layer, side(layer.inputs[0])));
  }

  [[nodiscard]] std::vector<std::int64_t> pads(const Layer& layer) const {
    const Padding padding = padding_of(layer, side(layer.inputs[0]));
    return {padding.before, padding.before, padding.after, padding.after};
  }

  OnnxGraph& graph_;
  const Architecture& architecture_;
  const TensorMap& tensors_;
  const int input_size_;
  std::string input_;
  std::vector<std::string> names_;
  std::vector<int> sides_;
};

// The last feature maps, [n, embedding_size, side, side].
struct Features {
  std::string name;
  std::int64_t side;
};

Features write_body(OnnxGraph& graph, const Architecture& architecture, const TensorMap& tensors,
                    int input_size) {
  NetworkWriter writer(graph, architecture, tensors, input_size);
  writer.write_input();
  const auto uses = [&](Activation activation) {
    return std::any_of(architecture.layers.begin(), architecture.layers.end(),
                       [&](const Layer& layer) { return layer.activation == activation; });
  };
  const auto constant = [&](const char* name, float value) { graph.floats(name, {}, std::span(&value, 1)); };
  if (uses(Activation::kRelu6)) {
    constant("zero", 0);
    constant("six", 6);
  }
  if (uses(Activation::kGelu)) {
    constant("sqrt_two", std::numbers::sqrt2_v<float>);
    constant("two", 2);
  }
  for (std::size_t i = 0; i < architecture.layers.size(); ++i) writer.write_layer(i);
  graph.output("embedding", OnnxType::kFloat, {"n", architecture.embedding_size});
  return {writer.name(architecture.features), writer.side(architecture.features)};
}

// weight: of the head, [classes, embedding_size]. Zhou et al. 2016: the mean of a map over its places is the
// logit without its bias.
void write_activation_map(OnnxGraph& graph, const Features& features, const Tensor& weight) {
  graph.floats("activation_map/weight", {weight.shape[0], weight.shape[1], 1, 1}, weight.values);
  graph.node("Conv", {features.name, "activation_map/weight"}, "activation_map",
             {{"kernel_shape", std::vector<std::int64_t>{1, 1}}});
  graph.output("activation_map", OnnxType::kFloat, {"n", weight.shape[0], features.side, features.side});
}

void write_head(OnnxGraph& graph, const Architecture& architecture, const TensorMap& tensors,
                double temperature, const Features& features) {
  const std::int64_t classes = architecture.classes;
  Tensor weight =
      require_tensor(tensors, architecture.head + ".weight", {classes, architecture.embedding_size});
  Tensor bias = require_tensor(tensors, architecture.head + ".bias", {classes});
  for (float& value : weight.values) value = static_cast<float>(value / temperature);
  for (float& value : bias.values) value = static_cast<float>(value / temperature);
  graph.floats("head/weight", weight.shape, weight.values);
  graph.floats("head/bias", bias.shape, bias.values);
  graph.node("Gemm", {"embedding", "head/weight", "head/bias"}, "logits", {{"transB", std::int64_t{1}}});
  graph.node("Softmax", {"logits"}, "probabilities", {{"axis", std::int64_t{1}}});
  graph.output("logits", OnnxType::kFloat, {"n", classes});
  graph.output("probabilities", OnnxType::kFloat, {"n", classes});
  if (has_activation_maps(architecture)) write_activation_map(graph, features, weight);
}

void write_similarity(OnnxGraph& graph, const Tensor& reference, int neighbours) {
  const std::int64_t pictures = reference.shape.at(0);
  const std::int64_t width = reference.shape.at(1);
  std::vector<float> columns(reference.values.size());  // transposed, for MatMul
  for (std::int64_t i = 0; i < pictures; ++i) {
    for (std::int64_t j = 0; j < width; ++j) {
      columns[static_cast<std::size_t>(j * pictures + i)] =
          reference.values[static_cast<std::size_t>(i * width + j)];
    }
  }
  constexpr float kTiny = 1e-12F;
  const std::int64_t k = neighbours;
  const std::vector<std::int64_t> last_axis = {1};
  graph.floats("reference", {width, pictures}, columns);
  graph.floats("tiny", {}, std::span(&kTiny, 1));
  graph.integers("neighbours", std::span(&k, 1));
  graph.node("ReduceL2", {"embedding"}, "norm", {{"axes", last_axis}, {"keepdims", std::int64_t{1}}});
  graph.node("Max", {"norm", "tiny"}, "safe_norm");
  graph.node("Div", {"embedding", "safe_norm"}, "direction");
  graph.node("MatMul", {"direction", "reference"}, "cosines");
  graph.node("TopK", {"cosines", "neighbours"}, "nearest", {{"axis", std::int64_t{1}}}, {"nearest_index"});
  // The smallest of the k largest is the k-th.
  graph.node("ReduceMin", {"nearest"}, "similarity", {{"axes", last_axis}, {"keepdims", std::int64_t{0}}});
  graph.output("similarity", OnnxType::kFloat, {"n"});
}

// StringStringEntryProto{1 key, 2 value}. protozero takes a field at its word: what it is has to be asked.
std::pair<std::string, std::string> read_entry(protozero::pbf_reader entry) {
  std::pair<std::string, std::string> result;
  while (entry.next()) {
    const bool is_text = entry.has_wire_type(protozero::pbf_wire_type::length_delimited);
    if (is_text && entry.tag() == 1) {
      result.first = entry.get_string();
    } else if (is_text && entry.tag() == 2) {
      result.second = entry.get_string();
    } else {
      entry.skip();
    }
  }
  return result;
}

}  // namespace

Bytes write_onnx(const Architecture& architecture, const Checkpoint& checkpoint) {
  const Metadata& metadata = checkpoint.metadata;
  OnnxGraph graph;
  const Features features = write_body(graph, architecture, checkpoint.tensors, metadata.preprocessing.size);
  write_head(graph, architecture, checkpoint.tensors, metadata.temperature, features);
  if (metadata.unknown) {
    const int neighbours = metadata.unknown->neighbours;
    write_similarity(graph, require_reference(checkpoint.tensors, architecture.embedding_size, neighbours),
                     neighbours);
  }
  return graph.serialise(architecture.name, {{kMetadataKey, to_line(to_json(metadata))}});
}

Bytes write_embedding_onnx(const Architecture& architecture, const TensorMap& tensors, int input_size) {
  OnnxGraph graph;
  write_body(graph, architecture, tensors, input_size);
  return graph.serialise(architecture.name, {});
}

std::optional<Metadata> read_onnx_metadata(ByteSpan bytes) {
  constexpr int kIrVersionField = 1;
  constexpr int kGraphField = 7;
  constexpr int kMetadataField = 14;
  using protozero::pbf_wire_type;
  std::string text;
  bool has_graph = false;
  bool has_version = false;
  try {
    protozero::pbf_reader model(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    while (model.next()) {
      has_graph = has_graph || model.tag() == kGraphField;
      has_version = has_version || model.tag() == kIrVersionField;
      if (model.tag() == kMetadataField && model.has_wire_type(pbf_wire_type::length_delimited)) {
        const auto [key, value] = read_entry(model.get_message());
        if (key == kMetadataKey) text = value;
      } else {
        model.skip();
      }
    }
  } catch (const protozero::exception&) {
    throw Error(ErrorKind::kInvalid, "", "not an ONNX model, or cut short; export it again");
  }
  if (!has_graph || !has_version) throw Error(ErrorKind::kInvalid, "", "not an ONNX model; export it again");
  if (text.empty()) return std::nullopt;
  return metadata_from_json(Json::parse(text, nullptr, false));
}

}  // namespace winnow::model
