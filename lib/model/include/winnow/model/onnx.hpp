// The portable model file: ONNX (opset 17, IR version 8), self-contained.
//   input   images         uint8   [n, size, size, 3]  RGB pixels, nothing else to do to them
//   outputs embedding      float32 [n, embedding_size]
//           logits         float32 [n, classes]        divided by the temperature
//           probabilities  float32 [n, classes]
//           activation_map float32 [n, classes, h, w]  where the evidence for a class lies: the mean over the
//                                                      places is the logit without its bias
//           similarity     float32 [n]                 cosine to the k-th nearest training picture
// The last four are there when the network has classes, the maps if it ends with a mean and a linear layer
// (Zhou et al. 2016, arXiv:1512.04150), and similarity when it has a reference set.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "winnow/core/bytes.hpp"
#include "winnow/model/architecture.hpp"
#include "winnow/model/checkpoint.hpp"
#include "winnow/model/quantisation.hpp"

namespace winnow::model {

inline constexpr std::uint64_t kMaxOnnxBytes = 2'000'000'000;  // protobuf's own limit

// Entries of the file's metadata beside the one that holds Metadata.
inline constexpr const char* kReferenceVectorKey = "winnow.reference_vector";
inline constexpr const char* kModelCardKey = "winnow.model_card";
inline constexpr const char* kGraphHashKey = "winnow.graph_sha256";  // see OnnxSummary::graph_sha256

// Normalisation is done in the graph, batch normalisation is folded into the convolutions in double
// precision, the temperature into the head; reference pictures are held in 8 bits. more_metadata: other
// entries. quantisation: null for float32. Throws Error{kInvalid} if tensors are missing or of another shape.
[[nodiscard]] Bytes write_onnx(const Architecture& architecture, const Checkpoint& checkpoint,
                               const std::map<std::string, std::string>& more_metadata = {},
                               const Quantisation* quantisation = nullptr);

// The network up to its embedding, without metadata. input_size is the side of its pictures.
[[nodiscard]] Bytes write_embedding_onnx(const Architecture& architecture, const TensorMap& tensors,
                                         int input_size);

// What our metadata says, or nothing if the file is a valid ONNX model of somebody else's.
// Throws Error{kInvalid} if the bytes are not an ONNX model, kUnsupported for a newer format version.
[[nodiscard]] std::optional<Metadata> read_onnx_metadata(ByteSpan bytes);

}  // namespace winnow::model
