// Networks as data: one list of layers that nn runs with LibTorch and the ONNX writer turns into a graph, so
// the two cannot drift apart.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace winnow::model {

enum class Activation { kNone, kRelu, kRelu6, kGelu };

// What is put around a picture before a kernel goes over it.
enum class Pad {
  kSame,       // TensorFlow's rule: n pixels give ceil(n / stride); an odd pixel goes to the right and bottom
  kSymmetric,  // PyTorch's habit: kernel / 2 on every side
  kNone,
};

// What a weight is before training.
enum class Start {
  kRandom,
  kIdentity,   // random, but the first filters pass the input's channels on: Zagoruyko 2017, arXiv:1706.00388
  kWhitening,  // computed from the training pictures and not learned: Jordan 2024, arXiv:2404.00498
};

struct Layer {
  enum class Kind {
    kConvolution,  // then max-pooled if pool > 1, normalised if norm is set, and activated
    kMaxPool,      // padded symmetrically
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
  Pad pad = Pad::kSame;
  // Max-pooled over squares of this side before normalisation, whose scale is then fixed at 1: a maximum and
  // a positive scale can change places, so that normalisation still folds into the convolution.
  int pool = 1;
  bool norm_has_scale = true;
  Start start = Start::kRandom;
};

struct Architecture {
  std::string name;
  std::vector<Layer> layers;
  int input_size = 224;  // the side of its pictures, in pixels
  // First step, for red, green and blue: (pixel - mean) / scale.
  std::array<float, 3> mean = {127, 127, 127};
  std::array<float, 3> scale = {128, 128, 128};
  float norm_epsilon = 1e-3F;
  float norm_momentum = 0.1F;  // the share of a batch's statistics in the running ones
  int features = 0;            // the layer before the mean pool: [n, embedding_size, h, w]
  int embedding = 0;           // the mean pool: [n, embedding_size]
  int embedding_size = 0;
  int classes = 0;   // 0: the network ends with the embedding
  std::string head;  // name of the last linear layer's weights
};

// The names make_architecture knows.
[[nodiscard]] const std::vector<std::string>& architecture_names();

// size: the side of its pictures in pixels; 0 takes the one the network was designed for. It decides how
// often small_resnet halves the picture, and the shape of doom68's weights. Throws Error{kUsage} for an
// unknown name, and for pictures too small for the network.
//   efficientnet_lite0, _lite1, _lite2
//                   EfficientNet without squeeze-excitation, ReLU6: Tan and Le 2019, arXiv:1905.11946, and
//                   the authors' Lite variants of 2020; weight names as in their PyTorch weight files
//   resnet18, resnet50
//                   He et al. 2016, arXiv:1512.03385; weight names as in torchvision and timm
//   small_resnet    residual CNN for training from scratch: 1.4 M parameters
//   airbench        for small pictures in little time: Jordan 2024, arXiv:2404.00498, at a third of its width
//   doom68          three convolutions and two fully connected layers for 68 px, as tutorials of the 2010s
//   had
[[nodiscard]] Architecture make_architecture(const std::string& name, int classes, int size = 0);

// Whether the logits are a linear layer of the mean of the features, so that each feature map, weighted as
// the head weights its mean, says where the evidence for a class lies.
[[nodiscard]] bool has_activation_maps(const Architecture& architecture);

// Whether half precision ruins its answers: a layer that whitens multiplies small differences of large
// numbers by up to 45. Of 10,000 pictures of clothes airbench knew 94 % in float32 and 56 % in bfloat16.
[[nodiscard]] bool needs_float32(const Architecture& architecture);

struct Padding {
  int before;
  int after;
};

// Along one axis of size pixels, of a convolution or a max pool.
[[nodiscard]] Padding padding_of(const Layer& layer, int size);
// The pixels that such a layer makes of size pixels.
[[nodiscard]] int side_after(const Layer& layer, int size);

// Names and shapes of all tensors that a state dict of this network holds.
struct TensorSpec {
  std::string name;
  std::vector<std::int64_t> shape;
  Start start = Start::kRandom;
};
[[nodiscard]] std::vector<TensorSpec> tensor_specs(const Architecture& architecture);

}  // namespace winnow::model
