// Pictures on their way to a network: each is read once and decoded once, whatever is wanted of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "winnow/core/context.hpp"
#include "winnow/core/error.hpp"
#include "winnow/dataset/dataset.hpp"
#include "winnow/dataset/fingerprint.hpp"
#include "winnow/image/preprocess.hpp"

namespace winnow::dataset {

struct Batch {
  std::vector<std::size_t> indices;  // into Dataset::samples; those that failed are left out
  std::vector<std::uint8_t> pixels;  // [indices.size(), size, size, 3]
  std::vector<std::string> sha256;   // of the pictures' bytes, if LoaderOptions::wants_pixels asks for them
};

struct LoadFailure {
  std::size_t index;  // into Dataset::samples
  Failure failure;
};

struct LoaderOptions {
  std::size_t batch_size = 16;
  std::uint64_t max_file_bytes = kMaxPictureBytes;
  image::DecodeOptions limits;
  // These are called on the loading threads, for different samples at the same time.
  // By the SHA-256 of its bytes: false keeps a picture out of its batch.
  std::function<bool(std::size_t index, const std::string& sha256)> wants_pixels = {};
  // Gets the fingerprint of every picture that decodes, in a batch or not.
  std::function<void(std::size_t index, Fingerprint fingerprint)> take_fingerprint = {};
  // Gets each batch before it is handed over, for work that need not be done in order.
  std::function<void(const Batch&)> on_batch = {};
};

// Reads, decodes and preprocesses samples of a data set (indices: which, each once) on context.threads
// threads and hands them over in their order, on the calling thread. Memory holds a few batches, however many
// samples there are. Those that cannot be used are returned. A batch without pictures is not handed over.
// Throws Error{kCancelled}, and what consume and the functions of the options throw.
std::vector<LoadFailure> load_batches(const Dataset& dataset, std::span<const std::size_t> indices,
                                      const image::Preprocessing& preprocessing, const LoaderOptions& options,
                                      const Context& context, const std::function<void(Batch&)>& consume);

}  // namespace winnow::dataset
