// Networks as data: one list of layers that nn runs with LibTorch and the ONNX writer turns into a graph, so
// the two cannot drift apart.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace winnow::model {

enum class Activation { kNone, kRelu, kRelu6 };

struct Layer {
  enum class Kind {
    kConvolution,  // then batch normalisation if norm is set, then the activation
    kAdd,          // of two inputs of equal shape, then the activation
    kMeanPool,     // over height and width: [n, c, h, w] -> [n, c]
    kLinear,       // [n, in] -> [n, out]
  };

  Kind kind;
  std::vector<int> inputs;  // earlier layers by index; -1 is the network's input
  std::string name;         // of its weights: NAME.weight, and NAME.bias where it has one
  std::string norm;         // of its batch normalisation; empty: none, and the convolution has a bias
  Activation activation = Activation::kNone;
  int in_channels = 0;
  int out_channels = 0;
  int kernel = 1;
  int stride = 1;
  int groups = 1;
};

// Every convolution is padded as TensorFlow's SAME: an input of n pixels gives ceil(n / stride), and an odd
// pixel of padding goes to the right and bottom.
struct Architecture {
  std::string name;
  std::vector<Layer> layers;
  int input_size = 224;  // the side it was designed for, in pixels
  // First step, for red, green and blue: (pixel - mean) / scale.
  std::array<float, 3> mean = {127, 127, 127};
  std::array<float, 3> scale = {128, 128, 128};
  float norm_epsilon = 1e-3F;
  int features = 0;   // the layer before the mean pool: [n, embedding_size, h, w]
  int embedding = 0;  // the mean pool: [n, embedding_size]
  int embedding_size = 0;
  int classes = 0;   // 0: the network ends with the embedding
  std::string head;  // name of the last linear layer's weights
};

// The names make_architecture knows.
[[nodiscard]] const std::vector<std::string>& architecture_names();

// Throws Error{kUsage} for an unknown name.
//   efficientnet_lite0  Tan 2020: EfficientNet without squeeze-excitation, ReLU6; weight names as in its
//                       PyTorch weight file
//   small_resnet        residual CNN for training from scratch: 1.4 M parameters, He et al. 2016
[[nodiscard]] Architecture make_architecture(const std::string& name, int classes);

struct Padding {
  int before;
  int after;
};

// The SAME rule along one axis.
[[nodiscard]] Padding same_padding(int size, int kernel, int stride);

// Names and shapes of all tensors that a state dict of this network holds.
struct TensorSpec {
  std::string name;
  std::vector<std::int64_t> shape;
};
[[nodiscard]] std::vector<TensorSpec> tensor_specs(const Architecture& architecture);

}  // namespace winnow::model
