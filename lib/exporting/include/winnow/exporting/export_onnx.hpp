#pragma once

#include <cstdint>
#include <filesystem>

#include "winnow/core/context.hpp"
#include "winnow/exporting/source.hpp"

namespace winnow::exporting {

struct ExportedModel {
  std::uint64_t bytes = 0;
  double largest_difference = 0;  // of any logit, between LibTorch's network and the file, in float32
  int pictures_compared = 0;
};

// The file and LibTorch may differ by this much and no more.
inline constexpr double kMaxDifference = 1e-3;

// Writes one ONNX file. Before it appears it is opened and compared with LibTorch on drawn pictures; the
// largest difference is written into it. Atomic.
// Throws Error{kInvalid | kUnsupported | kIo}; kInvalid also if the comparison fails.
ExportedModel export_onnx(Source source, const std::filesystem::path& output, const Context& context);

}  // namespace winnow::exporting
