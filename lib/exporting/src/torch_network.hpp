#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "winnow/core/context.hpp"
#include "winnow/model/architecture.hpp"
#include "winnow/model/checkpoint.hpp"
#include "winnow/stats/matrix.hpp"

namespace winnow::exporting {

// A trained network in LibTorch, in float32: what an exported file is held against. Not thread-safe.
class TorchNetwork {
 public:
  // Throws Error{kInvalid} if tensors are missing or of another shape.
  TorchNetwork(const model::Architecture& architecture, const model::Checkpoint& checkpoint,
               const Context& context);
  ~TorchNetwork();

  // pixels: [n, size, size, 3]. Returns [n, classes], divided by the temperature. Throws Error{kCancelled}.
  [[nodiscard]] stats::Matrix logits(std::span<const std::uint8_t> pixels);

  // Of each layer and batch: its index, and its values as [rows, channels].
  using Observer =
      std::function<void(std::size_t layer, std::span<const float> values, std::size_t channels)>;
  // Runs the network on the same pictures and shows what its layers give. Throws Error{kCancelled}.
  void observe(std::span<const std::uint8_t> pixels, const Observer& see);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// That an exported file may differ by so much from the trained network. Throws Error{kInvalid} if it is more
// than kMaxDifference, or no number.
void require_close(double largest_difference);

}  // namespace winnow::exporting
