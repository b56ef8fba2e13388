#include "support/built.hpp"

namespace winnow::test {

std::filesystem::path built_programs() {
  return WINNOW_BIN_DIR;
}

std::filesystem::path pretrained_weights() {
  return built_programs().parent_path() / "share/winnow/efficientnet_lite0.safetensors";
}

}  // namespace winnow::test
