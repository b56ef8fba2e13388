// Where the build put things.
#pragma once

#include <filesystem>

namespace winnow::test {

// The folder of the programs under test.
[[nodiscard]] std::filesystem::path built_programs();

// The pretrained EfficientNet-Lite0 weights that set-up has fetched.
[[nodiscard]] std::filesystem::path pretrained_weights();

}  // namespace winnow::test
