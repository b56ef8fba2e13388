#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <span>
#include <vector>

namespace winnow::inference {

// A network that takes pictures, on some library. Thread-safe.
class Engine {
 public:
  virtual ~Engine() = default;

  [[nodiscard]] virtual int picture_side() const = 0;  // size
  // Of one picture: {} for outputs of shape [n], {3, 7, 7} for [n, 3, 7, 7].
  [[nodiscard]] virtual const std::vector<std::size_t>& output_shape(std::size_t output) const = 0;
  // pixels: [n, size, size, 3]. Returns, for each of the outputs, [n, output_width()].
  // Throws Error{kInvalid} if pixels are not a whole number of pictures, or none.
  [[nodiscard]] virtual std::vector<std::vector<float>> run(std::span<const std::uint8_t> pixels) const = 0;

  [[nodiscard]] std::size_t picture_bytes() const {
    const auto side = static_cast<std::size_t>(picture_side());
    return 3 * side * side;
  }
  // The product of its shape.
  [[nodiscard]] std::size_t output_width(std::size_t output) const {
    const std::vector<std::size_t>& shape = output_shape(output);
    return std::accumulate(shape.begin(), shape.end(), std::size_t{1}, std::multiplies<>());
  }
};

// How many pictures these are. Throws Error{kInvalid} as Engine::run().
[[nodiscard]] std::size_t count_pictures(const Engine& engine, std::span<const std::uint8_t> pixels);

}  // namespace winnow::inference
