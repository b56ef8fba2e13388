#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace winnow::image {

// 8-bit RGB pixels, row by row, [height, width, 3], without padding. Movable.
class Image {
 public:
  Image() = default;
  // Pixels are left uninitialised. width, height > 0.
  Image(int width, int height)
      : width_(width),
        height_(height),
        pixels_(std::make_unique_for_overwrite<std::uint8_t[]>(size_bytes())) {}

  [[nodiscard]] int width() const { return width_; }
  [[nodiscard]] int height() const { return height_; }
  [[nodiscard]] bool empty() const { return pixels_ == nullptr; }
  [[nodiscard]] std::size_t row_bytes() const { return std::size_t{3} * static_cast<std::size_t>(width_); }
  [[nodiscard]] std::size_t size_bytes() const { return row_bytes() * static_cast<std::size_t>(height_); }

  [[nodiscard]] std::uint8_t* row(int y) { return pixels_.get() + row_bytes() * static_cast<std::size_t>(y); }
  [[nodiscard]] const std::uint8_t* row(int y) const {
    return pixels_.get() + row_bytes() * static_cast<std::size_t>(y);
  }
  [[nodiscard]] std::span<const std::uint8_t> pixels() const { return {pixels_.get(), size_bytes()}; }
  [[nodiscard]] std::span<std::uint8_t> pixels() { return {pixels_.get(), size_bytes()}; }

 private:
  int width_ = 0;
  int height_ = 0;
  std::unique_ptr<std::uint8_t[]> pixels_;
};

// Part of a picture, without a copy: 8-bit RGB, valid as long as the picture.
struct PixelView {
  const std::uint8_t* first = nullptr;
  int width = 0;
  int height = 0;
  std::size_t row_bytes = 0;  // from one row to the next
};

}  // namespace winnow::image
