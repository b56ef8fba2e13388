#include "export/inspect.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "winnow/core/text.hpp"
#include "winnow/image/preprocess.hpp"
#include "winnow/model/metadata.hpp"
#include "winnow/model/onnx.hpp"
#include "winnow/model/onnx_summary.hpp"
#include "winnow/model/reference_vector.hpp"

namespace winnow::tools {
namespace {

constexpr std::size_t kClassesShown = 12;

class Lines {
 public:
  // Foreign text ends up on a terminal here.
  void add(std::string_view name, const std::string& value) {
    text_ += fmt::format("{:<16}{}\n", name, printable(value));
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

// A member of a document that anybody may have written.
std::string text_at(const Json& json, const char* member) {
  const auto found = json.is_object() ? json.find(member) : json.end();
  if (!json.is_object() || found == json.end() || found->is_null()) return "";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

Json object_at(const Json& json, const char* member) {
  return json.is_object() && json.contains(member) && json[member].is_object() ? json[member]
                                                                               : Json(Json::object());
}

double number_at(const Json& json, const char* member) {
  return json.contains(member) && json[member].is_number() ? json[member].get<double>() : 0;
}

struct Parts {
  std::uint64_t weights = 0;
  std::uint64_t reference = 0;
  std::uint64_t metadata = 0;
  std::map<std::string, std::uint64_t> weights_by_type;
};

Parts measure(const model::OnnxSummary& summary) {
  Parts parts;
  for (const auto& constant : summary.constants) {
    if (constant.name.starts_with("reference/")) {
      parts.reference += constant.bytes;
    } else {
      parts.weights += constant.bytes;
      parts.weights_by_type[constant.type] += constant.bytes;
    }
  }
  for (const auto& [key, value] : summary.metadata) parts.metadata += key.size() + value.size();
  return parts;
}

std::string describe(const model::OnnxSummary::Value& value) {
  return fmt::format("{} {} [{}]", value.name, value.type, fmt::join(value.shape, ", "));
}

std::string describe_classes(const std::vector<std::string>& classes) {
  const std::size_t shown = std::min(classes.size(), kClassesShown);
  return fmt::format("{}: {}{}", classes.size(), fmt::join(std::span(classes).first(shown), ", "),
                     shown < classes.size() ? ", ..." : "");
}

std::string describe(const image::Preprocessing& p) {
  const std::string cut = p.fit == image::Fit::kCrop
                              ? fmt::format("the centre square of {:g} of the shorter side", p.crop_fraction)
                              : "the whole picture, squashed";
  return fmt::format("{0}, to {1} x {1} pixels; inside: (pixel - {2}) / {3}", cut, p.size,
                     fmt::join(p.mean, ", "), fmt::join(p.scale, ", "));
}

void add_graph(Lines& lines, const model::OnnxSummary& summary, std::size_t size) {
  lines.add("file", format_bytes(size));
  const Parts parts = measure(summary);
  const std::uint64_t counted = parts.weights + parts.reference + parts.metadata;
  lines.add("", fmt::format("weights {}, reference pictures {}, metadata {}, graph {}",
                            format_bytes(parts.weights), format_bytes(parts.reference),
                            format_bytes(parts.metadata), format_bytes(size > counted ? size - counted : 0)));
  std::string types;
  for (const auto& [type, bytes] : parts.weights_by_type) {
    types += fmt::format("{}{} {}", types.empty() ? "" : ", ", type, format_bytes(bytes));
  }
  lines.add("weights", types);
  lines.add("written by", summary.producer);
  lines.add("format", fmt::format("ONNX opset {}, IR version {}", summary.opset, summary.ir_version));
  for (const auto& value : summary.inputs) lines.add("input", describe(value));
  for (const auto& value : summary.outputs) lines.add("output", describe(value));
}

void add_metrics(Lines& lines, const Json& metrics) {
  for (const auto& [split, values] : metrics.items()) {
    if (!values.is_object() || !values.contains("accuracy")) continue;
    lines.add("accuracy", fmt::format("{:.1f} % on {} {} pictures", 100 * number_at(values, "accuracy"),
                                      text_at(values, "images"), split));
  }
  const Json comparison = object_at(metrics, "export");
  if (comparison.empty()) return;
  lines.add("compared", fmt::format("with the trained network on {} {} pictures: logits differ by {:.1g} at "
                                    "most, {} answers are the same",
                                    text_at(comparison, "pictures"), text_at(comparison, "pictures_from"),
                                    number_at(comparison, "largest_logit_difference"),
                                    text_at(comparison, "same_answers")));
}

void add_precision(Lines& lines, const Json& metrics) {
  const Json int8 = object_at(metrics, "int8");
  if (int8.empty()) return lines.add("precision", "float32");
  const Json in_float = int8.contains("in_float32") ? int8["in_float32"] : Json::array();
  lines.add("precision", in_float.empty() ? fmt::format("int8, all {} layers", text_at(int8, "layers"))
                                          : fmt::format("int8, but for {} of {} layers: {}", in_float.size(),
                                                        text_at(int8, "layers"), in_float.dump()));
  lines.add("", fmt::format("accuracy by {} {:.1f} %, {:.1f} % in float32, on {} {} pictures",
                            text_at(int8, "accuracy_by"), 100 * number_at(int8, "accuracy_int8"),
                            100 * number_at(int8, "accuracy_float32"), text_at(int8, "pictures"),
                            text_at(int8, "pictures_from")));
}

void add_provenance(Lines& lines, const Json& provenance) {
  for (const auto& [label, member] : {std::pair{"trained by", "command"},
                                      {"trained", "created"},
                                      {"checkpoint", "checkpoint_sha256"},
                                      {"data", "data_sha256"}}) {
    if (const std::string value = text_at(provenance, member); !value.empty()) lines.add(label, value);
  }
  const Json weights = object_at(provenance, "weights");
  if (weights.empty()) return;
  lines.add("started from", text_at(weights, "source"));
  lines.add("  its licence", text_at(weights, "licence"));
  lines.add("  its hash", text_at(weights, "source_sha256"));
}

void add_card(Lines& lines, const Json& card) {
  if (const std::string use = text_at(card, "intended_use"); !use.empty()) lines.add("meant for", use);
  const Json licences = object_at(object_at(card, "data"), "licences");
  for (const auto& [licence, count] : licences.items()) {
    lines.add("data licence",
              fmt::format("{}: {} pictures", licence.empty() ? "none" : licence, count.dump()));
  }
}

void add_metadata(Lines& lines, const model::Metadata& metadata) {
  lines.add("network", metadata.architecture);
  add_precision(lines, metadata.metrics);
  lines.add("classes", describe_classes(metadata.classes));
  lines.add("preprocessing", describe(metadata.preprocessing));
  lines.add("temperature", fmt::format("{:.4g}, inside", metadata.temperature));
  lines.add("none of these", metadata.unknown
                                 ? fmt::format("similarity below {:.4f} to neighbour {}",
                                               metadata.unknown->threshold, metadata.unknown->neighbours)
                                 : "never said");
  if (metadata.conformal) {
    lines.add("prediction sets",
              fmt::format("classes of probability {:.4f} or more hold the true one in {:g} %",
                          metadata.conformal->threshold, 100 * metadata.conformal->coverage));
  }
  add_metrics(lines, metadata.metrics);
  add_provenance(lines, metadata.provenance);
}

// What an entry of the metadata holds; null if it is not there or no JSON.
Json entry(const model::OnnxSummary& summary, const char* key) {
  const auto found = summary.metadata.find(key);
  const Json json = found == summary.metadata.end() ? Json() : Json::parse(found->second, nullptr, false);
  return json.is_discarded() ? Json() : json;
}

}  // namespace

std::string describe_model(ByteSpan onnx) {
  const model::OnnxSummary summary = model::summarise_onnx(onnx);
  Lines lines;
  add_graph(lines, summary, onnx.size());
  const auto metadata = model::read_onnx_metadata(onnx);
  if (!metadata) {
    lines.add("metadata", "none of winnow-export: somebody else's model");
    return lines.take();
  }
  add_metadata(lines, *metadata);
  add_card(lines, entry(summary, model::kModelCardKey));
  if (const Json vector = entry(summary, model::kReferenceVectorKey); !vector.is_null()) {
    lines.add("self-check", fmt::format("{} pictures, logits of {}",
                                        model::reference_vector_from_json(vector).pictures.size(),
                                        text_at(vector, "engine")));
  }
  const auto hash = summary.metadata.find(model::kGraphHashKey);
  lines.add("graph", summary.graph_sha256);
  if (hash != summary.metadata.end()) {
    lines.add("",
              hash->second == summary.graph_sha256 ? "as it was exported" : "CHANGED since it was exported");
  }
  return lines.take();
}

Json describe_model_as_json(ByteSpan onnx) {
  const model::OnnxSummary summary = model::summarise_onnx(onnx);
  const auto values = [](const std::vector<model::OnnxSummary::Value>& all) {
    Json json = Json::array();
    for (const auto& value : all) {
      json.push_back({{"name", value.name}, {"type", value.type}, {"shape", value.shape}});
    }
    return json;
  };
  const Parts parts = measure(summary);
  Json json = {
      {"bytes", onnx.size()},
      {"parts", {{"weights", parts.weights}, {"reference", parts.reference}, {"metadata", parts.metadata}}},
      {"weights", parts.weights_by_type},
      {"producer", summary.producer},
      {"opset", summary.opset},
      {"ir_version", summary.ir_version},
      {"inputs", values(summary.inputs)},
      {"outputs", values(summary.outputs)},
      {"operators", summary.operators},
      {"graph_sha256", summary.graph_sha256}};
  const auto metadata = model::read_onnx_metadata(onnx);
  json["metadata"] = metadata ? model::to_json(*metadata) : Json();
  json["model_card"] = entry(summary, model::kModelCardKey);
  json["reference_vector"] = entry(summary, model::kReferenceVectorKey);
  return json;
}

}  // namespace winnow::tools
