#pragma once

#include <filesystem>
#include <vector>

#include "winnow/doctor/facts.hpp"

namespace winnow::doctor {

// Asks the kernel. root: where proc, sys and etc are; tests put files of other machines there. Whatever
// stands in them, nothing is thrown.
[[nodiscard]] Machine read_machine(const std::filesystem::path& root = "/");

// Whether files can be put there, and for how many bytes there is room. Writes nothing.
[[nodiscard]] Folder read_folder(Folder::Use use, const std::filesystem::path& path);

}  // namespace winnow::doctor
