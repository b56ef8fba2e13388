#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "winnow/core/context.hpp"
#include "winnow/core/error.hpp"
#include "winnow/image/preprocess.hpp"

namespace winnow::dataset {

struct Batch {
  std::vector<std::size_t> indices;  // into the paths; those that failed are left out
  std::vector<std::uint8_t> pixels;  // [indices.size(), size, size, 3]
  std::vector<std::string> sha256;   // of the files' bytes, where asked for
};

struct LoadFailure {
  std::size_t index;
  Failure failure;
};

struct LoaderOptions {
  std::size_t batch_size = 16;
  std::uint64_t max_file_bytes = 256'000'000;
  image::DecodeOptions limits;
  bool hash = false;  // fill Batch::sha256
};

// Reads, decodes and preprocesses files on context.threads threads and hands them over in order, on the
// calling thread. Memory holds a few batches, however many files there are. Files that cannot be used are
// returned. A batch whose files all failed is not handed over. Throws Error{kCancelled}, and what consume
// throws.
std::vector<LoadFailure> load_batches(std::span<const std::filesystem::path> files,
                                      const image::Preprocessing& preprocessing, const LoaderOptions& options,
                                      const Context& context, const std::function<void(Batch&)>& consume);

}  // namespace winnow::dataset
