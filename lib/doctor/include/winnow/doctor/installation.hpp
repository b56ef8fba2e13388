// What of winnow is on this machine, and what it makes of it. Everything is tried in a process of its own, so
// that a library that is missing, a processor too old and a memory limit end that one and not ours.
#pragma once

#include <filesystem>
#include <string>

#include "winnow/core/context.hpp"
#include "winnow/doctor/facts.hpp"

namespace winnow::doctor {

struct InstallationPaths {
  std::filesystem::path programs;        // the folder of winnow-classify and the others
  std::filesystem::path measure;         // the program winnow-measure
  std::filesystem::path torch_engine;    // the module for TorchScript
  std::filesystem::path weights_folder;  // of pretrained networks
};

// Asks each program for its version, and looks at the weights. Throws Error{kCancelled}.
[[nodiscard]] Installation read_installation(const InstallationPaths& paths, const Context& context);

// Opens a network of drawn weights and measures it, and fills facts.speed and both engines of
// facts.installation. Throws Error{kCancelled}.
void measure_machine(const InstallationPaths& paths, const Context& context, Facts& facts);

// Opens a model as winnow-serve does, tests it by the pictures that it carries, and measures it. Throws
// Error{kCancelled}.
[[nodiscard]] ModelCheck check_model(const std::filesystem::path& file, const InstallationPaths& paths,
                                     const Context& context);

}  // namespace winnow::doctor
