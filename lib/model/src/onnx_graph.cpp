#include "onnx_graph.hpp"

#include <protozero/pbf_writer.hpp>

#include "onnx_fields.hpp"
#include "winnow/core/hash.hpp"

namespace winnow::model {
namespace {

using protozero::pbf_writer;

constexpr int kIrVersion = 8;
constexpr int kOpset = 17;

void write_attribute(pbf_writer& node, const OnnxAttribute& attribute) {
  pbf_writer writer(node, node_field::kAttribute);
  writer.add_string(attribute_field::kName, attribute.name);
  if (const auto* number = std::get_if<std::int64_t>(&attribute.value)) {
    writer.add_int64(attribute_field::kInt, *number);
    writer.add_int32(attribute_field::kType, attribute_field::kTypeInt);
  } else if (const auto* real = std::get_if<float>(&attribute.value)) {
    writer.add_float(attribute_field::kFloat, *real);
    writer.add_int32(attribute_field::kType, attribute_field::kTypeFloat);
  } else {
    const auto& numbers = std::get<std::vector<std::int64_t>>(attribute.value);
    writer.add_packed_int64(attribute_field::kInts, numbers.begin(), numbers.end());
    writer.add_int32(attribute_field::kType, attribute_field::kTypeInts);
  }
}

void write_tensor(std::string& out, const std::string& name, OnnxType type,
                  std::span<const std::int64_t> shape, const void* data, std::size_t size) {
  pbf_writer graph(out);
  pbf_writer tensor(graph, graph_field::kInitializer);
  tensor.add_packed_int64(tensor_field::kDims, shape.begin(), shape.end());
  tensor.add_int32(tensor_field::kDataType, static_cast<std::int32_t>(type));
  tensor.add_string(tensor_field::kName, name);
  tensor.add_bytes(tensor_field::kRawData, static_cast<const char*>(data), size);
}

// ValueInfoProto{1 name, 2 type{1 tensor_type{1 elem_type, 2 shape{1 dim{1 value | 2 param}}}}}
void write_value_info(std::string& out, int field, const std::string& name, OnnxType type,
                      const std::vector<OnnxDimension>& shape) {
  pbf_writer graph(out);
  pbf_writer info(graph, field);
  info.add_string(1, name);
  pbf_writer type_proto(info, 2);
  pbf_writer tensor_type(type_proto, 1);
  tensor_type.add_int32(1, static_cast<std::int32_t>(type));
  pbf_writer shape_proto(tensor_type, 2);
  for (const OnnxDimension& dimension : shape) {
    pbf_writer dim(shape_proto, 1);
    if (const auto* value = std::get_if<std::int64_t>(&dimension)) {
      dim.add_int64(1, *value);
    } else {
      dim.add_string(2, std::get<std::string>(dimension));
    }
  }
}

}  // namespace

std::string OnnxGraph::node(std::string_view op, const std::vector<std::string>& inputs,
                            const std::string& output, const std::vector<OnnxAttribute>& attributes,
                            const std::vector<std::string>& more_outputs) {
  pbf_writer graph(nodes_);
  pbf_writer writer(graph, graph_field::kNode);
  for (const std::string& input : inputs) writer.add_string(node_field::kInput, input);
  writer.add_string(node_field::kOutput, output);
  for (const std::string& more : more_outputs) writer.add_string(node_field::kOutput, more);
  writer.add_string(node_field::kName, output);
  writer.add_string(node_field::kOpType, op.data(), op.size());
  for (const OnnxAttribute& attribute : attributes) write_attribute(writer, attribute);
  return output;
}

std::string OnnxGraph::floats(const std::string& name, const std::vector<std::int64_t>& shape,
                              std::span<const float> values) {
  write_tensor(initializers_, name, OnnxType::kFloat, shape, values.data(), values.size_bytes());
  return name;
}

std::string OnnxGraph::integers(const std::string& name, std::span<const std::int64_t> values) {
  const std::int64_t count = static_cast<std::int64_t>(values.size());
  write_tensor(initializers_, name, OnnxType::kInt64, std::span(&count, 1), values.data(),
               values.size_bytes());
  return name;
}

std::string OnnxGraph::int8s(const std::string& name, const std::vector<std::int64_t>& shape,
                             std::span<const std::int8_t> values) {
  write_tensor(initializers_, name, OnnxType::kInt8, shape, values.data(), values.size_bytes());
  return name;
}

std::string OnnxGraph::uint8s(const std::string& name, const std::vector<std::int64_t>& shape,
                              std::span<const std::uint8_t> values) {
  write_tensor(initializers_, name, OnnxType::kUint8, shape, values.data(), values.size_bytes());
  return name;
}

std::string OnnxGraph::int32s(const std::string& name, const std::vector<std::int64_t>& shape,
                              std::span<const std::int32_t> values) {
  write_tensor(initializers_, name, OnnxType::kInt32, shape, values.data(), values.size_bytes());
  return name;
}

void OnnxGraph::input(const std::string& name, OnnxType type, const std::vector<OnnxDimension>& shape) {
  write_value_info(inputs_, graph_field::kInput, name, type, shape);
}

void OnnxGraph::output(const std::string& name, OnnxType type, const std::vector<OnnxDimension>& shape) {
  write_value_info(outputs_, graph_field::kOutput, name, type, shape);
}

Bytes OnnxGraph::serialise(const std::string& graph_name, const std::map<std::string, std::string>& metadata,
                           const std::string& hash_key) const {
  std::string graph = nodes_;
  pbf_writer(graph).add_string(graph_field::kName, graph_name);
  graph += initializers_;
  graph += inputs_;
  graph += outputs_;

  std::string out;
  pbf_writer model(out);
  model.add_int64(model_field::kIrVersion, kIrVersion);
  model.add_string(model_field::kProducerName, "winnow");
  model.add_string(model_field::kProducerVersion, WINNOW_VERSION);
  {
    pbf_writer opset(model, model_field::kOpsetImport);
    opset.add_string(opset_field::kDomain, "");
    opset.add_int64(opset_field::kVersion, kOpset);
  }
  const auto add_entry = [&](const std::string& key, const std::string& value) {
    pbf_writer entry(model, model_field::kMetadata);
    entry.add_string(entry_field::kKey, key);
    entry.add_string(entry_field::kValue, value);
  };
  for (const auto& [key, value] : metadata) add_entry(key, value);
  if (!hash_key.empty()) add_entry(hash_key, sha256_hex(as_bytes(graph)));
  model.add_message(model_field::kGraph, graph);
  return {out.begin(), out.end()};
}

}  // namespace winnow::model
