// The portable model file for LibTorch: TorchScript, which torch.jit.load and C++ read, on a processor or a
// GPU.
//   input   images  uint8 [n, size, size, 3]  RGB pixels, nothing else to do to them
//   output  a tuple of what the ONNX file calls logits, probabilities, embedding and, where there are such,
//           activation_map and similarity
// Extra files in it: winnow.json, the metadata; outputs.json, the names of the outputs in their order.
#pragma once

#include "winnow/core/bytes.hpp"
#include "winnow/model/architecture.hpp"
#include "winnow/model/checkpoint.hpp"

namespace winnow::nn {

// Normalisation, folding, temperature and reference pictures as in model::write_onnx. Throws Error{kInvalid}
// if tensors are missing or of another shape.
[[nodiscard]] Bytes write_torchscript(const model::Architecture& architecture,
                                      const model::Checkpoint& checkpoint);

}  // namespace winnow::nn
