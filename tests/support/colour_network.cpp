#include "support/colour_network.hpp"

#include <array>

#include "onnx_graph.hpp"
#include "winnow/model/metadata.hpp"

namespace winnow::test {
namespace {

using model::OnnxDimension;
using model::OnnxGraph;
using model::OnnxType;

constexpr float kPixelsPerLogit = 16;

OnnxDimension dimension(const std::string& text) {
  const bool is_number = text.find_first_not_of("0123456789") == std::string::npos;
  return is_number ? OnnxDimension(std::int64_t{std::stoi(text)}) : OnnxDimension(text);
}

// Returns the name of the [n, 3, side, side] float input.
std::string write_input(OnnxGraph& graph, const ColourNetworkOptions& options) {
  using Input = ColourNetworkOptions::Input;
  const OnnxDimension n = dimension(options.batch);
  const OnnxDimension side =
      options.side ? OnnxDimension(std::int64_t{*options.side}) : OnnxDimension("side");
  const OnnxDimension channels = std::int64_t{3};
  if (options.input == Input::kFloatPlanes) {
    graph.input("input", OnnxType::kFloat, {n, channels, side, side});
    return "input";
  }
  const std::vector<std::int64_t> to_planes = {0, 3, 1, 2};
  if (options.input == Input::kFloatPixels) {
    graph.input("input", OnnxType::kFloat, {n, side, side, channels});
    return graph.node("Transpose", {"input"}, "planes", {{"perm", to_planes}});
  }
  graph.input("images", OnnxType::kUint8, {n, side, side, channels});
  graph.node("Cast", {"images"}, "pixels", {{"to", std::int64_t{1}}});
  graph.floats("per_logit", {}, std::span(&kPixelsPerLogit, 1));
  graph.node("Div", {"pixels", "per_logit"}, "scaled");
  return graph.node("Transpose", {"scaled"}, "planes", {{"perm", to_planes}});
}

}  // namespace

Bytes colour_network(const ColourNetworkOptions& options) {
  OnnxGraph graph;
  const OnnxDimension n = dimension(options.batch);
  const OnnxDimension classes = std::int64_t{options.classes};
  const std::string planes = write_input(graph, options);
  const std::array<float, 9> choice = {1, 0, 0, 0, 1, 0, 0, 0, 1};
  graph.floats("choice", {options.classes, 3, 1, 1},
               std::span(choice).first(static_cast<std::size_t>(3 * options.classes)));
  graph.node("Conv", {planes, "choice"}, "colours", {{"kernel_shape", std::vector<std::int64_t>{1, 1}}});
  graph.node("GlobalAveragePool", {"colours"}, "means");
  graph.node("Flatten", {"means"}, "logits", {{"axis", std::int64_t{1}}});
  if (options.logits) graph.output("logits", OnnxType::kFloat, {n, classes});
  if (options.softmax) {
    graph.node("Softmax", {"logits"}, "probabilities", {{"axis", std::int64_t{1}}});
    graph.output("probabilities", OnnxType::kFloat, {n, classes});
  }
  if (options.activation_map) {
    const std::vector<std::int64_t> eight = {8, 8};
    graph.node("AveragePool", {"colours"}, "activation_map", {{"kernel_shape", eight}, {"strides", eight}});
    graph.output("activation_map", OnnxType::kFloat, {n, classes, std::int64_t{4}, std::int64_t{4}});
  }
  if (options.similarity) {
    graph.floats("per_logit_again", {}, std::span(&kPixelsPerLogit, 1));
    graph.node("ReduceMax", {"logits"}, "brightest",
               {{"axes", std::vector<std::int64_t>{1}}, {"keepdims", std::int64_t{0}}});
    graph.node("Div", {"brightest", "per_logit_again"}, "similarity");
    graph.output("similarity", OnnxType::kFloat, {n});
  }
  std::map<std::string, std::string> metadata;
  if (!options.metadata.empty()) metadata["winnow"] = options.metadata;
  return graph.serialise("colours", metadata);
}

Bytes colour_model(ColourNetworkOptions options) {
  model::Metadata metadata;
  metadata.architecture = "colours";
  metadata.classes = {"red", "green", "blue"};
  metadata.classes.resize(static_cast<std::size_t>(options.classes));
  metadata.preprocessing.size = options.side.value_or(32);
  metadata.unknown = model::UnknownRule{.neighbours = 1, .threshold = 0.25F};
  options.similarity = true;
  options.metadata = to_line(to_json(metadata));
  return colour_network(options);
}

}  // namespace winnow::test
