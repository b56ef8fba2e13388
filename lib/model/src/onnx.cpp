#include "winnow/model/onnx.hpp"

#include <algorithm>
#include <cmath>
#include <protozero/pbf_reader.hpp>

#include "network_writer.hpp"
#include "onnx_graph.hpp"
#include "winnow/core/error.hpp"

namespace winnow::model {
namespace {

constexpr const char* kMetadataKey = "winnow";

// The last feature maps, [n, embedding_size, side, side].
struct Features {
  std::string name;
  std::int64_t side;
};

Features write_body(NetworkWriter& writer, OnnxGraph& graph, const Architecture& architecture) {
  writer.write_input();
  for (std::size_t i = 0; i < architecture.layers.size(); ++i) writer.write_layer(static_cast<int>(i));
  graph.output("embedding", OnnxType::kFloat, {"n", architecture.embedding_size});
  return {writer.name(architecture.features), writer.side(architecture.features)};
}

// weight: of the head, [classes, embedding_size]. Zhou et al. 2016: the mean of a map over its places is the
// logit without its bias.
void write_activation_map(OnnxGraph& graph, const Features& features, const Tensor& weight) {
  // The head's own weights: of a thousand classes a second copy would be 5 MB.
  const std::vector<std::int64_t> shape = {weight.shape[0], weight.shape[1], 1, 1};
  graph.integers("activation_map/shape", shape);
  graph.node("Reshape", {"head/weight", "activation_map/shape"}, "activation_map/weight");
  graph.node("Conv", {features.name, "activation_map/weight"}, "activation_map",
             {{"kernel_shape", std::vector<std::int64_t>{1, 1}}});
  graph.output("activation_map", OnnxType::kFloat, {"n", weight.shape[0], features.side, features.side});
}

void write_head(NetworkWriter& writer, OnnxGraph& graph, const Architecture& architecture,
                const TensorMap& tensors, double temperature, const Features& features) {
  const std::int64_t classes = architecture.classes;
  Tensor weight =
      require_tensor(tensors, architecture.head + ".weight", {classes, architecture.embedding_size});
  Tensor bias = require_tensor(tensors, architecture.head + ".bias", {classes});
  for (float& value : weight.values) value = static_cast<float>(value / temperature);
  for (float& value : bias.values) value = static_cast<float>(value / temperature);
  writer.write_head(weight, std::move(bias));
  graph.node("Softmax", {"logits"}, "probabilities", {{"axis", std::int64_t{1}}});
  graph.output("logits", OnnxType::kFloat, {"n", classes});
  graph.output("probabilities", OnnxType::kFloat, {"n", classes});
  if (has_activation_maps(architecture)) write_activation_map(graph, features, weight);
}

// Vectors in 8 bits, with a scale each that gives them their length back.
struct CompactReference {
  std::vector<std::int8_t> columns;  // [width, pictures], as MatMul wants them
  std::vector<float> scales;         // [pictures]
};

CompactReference compact(const Tensor& reference) {
  const auto pictures = static_cast<std::size_t>(reference.shape.at(0));
  const auto width = static_cast<std::size_t>(reference.shape.at(1));
  CompactReference result{std::vector<std::int8_t>(pictures * width), std::vector<float>(pictures)};
  for (std::size_t i = 0; i < pictures; ++i) {
    const std::span<const float> row = std::span(reference.values).subspan(i * width, width);
    float largest = 0;
    for (const float value : row) largest = std::max(largest, std::abs(value));
    double length = 0;
    double square_sum = 0;
    for (std::size_t j = 0; j < width; ++j) {
      const float step = largest > 0 ? std::nearbyint(row[j] / largest * 127) : 0;
      result.columns[j * pictures + i] = static_cast<std::int8_t>(step);
      length += double{row[j]} * row[j];
      square_sum += double{step} * step;
    }
    result.scales[i] = square_sum > 0 ? static_cast<float>(std::sqrt(length / square_sum)) : 1.0F;
  }
  return result;
}

void write_similarity(OnnxGraph& graph, const Tensor& reference, int neighbours) {
  const CompactReference bank = compact(reference);
  constexpr float kTiny = 1e-12F;
  const std::int64_t k = neighbours;
  const std::vector<std::int64_t> last_axis = {1};
  graph.int8s("reference/steps", {reference.shape[1], reference.shape[0]}, bank.columns);
  graph.floats("reference/scale", {reference.shape[0]}, bank.scales);
  graph.node("DequantizeLinear", {"reference/steps", "reference/scale"}, "reference",
             {{"axis", std::int64_t{1}}});
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

Bytes write_onnx(const Architecture& architecture, const Checkpoint& checkpoint,
                 const std::map<std::string, std::string>& more_metadata, const Quantisation* quantisation) {
  const Metadata& metadata = checkpoint.metadata;
  OnnxGraph graph;
  NetworkWriter writer(graph, architecture, checkpoint.tensors, metadata.preprocessing.size, quantisation);
  const Features features = write_body(writer, graph, architecture);
  write_head(writer, graph, architecture, checkpoint.tensors, metadata.temperature, features);
  if (metadata.unknown) {
    const auto reference = checkpoint.tensors.find(kReferenceTensor);
    if (reference == checkpoint.tensors.end() || reference->second.shape.size() != 2 ||
        reference->second.shape[1] != architecture.embedding_size ||
        reference->second.shape[0] < metadata.unknown->neighbours) {
      throw Error(ErrorKind::kInvalid, "", "the checkpoint's reference pictures are missing or damaged");
    }
    write_similarity(graph, reference->second, metadata.unknown->neighbours);
  }
  std::map<std::string, std::string> entries = more_metadata;
  entries[kMetadataKey] = to_line(to_json(metadata));
  return graph.serialise(architecture.name, entries, kGraphHashKey);
}

Bytes write_embedding_onnx(const Architecture& architecture, const TensorMap& tensors, int input_size) {
  OnnxGraph graph;
  NetworkWriter writer(graph, architecture, tensors, input_size, nullptr);
  write_body(writer, graph, architecture);
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
