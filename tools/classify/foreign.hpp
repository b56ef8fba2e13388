#pragma once

#include <optional>

#include "classify/options.hpp"

namespace winnow::tools {

// What --labels, --mean, --scale, ... say, or nothing without --labels. Throws Error{kUsage | kNotFound |
// kInvalid}.
[[nodiscard]] std::optional<inference::ForeignModel> foreign_model(const ForeignOptions& options);

}  // namespace winnow::tools
