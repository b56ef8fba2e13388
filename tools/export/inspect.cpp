#include "export/inspect.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "winnow/core/text.hpp"
#include "winnow/model/metadata.hpp"
#include "winnow/model/onnx.hpp"
#include "winnow/model/onnx_summary.hpp"

namespace winnow::tools {
namespace {

std::string describe(const model::OnnxSummary::Value& value) {
  return fmt::format("{} {} [{}]", value.name, value.type, fmt::join(value.shape, ", "));
}

}  // namespace

std::string describe_model(ByteSpan onnx) {
  const model::OnnxSummary summary = model::summarise_onnx(onnx);
  std::string text;
  const auto line = [&](std::string_view name, const std::string& value) {
    text += fmt::format("{:<16}{}\n", name, value);
  };
  line("size", format_bytes(onnx.size()));
  line("written by", summary.producer);
  line("format", fmt::format("ONNX opset {}, IR version {}", summary.opset, summary.ir_version));
  for (const auto& value : summary.inputs) line("input", describe(value));
  for (const auto& value : summary.outputs) line("output", describe(value));
  if (const auto metadata = model::read_onnx_metadata(onnx)) {
    line("network", metadata->architecture);
    line("classes", fmt::format("{}", fmt::join(metadata->classes, ", ")));
  }
  return text;
}

}  // namespace winnow::tools
