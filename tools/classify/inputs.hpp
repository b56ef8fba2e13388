#pragma once

#include <memory>
#include <string>
#include <vector>

#include "classify/options.hpp"
#include "winnow/core/context.hpp"
#include "winnow/core/temporary_folder.hpp"

namespace winnow::tools {

struct InputImage {
  std::filesystem::path file;
  std::string name;      // as it stands in the answer
  std::string expected;  // its label, where that is known
  // In place of a file, what it is to be taken out of, and its path in there.
  std::shared_ptr<const dataset::Archive> archive{};
  std::string member{};
};

struct InputFailure {
  std::string name;
  std::string message;
};

// Resolves the images that the options name, in their order; folders are walked, sorted by name. Files in
// folders that are not images by name or by content are passed over. A list on standard input is read.
// Throws Error{kUsage | kNotFound | kCancelled}.
[[nodiscard]] std::vector<InputImage> collect_inputs(const ClassifyOptions& options, const Context& context);

// Brings what is not a file yet into the folder: the bytes on standard input, what is at addresses or in an
// archive. The
// images become those that have a file; why others have none is returned. Throws Error{kInvalid | kIo |
// kCancelled}.
std::vector<InputFailure> bring_in(std::vector<InputImage>& images, const TemporaryFolder& folder,
                                   const ClassifyOptions& options, const Context& context);

// Whether bring_in has something to do.
[[nodiscard]] bool is_elsewhere(const InputImage& image);

}  // namespace winnow::tools
