#pragma once

#include <map>
#include <optional>
#include <string>

#include "pictures.hpp"
#include "torch_network.hpp"
#include "winnow/exporting/export_onnx.hpp"
#include "winnow/model/quantisation.hpp"

namespace winnow::exporting {

// Pictures that ranges are chosen by, and others that the result is judged by.
struct QuantisationPictures {
  Pictures calibration;
  Pictures held_out;
  bool has_labels = false;  // of those held out
  std::string from;         // "the run", "a folder"
};

// Where the run's own pictures can be found: training pictures to calibrate, validation pictures to judge. Of
// a folder (if not empty), every fourth to judge, without labels. Throws Error{kUsage | kInvalid}: there are
// too few, or none.
[[nodiscard]] QuantisationPictures find_pictures(const Source& source, const std::filesystem::path& folder,
                                                 const Context& context);

struct QuantisedNetwork {
  model::Quantisation quantisation;
  QuantisationResult result;
};

// Chooses ranges, and takes layers back to float32 until what is lost on the held-out pictures is within
// kMaxAccuracyLost: those first that lose most when they alone are rounded. Fits the temperature and the
// thresholds of the metadata to the rounded network. float_onnx: the same network in float32.
[[nodiscard]] QuantisedNetwork quantise(TorchNetwork& network, const model::Architecture& architecture,
                                        model::Checkpoint& checkpoint, const QuantisationPictures& pictures,
                                        ByteSpan float_onnx, const Context& context);

}  // namespace winnow::exporting
