#include "winnow/model/onnx_summary.hpp"

#include <fmt/format.h>

#include <protozero/pbf_reader.hpp>

#include "onnx_fields.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/hash.hpp"

namespace winnow::model {
namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;
using protozero::tag_and_type;

// A field is only what it should be if its number and its wire type say so: protozero takes it at its word.
constexpr auto kText = pbf_wire_type::length_delimited;
constexpr auto kNumber = pbf_wire_type::varint;

std::string type_name(std::int32_t type) {
  switch (type) {
    case 1:
      return "float32";
    case 2:
      return "uint8";
    case 3:
      return "int8";
    case 6:
      return "int32";
    case 7:
      return "int64";
    case 10:
      return "float16";
    default:
      return fmt::format("type {}", type);
  }
}

void read_shape(pbf_reader shape, OnnxSummary::Value& value) {
  while (shape.next(shape_field::kDimension, kText)) {
    pbf_reader dimension = shape.get_message();
    std::string& text = value.shape.emplace_back("?");
    while (dimension.next()) {
      switch (dimension.tag_and_type()) {
        case tag_and_type(dimension_field::kValue, kNumber):
          text = std::to_string(dimension.get_int64());
          break;
        case tag_and_type(dimension_field::kName, kText):
          text = dimension.get_string();
          break;
        default:
          dimension.skip();
      }
    }
  }
}

void read_tensor_type(pbf_reader tensor, OnnxSummary::Value& value) {
  while (tensor.next()) {
    switch (tensor.tag_and_type()) {
      case tag_and_type(tensor_type_field::kElement, kNumber):
        value.type = type_name(tensor.get_int32());
        break;
      case tag_and_type(tensor_type_field::kShape, kText):
        read_shape(tensor.get_message(), value);
        break;
      default:
        tensor.skip();
    }
  }
}

OnnxSummary::Value read_value(pbf_reader info) {
  OnnxSummary::Value value;
  while (info.next()) {
    switch (info.tag_and_type()) {
      case tag_and_type(value_field::kName, kText):
        value.name = info.get_string();
        break;
      case tag_and_type(value_field::kType, kText): {
        pbf_reader type = info.get_message();
        while (type.next(type_field::kTensor, kText)) read_tensor_type(type.get_message(), value);
        break;
      }
      default:
        info.skip();
    }
  }
  return value;
}

OnnxSummary::Constant read_constant(pbf_reader tensor) {
  OnnxSummary::Constant constant;
  while (tensor.next()) {
    switch (tensor.tag_and_type()) {
      case tag_and_type(tensor_field::kDataType, kNumber):
        constant.type = type_name(tensor.get_int32());
        break;
      case tag_and_type(tensor_field::kName, kText):
        constant.name = tensor.get_string();
        break;
      case tag_and_type(tensor_field::kRawData, kText):
        constant.bytes = tensor.get_view().size();
        break;
      default:
        tensor.skip();
    }
  }
  return constant;
}

void read_graph(pbf_reader graph, OnnxSummary& summary) {
  while (graph.next()) {
    switch (graph.tag_and_type()) {
      case tag_and_type(graph_field::kNode, kText): {
        pbf_reader node = graph.get_message();
        while (node.next(node_field::kOpType, kText)) ++summary.operators[node.get_string()];
        break;
      }
      case tag_and_type(graph_field::kInitializer, kText):
        summary.constants.push_back(read_constant(graph.get_message()));
        break;
      case tag_and_type(graph_field::kInput, kText):
        summary.inputs.push_back(read_value(graph.get_message()));
        break;
      case tag_and_type(graph_field::kOutput, kText):
        summary.outputs.push_back(read_value(graph.get_message()));
        break;
      default:
        graph.skip();
    }
  }
}

void read_opset(pbf_reader opset, OnnxSummary& summary) {
  std::string domain;
  std::int64_t version = 0;
  while (opset.next()) {
    switch (opset.tag_and_type()) {
      case tag_and_type(opset_field::kDomain, kText):
        domain = opset.get_string();
        break;
      case tag_and_type(opset_field::kVersion, kNumber):
        version = opset.get_int64();
        break;
      default:
        opset.skip();
    }
  }
  if (domain.empty()) summary.opset = version;
}

void read_metadata(pbf_reader entry, OnnxSummary& summary) {
  std::string key;
  std::string value;
  while (entry.next()) {
    switch (entry.tag_and_type()) {
      case tag_and_type(entry_field::kKey, kText):
        key = entry.get_string();
        break;
      case tag_and_type(entry_field::kValue, kText):
        value = entry.get_string();
        break;
      default:
        entry.skip();
    }
  }
  summary.metadata[std::move(key)] = std::move(value);
}

}  // namespace

OnnxSummary summarise_onnx(ByteSpan bytes) {
  OnnxSummary summary;
  bool has_graph = false;
  std::string producer_version;
  try {
    pbf_reader model(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    while (model.next()) {
      switch (model.tag_and_type()) {
        case tag_and_type(model_field::kIrVersion, kNumber):
          summary.ir_version = model.get_int64();
          break;
        case tag_and_type(model_field::kProducerName, kText):
          summary.producer = model.get_string();
          break;
        case tag_and_type(model_field::kProducerVersion, kText):
          producer_version = model.get_string();
          break;
        case tag_and_type(model_field::kGraph, kText): {
          has_graph = true;
          const protozero::data_view graph = model.get_view();
          summary.graph_sha256 = sha256_hex(as_bytes({graph.data(), graph.size()}));
          read_graph(pbf_reader(graph), summary);
          break;
        }
        case tag_and_type(model_field::kOpsetImport, kText):
          read_opset(model.get_message(), summary);
          break;
        case tag_and_type(model_field::kMetadata, kText):
          read_metadata(model.get_message(), summary);
          break;
        default:
          model.skip();
      }
    }
  } catch (const protozero::exception&) {
    throw Error(ErrorKind::kInvalid, "", "not an ONNX model, or cut short; export it again");
  }
  if (!has_graph || summary.ir_version == 0) {
    throw Error(ErrorKind::kInvalid, "", "not an ONNX model; export it again");
  }
  if (!producer_version.empty()) summary.producer += " " + producer_version;
  return summary;
}

}  // namespace winnow::model
