#pragma once

#include <filesystem>

#include "winnow/core/context.hpp"
#include "winnow/exporting/export_onnx.hpp"

namespace winnow::exporting {

// Writes one TorchScript file, as nn/script.hpp says. Before it appears it is loaded and compared with the
// network on random pixels, within kMaxDifference. Atomic. Throws Error{kInvalid | kUnsupported | kIo}.
ExportedModel export_torchscript(const Source& source, const std::filesystem::path& output,
                                 const Context& context);

}  // namespace winnow::exporting
