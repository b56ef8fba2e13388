#pragma once

#include <filesystem>
#include <string_view>

namespace winnow::cli {

// Where a file that comes with winnow lies: share/winnow beside the folder of the running program. It need
// not exist.
[[nodiscard]] std::filesystem::path data_file(std::string_view name);

// Where a module lies that is loaded when it is needed: lib/winnow beside the folder of the running program.
// It need not exist.
[[nodiscard]] std::filesystem::path module_file(std::string_view name);

}  // namespace winnow::cli
