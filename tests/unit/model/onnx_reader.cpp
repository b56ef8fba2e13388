#include "unit/model/onnx_reader.hpp"

#include <cstring>
#include <protozero/pbf_reader.hpp>
#include <stdexcept>

namespace winnow::model {
namespace {

using protozero::pbf_reader;

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what);
}

template <class Range>
std::vector<std::int64_t> to_vector(const Range& range) {
  return {range.begin(), range.end()};
}

template <class T>
std::vector<T> from_raw(const std::string& raw) {
  if (raw.size() % sizeof(T) != 0) fail("raw data of an odd size");
  std::vector<T> values(raw.size() / sizeof(T));
  std::memcpy(values.data(), raw.data(), raw.size());
  return values;
}

std::pair<std::string, ReadAttribute> read_attribute(pbf_reader message) {
  std::pair<std::string, ReadAttribute> result;
  while (message.next()) {
    switch (message.tag()) {
      case 1:
        result.first = message.get_string();
        break;
      case 2:
        result.second.real = message.get_float();
        break;
      case 3:
        result.second.number = message.get_int64();
        break;
      case 8:
        result.second.numbers = to_vector(message.get_packed_int64());
        break;
      case 20:
        result.second.type = message.get_int32();
        break;
      default:
        fail("unknown field of an attribute");
    }
  }
  return result;
}

ReadNode read_node(pbf_reader message) {
  ReadNode node;
  while (message.next()) {
    switch (message.tag()) {
      case 1:
        node.inputs.push_back(message.get_string());
        break;
      case 2:
        node.outputs.push_back(message.get_string());
        break;
      case 3:
        node.name = message.get_string();
        break;
      case 4:
        node.op = message.get_string();
        break;
      case 5:
        node.attributes.insert(read_attribute(message.get_message()));
        break;
      default:
        fail("unknown field of a node");
    }
  }
  return node;
}

std::pair<std::string, ReadTensor> read_tensor(pbf_reader message) {
  std::pair<std::string, ReadTensor> result;
  std::string raw;
  while (message.next()) {
    switch (message.tag()) {
      case 1:
        result.second.shape = to_vector(message.get_packed_int64());
        break;
      case 2:
        result.second.type = message.get_int32();
        break;
      case 8:
        result.first = message.get_string();
        break;
      case 9:
        raw = message.get_string();
        break;
      default:
        fail("unknown field of a tensor");
    }
  }
  std::int64_t size = 1;
  for (const std::int64_t extent : result.second.shape) size *= extent;
  if (result.second.type == 1) {
    result.second.floats = from_raw<float>(raw);
  } else if (result.second.type == 7) {
    result.second.integers = from_raw<std::int64_t>(raw);
  } else if (result.second.type == 3) {
    for (const auto step : from_raw<std::int8_t>(raw)) result.second.integers.push_back(step);
  } else {
    fail("unknown type of tensor");
  }
  if (result.second.floats.size() + result.second.integers.size() != static_cast<std::size_t>(size)) {
    fail(result.first + " has data of another size than its shape");
  }
  return result;
}

pbf_reader only_field(pbf_reader message, protozero::pbf_tag_type tag) {
  if (!message.next(tag)) fail("a field is missing");
  return message.get_message();
}

ReadValue read_value(pbf_reader message) {
  ReadValue value;
  while (message.next()) {
    if (message.tag() == 1) {
      value.name = message.get_string();
      continue;
    }
    pbf_reader tensor = only_field(message.get_message(), 1);
    while (tensor.next()) {
      if (tensor.tag() == 1) {
        value.type = tensor.get_int32();
        continue;
      }
      pbf_reader shape = tensor.get_message();
      while (shape.next(1)) {
        pbf_reader dimension = shape.get_message();
        if (!dimension.next()) fail("an empty dimension");
        value.shape.push_back(dimension.tag() == 1 ? std::to_string(dimension.get_int64())
                                                   : dimension.get_string());
      }
    }
  }
  return value;
}

void read_graph(pbf_reader message, ReadModel& model) {
  while (message.next()) {
    switch (message.tag()) {
      case 1:
        model.nodes.push_back(read_node(message.get_message()));
        break;
      case 2:
        model.graph_name = message.get_string();
        break;
      case 5:
        if (!model.initializers.insert(read_tensor(message.get_message())).second)
          fail("two constants of one name");
        break;
      case 11:
        model.inputs.push_back(read_value(message.get_message()));
        break;
      case 12:
        model.outputs.push_back(read_value(message.get_message()));
        break;
      default:
        fail("unknown field of the graph");
    }
  }
}

void read_opset(pbf_reader message, ReadModel& model) {
  while (message.next()) {
    if (message.tag() == 1) {
      model.opset_domain = message.get_string();
    } else {
      model.opset = message.get_int64();
    }
  }
}

void read_metadata(pbf_reader message, ReadModel& model) {
  std::string key;
  std::string value;
  while (message.next()) {
    std::string& text = message.tag() == 1 ? key : value;
    text = message.get_string();
  }
  model.metadata[key] = value;
}

}  // namespace

const ReadNode& ReadModel::node_of(const std::string& output) const {
  const ReadNode* found = nullptr;
  for (const ReadNode& node : nodes) {
    for (const std::string& name : node.outputs) {
      if (name != output) continue;
      if (found != nullptr) fail("two nodes give " + output);
      found = &node;
    }
  }
  if (found == nullptr) fail("no node gives " + output);
  return *found;
}

ReadModel read_onnx(ByteSpan bytes) {
  ReadModel model;
  pbf_reader message(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  while (message.next()) {
    switch (message.tag()) {
      case 1:
        model.ir_version = message.get_int64();
        break;
      case 2:
        model.producer = message.get_string();
        break;
      case 3:
        message.skip();
        break;
      case 7:
        read_graph(message.get_message(), model);
        break;
      case 8:
        read_opset(message.get_message(), model);
        break;
      case 14:
        read_metadata(message.get_message(), model);
        break;
      default:
        fail("unknown field of the model");
    }
  }
  return model;
}

}  // namespace winnow::model
