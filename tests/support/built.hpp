// Where the build put things.
#pragma once

#include <filesystem>
#include <string_view>

namespace winnow::test {

// The folder of the programs under test.
[[nodiscard]] std::filesystem::path built_programs();

// The pretrained EfficientNet-Lite0 weights that set-up has fetched.
[[nodiscard]] std::filesystem::path pretrained_weights();

// The module for TorchScript.
[[nodiscard]] std::filesystem::path torch_engine();

// What set-up has fetched of others' programs: a Python that has onnx, onnxruntime, tritonclient, ...
[[nodiscard]] std::filesystem::path peers_python();

// A file or folder of deploy.
[[nodiscard]] std::filesystem::path deployment(std::string_view name);

// A file of tests/scripts.
[[nodiscard]] std::filesystem::path script(std::string_view name);

}  // namespace winnow::test
