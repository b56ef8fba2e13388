#pragma once

#include <filesystem>

namespace winnow::test {

// The pretrained EfficientNet-Lite0 weights that set-up has fetched.
inline std::filesystem::path pretrained_weights() {
  return std::filesystem::path(WINNOW_BIN_DIR).parent_path() / "share/winnow/efficientnet_lite0.safetensors";
}

}  // namespace winnow::test
