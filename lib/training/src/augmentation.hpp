// Pictures as training sees them: other crops, mirrored, other colours, in each epoch anew. What a picture
// becomes depends on the seed, the epoch and the picture alone, never on threads or on where a run resumed.
// All functions are thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace winnow::training {

enum class CropRule {
  kRandomResized,  // a rectangle of random area and aspect, resized (Szegedy et al. 2015)
  kShifted,        // a square of the output's size from anywhere, after reflecting `pad` pixels at each edge
};

enum class FlipRule {
  kNone,         // where left and right mean something, such as text
  kRandom,       // half of the time
  kAlternating,  // in every other epoch, beginning at random: none comes up twice running (Jordan 2024)
};

struct AugmentOptions {
  CropRule crop = CropRule::kRandomResized;
  double min_area = 0.35;  // of the picture, for kRandomResized; the aspect lies between 3/4 and 4/3
  int pad = 0;             // for kShifted
  FlipRule flip = FlipRule::kRandom;
  // Brightness, contrast and saturation are each multiplied by up to 1 - jitter or 1 + jitter.
  double jitter = 0;
  double grey = 0;               // share of the pictures that lose their colour
  bool trivial_augment = false;  // one of 14 operations at random strength (Mueller & Hutter 2021)
  double erase = 0;              // share of the pictures with a rectangle of noise (Zhong et al. 2020)
};

// Fine-tuning of a pretrained network: mild, and cheap beside a step on two cores.
[[nodiscard]] AugmentOptions finetune_augmentation();
// Photographs and random weights.
[[nodiscard]] AugmentOptions scratch_augmentation();
// Pictures of up to 48 px that are stored without a margin, as in CIFAR-10.
[[nodiscard]] AugmentOptions thumbnail_augmentation(int size);

// Which picture of which epoch; a picture that balanced sampling draws more than once has copies.
struct AugmentKey {
  std::uint64_t seed = 0;
  int epoch = 1;
  std::size_t sample = 0;
  std::size_t copy = 0;
};

// picture: [side, side, 3]; out: [size, size, 3]. REQUIRES for kShifted: size <= side + 2 pad, pad < side.
// Throws std::bad_alloc.
void augment(std::span<const std::uint8_t> picture, int side, std::span<std::uint8_t> out, int size,
             const AugmentOptions& options, const AugmentKey& key);

// Whether alternating flip mirrors the sample in this epoch.
[[nodiscard]] bool is_mirrored_by_turns(std::uint64_t seed, int epoch, std::size_t sample);

}  // namespace winnow::training
