// The decoded pictures that training reads again in every epoch: decoding them each time would take longer
// than learning from them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "winnow/core/context.hpp"
#include "winnow/dataset/dataset.hpp"
#include "winnow/image/preprocess.hpp"
#include "winnow/training/train.hpp"

namespace winnow::training {

struct PictureStoreOptions {
  std::uint64_t memory = 1'000'000'000;  // bytes of pictures that may lie in memory; more go to a file
  std::filesystem::path folder;          // where that file is made; empty: the system's for temporary files
};

// What the pictures of a network are decoded to for training: the whole centre square (or the whole picture
// squashed), with the margin that `preprocessing` cuts off still there, so that crops can come from anywhere.
[[nodiscard]] image::Preprocessing with_margin(image::Preprocessing preprocessing);

// Pictures [count, side, side, 3], 8-bit RGB. Immutable, so reading is thread-safe. Not copyable.
class PictureStore {
 public:
  // Decodes data.samples[i] for each i of samples, on context.threads threads. What cannot be read is left
  // out and listed by skipped(). The file has no name, so that it goes when the process does, however it
  // ends. Throws Error{kIo} if the pictures fit neither into memory nor into the folder, saying what they
  // take, and Error{kCancelled}.
  PictureStore(const dataset::Dataset& data, std::span<const std::size_t> samples,
               const image::Preprocessing& preprocessing, const PictureStoreOptions& options,
               const Context& context);

  [[nodiscard]] int side() const { return side_; }
  [[nodiscard]] std::size_t count() const { return samples_.size(); }
  [[nodiscard]] std::size_t picture_bytes() const { return picture_bytes_; }
  // Which of data.samples each picture is, in the order asked for.
  [[nodiscard]] const std::vector<std::size_t>& samples() const { return samples_; }
  [[nodiscard]] const std::vector<int>& labels() const { return labels_; }
  [[nodiscard]] const std::vector<SkippedImage>& skipped() const { return skipped_; }
  [[nodiscard]] bool in_memory() const { return in_memory_; }

  // [side, side, 3].
  [[nodiscard]] std::span<const std::uint8_t> picture(std::size_t index) const { return pictures(index, 1); }
  // [count, side, side, 3], those from first on. REQUIRES: first + count <= this->count().
  [[nodiscard]] std::span<const std::uint8_t> pictures(std::size_t first, std::size_t count) const {
    return {pixels_.get() + first * picture_bytes_, count * picture_bytes_};
  }

 private:
  struct Unmap {
    std::size_t bytes;
    void operator()(std::uint8_t* pixels) const;
  };

  void allocate(std::size_t count, const PictureStoreOptions& options);

  const int side_;
  const std::size_t picture_bytes_;
  bool in_memory_ = true;
  std::unique_ptr<std::uint8_t[], Unmap> pixels_;
  std::vector<std::size_t> samples_;
  std::vector<int> labels_;
  std::vector<SkippedImage> skipped_;
};

}  // namespace winnow::training
