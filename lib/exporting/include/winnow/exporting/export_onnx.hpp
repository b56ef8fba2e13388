#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "winnow/core/context.hpp"
#include "winnow/exporting/source.hpp"

namespace winnow::exporting {

// A network beside the one that it was made of.
struct Comparison {
  std::size_t pictures = 0;
  std::string pictures_from;      // "validation", "drawn"
  double largest_difference = 0;  // of any logit
  std::size_t same_answers = 0;
};

// What 8 bits made of a network, on pictures that its ranges were not chosen by.
struct QuantisationResult {
  std::size_t calibration_pictures = 0;  // that the ranges were chosen by
  std::size_t pictures = 0;              // that the rest was measured on
  std::string pictures_from;             // "validation", "folder"
  // The accuracies are by labels; without, what the network in float32 expects by its own probabilities.
  bool has_labels = false;
  double accuracy_before = 0;
  double accuracy_after = 0;
  std::size_t same_answers = 0;
  double largest_difference = 0;      // of any logit
  std::size_t layers = 0;             // that can be in 8 bits
  std::vector<std::string> in_float;  // those of them that stayed in float32
};

struct ExportOptions {
  bool int8 = false;
  std::filesystem::path calibrate;  // a folder of pictures; empty: those of the run
};

struct ExportedModel {
  std::uint64_t bytes = 0;
  Comparison comparison;  // in float32
  std::optional<QuantisationResult> int8 = {};
};

// A network in 8 bits may lose this share of right answers and no more; else layers stay in float32.
inline constexpr double kMaxAccuracyLost = 0.01;

// The file and LibTorch may differ by this much and no more.
inline constexpr double kMaxDifference = 1e-3;

// Writes one ONNX file. Before it appears it is opened and compared with LibTorch, on up to 64 validation
// pictures if they can be found and else on drawn ones; the result is written into it. So are drawn pictures
// with their pixels and logits (model::ReferenceVector). Atomic. In 8 bits, the temperature and the
// thresholds of the metadata are fitted to what rounding makes of the network. Throws Error{kUsage | kInvalid
// | kUnsupported | kIo | kCancelled}: kUsage if there are no pictures to calibrate by, kInvalid also if the
// comparison fails.
ExportedModel export_onnx(Source source, const std::filesystem::path& output, const ExportOptions& options,
                          const Context& context);

}  // namespace winnow::exporting
