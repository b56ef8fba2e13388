#pragma once

#include <set>
#include <string>
#include <vector>

#include "onnx_graph.hpp"
#include "winnow/model/architecture.hpp"
#include "winnow/model/quantisation.hpp"
#include "winnow/model/safetensors.hpp"

namespace winnow::model {

// Writes the layers of a network one after another, and with a quantisation the rounding between them, in QDQ
// form: QuantizeLinear and DequantizeLinear behind every tensor that an operation in 8 bits reads, from which
// engines make integer arithmetic.
class NetworkWriter {
 public:
  NetworkWriter(OnnxGraph& graph, const Architecture& architecture, const TensorMap& tensors, int input_size,
                const Quantisation* quantisation)
      : graph_(graph),
        architecture_(architecture),
        tensors_(tensors),
        input_size_(input_size),
        quantisation_(quantisation) {}

  // The normalised [n, 3, size, size] input.
  void write_input();
  void write_layer(int index);
  // The last, linear layer: from the embedding to "logits", with weights named head/weight.
  void write_head(Tensor weight, Tensor bias);

  [[nodiscard]] const std::string& name(int layer) {
    const Output& found = output(layer);
    return found.plain.empty() ? found.rounded : found.plain;
  }
  [[nodiscard]] int side(int layer) const {
    return layer < 0 ? input_size_ : sides_.at(static_cast<std::size_t>(layer));
  }

 private:
  struct Output {
    std::string plain;    // as it was computed; empty if only the rounded one may be read
    std::string rounded;  // empty: not rounded yet
    QuantisedSteps steps;
  };
  struct WeightNames {
    std::string weight;
    std::string bias;
  };

  [[nodiscard]] bool is_float(int layer) const;
  [[nodiscard]] Output& output(int layer);
  std::string input_of(int index, std::size_t which);
  WeightNames write_weights(const std::string& name, Tensor weight, std::vector<float> bias, int index);
  void correct_bias(const Layer& layer, const Tensor& weight, const QuantisedWeights& quantised,
                    std::vector<float>& bias) const;
  std::string write_dequantise(const std::string& steps, const std::string& output, const QuantisedSteps& by);
  void round(Output& tensor, const QuantisedRange& range);
  std::string constant(const std::string& name, float value);
  std::string write_convolution(int index, const std::string& output);
  std::string write_max_pool(const Layer& layer, const std::string& input, const std::string& output);
  std::string write_gelu(const std::string& input);
  void finish(int index, std::string result);
  [[nodiscard]] std::vector<std::int64_t> pads(const Layer& layer) const;

  OnnxGraph& graph_;
  const Architecture& architecture_;
  const TensorMap& tensors_;
  const int input_size_;
  const Quantisation* quantisation_;  // null: all in float32
  std::set<std::string> constants_;
  Output input_;
  std::vector<Output> outputs_;
  std::vector<int> sides_;
};

}  // namespace winnow::model
