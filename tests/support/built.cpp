#include "support/built.hpp"

namespace winnow::test {

std::filesystem::path built_programs() {
  return WINNOW_BIN_DIR;
}

std::filesystem::path pretrained_weights() {
  return built_programs().parent_path() / "share/winnow/efficientnet_lite0.safetensors";
}

std::filesystem::path torch_engine() {
  return built_programs().parent_path() / "lib/winnow/libwinnow_torch_engine.so";
}

std::filesystem::path peers_python() {
  return std::filesystem::path(WINNOW_SOURCE_DIR) / ".deps/peers/bin/python";
}

std::filesystem::path deployment(std::string_view name) {
  return std::filesystem::path(WINNOW_SOURCE_DIR) / "deploy" / name;
}

std::filesystem::path script(std::string_view name) {
  return std::filesystem::path(WINNOW_SOURCE_DIR) / "tests/scripts" / name;
}

}  // namespace winnow::test
