#include "winnow/exporting/triton.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "winnow/core/atomic_file.hpp"
#include "winnow/core/atomic_folder.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/model/onnx.hpp"
#include "winnow/model/onnx_summary.hpp"

namespace winnow::exporting {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxBatch = 32;

void check_name(const std::string& name) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  const bool good = !name.empty() && is_plain(name[0]) && std::all_of(name.begin(), name.end(), [&](char c) {
    return is_plain(c) || c == '_' || c == '-' || c == '.';
  });
  if (!good) {
    throw Error(ErrorKind::kUsage, name,
                "is no name for a model; take letters, digits, _ and -, and give it with --name");
  }
}

const char* type_name(const model::OnnxSummary::Value& value) {
  static const std::map<std::string, const char*> names = {{"uint8", "TYPE_UINT8"}, {"float32", "TYPE_FP32"}};
  const auto found = names.find(value.type);
  if (found == names.end()) {
    throw Error(ErrorKind::kInvalid, value.name, "is of type " + value.type + ", which no model of ours has");
  }
  return found->second;
}

// Triton counts the batch apart from the dimensions, and wants at least one of these: a value for each
// picture is declared as [1], and reshaped to none.
std::string describe(const model::OnnxSummary::Value& value, bool has_labels) {
  std::string dimensions;
  for (std::size_t axis = 1; axis < value.shape.size(); ++axis) {
    dimensions += (axis > 1 ? ", " : "") + value.shape[axis];
  }
  std::string text = fmt::format("  {{\n    name: \"{}\"\n    data_type: {}\n    dims: [ {} ]\n", value.name,
                                 type_name(value), dimensions.empty() ? "1" : dimensions);
  if (dimensions.empty()) text += "    reshape { shape: [ ] }\n";
  if (has_labels) text += "    label_filename: \"labels.txt\"\n";
  return text + "  }";
}

std::string describe_model(const model::OnnxSummary& summary, const std::string& name) {
  std::string text =
      fmt::format("name: \"{}\"\nbackend: \"onnxruntime\"\nmax_batch_size: {}\n", name, kMaxBatch);
  const auto add = [&](const char* field, const std::vector<model::OnnxSummary::Value>& values) {
    std::string list;
    for (const auto& value : values) {
      const bool has_labels = value.name == "logits" || value.name == "probabilities";
      list += (list.empty() ? "" : ",\n") + describe(value, has_labels);
    }
    text += fmt::format("{} [\n{}\n]\n", field, list);
  };
  add("input", summary.inputs);
  add("output", summary.outputs);
  return text + "dynamic_batching { }\n";
}

// One a line: a label with a line break in it would shift all after it.
std::string list_labels(const std::vector<std::string>& classes) {
  std::string text;
  for (std::string label : classes) {
    std::replace_if(
        label.begin(), label.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
    text += label + "\n";
  }
  return text;
}

}  // namespace

fs::path add_to_triton_repository(ByteSpan onnx, const std::string& name, const fs::path& repository) {
  check_name(name);
  const model::OnnxSummary summary = model::summarise_onnx(onnx);
  const std::optional<model::Metadata> metadata = model::read_onnx_metadata(onnx);
  if (!metadata) throw Error(ErrorKind::kInvalid, name, "is not a model of winnow-export");
  fs::path folder = repository / name;
  std::error_code error;
  if (fs::exists(folder, error)) {
    throw Error(ErrorKind::kUsage, folder.string(), "is there already; remove it, or give another --name");
  }
  winnow::create_directories(repository);
  AtomicFolder fresh(folder);
  winnow::create_directories(fresh.path() / "1");
  write_file_atomically(fresh.path() / "1/model.onnx", onnx);
  write_file_atomically(fresh.path() / "labels.txt", list_labels(metadata->classes));
  write_file_atomically(fresh.path() / "config.pbtxt", describe_model(summary, name));
  fresh.commit();
  return folder;
}

}  // namespace winnow::exporting
