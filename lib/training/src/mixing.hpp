// Batches in which each picture carries part of another one, and its label.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace winnow::training {

// Alpha is that of the Beta(alpha, alpha) distribution of the shares; 0 turns the method off. With both on,
// half of the batches get one and half the other.
struct MixOptions {
  double mixup_alpha = 0;   // Zhang et al. 2018
  double cutmix_alpha = 0;  // Yun et al. 2019
};

// How the pictures of one batch mix: as a sum, or a box [top, bottom) x [left, right) of the partner's.
struct Mix {
  enum class Kind { kNone, kMixup, kCutmix } kind = Kind::kNone;
  int share = 256;  // kMixup: of the picture itself, in 1/256
  int top = 0, bottom = 0, left = 0, right = 0;
  double label_weight = 1;  // of the picture's own label: exactly its share of the pixels
};

// Drawn from (seed, epoch, step) for pictures of size x size.
[[nodiscard]] Mix draw_mix(const MixOptions& options, std::uint64_t seed, int epoch, std::size_t step,
                           int size);

// Mixes partner into picture, both [size, size, 3].
void apply_mix(const Mix& mix, std::span<std::uint8_t> picture, std::span<const std::uint8_t> partner,
               int size);

}  // namespace winnow::training
