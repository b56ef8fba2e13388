// What can be done with an image set that is there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "winnow/core/context.hpp"
#include "winnow/scraping/image_set.hpp"

namespace winnow::scraping {

struct SetProblem {
  std::string file;  // from the folder of the set
  std::string what;  // "is missing"
};

struct VerifyReport {
  std::uint64_t checked = 0;         // files that the manifest names
  std::vector<SetProblem> problems;  // by file
};

// Compares every picture with the manifest, byte for byte by SHA-256, on context.threads threads, and looks
// for files that the manifest does not know. Throws as read_manifest(), and Error{kCancelled}.
[[nodiscard]] VerifyReport verify_set(const std::filesystem::path& folder, const Context& context);

struct TakeDownReport {
  std::uint64_t removed = 0;         // files
  std::vector<std::string> unknown;  // entries that no picture of the set goes by
};

// Deletes the pictures that the entries name: by their address, by the page they were found on, by their
// SHA-256, or by their file. Each gets a row with the outcome `removed`, so that it is not fetched again from
// there, nor kept again from anywhere. Writes the attribution anew. Throws as read_manifest(), and
// Error{kIo}.
TakeDownReport take_down(ImageSetWriter& set, const std::vector<std::string>& entries);

}  // namespace winnow::scraping
