// What a container or a service manager allows this process: cgroups(7), versions 1 and 2.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace winnow {

// What is not there is not limited, or cannot be read.
struct ControlGroup {
  std::optional<double> processors;           // time of this many may be used
  std::optional<std::uint64_t> memory;        // bytes
  std::optional<std::uint64_t> memory_spare;  // of these still to be had; caches that can go count as such
};

// The smallest limits of the group of this process and of those that it lies in. root: where proc and sys
// are; tests put files of other machines there. Whatever stands in them, nothing is thrown.
[[nodiscard]] ControlGroup read_control_group(const std::filesystem::path& root = "/");

// A file of proc or sys, whose size is known only once it has been read: at most its first megabytes; "" if
// it cannot be read.
[[nodiscard]] std::string read_system_file(const std::filesystem::path& file);

// Bytes of memory that this process may use: the machine's, or its control group's if that has fewer.
[[nodiscard]] std::uint64_t usable_memory();

}  // namespace winnow
