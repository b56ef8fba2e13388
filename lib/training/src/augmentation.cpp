#include "augmentation.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "pixel_operations.hpp"
#include "random_purpose.hpp"
#include "winnow/core/random.hpp"
#include "winnow/image/preprocess.hpp"

namespace winnow::training {
namespace {

constexpr int kTries = 10;  // for a rectangle that fits

struct Box {
  int left = 0;
  int top = 0;
  int width = 0;
  int height = 0;

  [[nodiscard]] bool fits(int side) const {
    return width >= 1 && height >= 1 && width <= side && height <= side;
  }
};

int draw_offset(CounterRandom& random, int room) {
  return static_cast<int>(random.below(static_cast<std::uint64_t>(room) + 1));
}

// A rectangle of a share in [min_area, max_area] of the square and an aspect in [1 / max_aspect, max_aspect];
// of no size if none of kTries fits.
Box draw_box(CounterRandom& random, int side, double min_area, double max_area, double max_aspect) {
  for (int i = 0; i < kTries; ++i) {
    const double area = random.uniform(min_area, max_area) * side * side;
    const double aspect = std::exp(random.uniform(-std::log(max_aspect), std::log(max_aspect)));
    Box box{.width = static_cast<int>(std::lround(std::sqrt(area * aspect))),
            .height = static_cast<int>(std::lround(std::sqrt(area / aspect)))};
    if (!box.fits(side)) continue;
    box.left = draw_offset(random, side - box.width);
    box.top = draw_offset(random, side - box.height);
    return box;
  }
  return {};
}

void crop_and_resize(CounterRandom& random, std::span<const std::uint8_t> picture, int side,
                     SquarePicture out, double min_area) {
  Box box = draw_box(random, side, min_area, 1, 4.0 / 3);
  if (!box.fits(side)) box = {.width = side, .height = side};
  const std::size_t stride = std::size_t{3} * static_cast<std::size_t>(side);
  const std::uint8_t* first = picture.data() + static_cast<std::size_t>(box.top) * stride +
                              std::size_t{3} * static_cast<std::size_t>(box.left);
  image::resize(image::PixelView{first, box.width, box.height, stride}, out.pixels, out.size, out.size);
}

// The position that is seen at `at` in a mirror at the first and the last one, which are not repeated.
int reflect(int at, int side) {
  if (at < 0) return -at;
  return at < side ? at : 2 * (side - 1) - at;
}

void crop_shifted(CounterRandom& random, std::span<const std::uint8_t> picture, int side, SquarePicture out,
                  int pad) {
  const int left = draw_offset(random, side + 2 * pad - out.size) - pad;
  const int top = draw_offset(random, side + 2 * pad - out.size) - pad;
  std::uint8_t* to = out.pixels.data();
  for (int y = 0; y < out.size; ++y) {
    const std::uint8_t* row =
        picture.data() + std::size_t{3} * static_cast<std::size_t>(reflect(top + y, side) * side);
    for (int x = 0; x < out.size; ++x, to += 3) std::memcpy(to, row + 3 * reflect(left + x, side), 3);
  }
}

void change_colours(CounterRandom& random, SquarePicture picture, const AugmentOptions& options) {
  const auto draw_factor = [&] { return random.uniform(1 - options.jitter, 1 + options.jitter); };
  ColourFactors factors{draw_factor(), draw_factor(), draw_factor()};
  if (random.uniform() < options.grey) factors.saturation = 0;
  adjust_colours(picture, factors);
}

void erase(CounterRandom& random, SquarePicture picture) {
  const Box box = draw_box(random, picture.size, 0.02, 1.0 / 3, 3.3);
  if (!box.fits(picture.size)) return;
  for (int y = box.top; y < box.top + box.height; ++y) {
    std::uint8_t* row =
        picture.pixels.data() + std::size_t{3} * static_cast<std::size_t>(y * picture.size + box.left);
    for (int i = 0; i < 3 * box.width; i += 8) {
      const std::uint64_t noise = random.next();
      std::memcpy(row + i, &noise, static_cast<std::size_t>(std::min(8, 3 * box.width - i)));
    }
  }
}

bool draw_mirrored(CounterRandom& random, FlipRule rule, const AugmentKey& key) {
  switch (rule) {
    case FlipRule::kNone:
      return false;
    case FlipRule::kRandom:
      return random.below(2) == 1;
    case FlipRule::kAlternating:
      return is_mirrored_by_turns(key.seed, key.epoch, key.sample);
  }
  return false;
}

}  // namespace

AugmentOptions finetune_augmentation() {
  return {.min_area = 0.6, .jitter = 0.2, .grey = 0.05};
}

AugmentOptions scratch_augmentation() {
  return {.min_area = 0.35, .trivial_augment = true, .erase = 0.1};
}

AugmentOptions thumbnail_augmentation(int size) {
  return {.crop = CropRule::kShifted, .pad = std::max(1, (size + 8) / 16), .flip = FlipRule::kAlternating};
}

void augment(std::span<const std::uint8_t> picture, int side, std::span<std::uint8_t> out, int size,
             const AugmentOptions& options, const AugmentKey& key) {
  CounterRandom random(key.seed, kAugmentationDraws, key.epoch, key.sample, key.copy);
  const SquarePicture result{out, size};
  if (options.crop == CropRule::kRandomResized) {
    crop_and_resize(random, picture, side, result, options.min_area);
  } else {
    crop_shifted(random, picture, side, result, options.pad);
  }
  if (draw_mirrored(random, options.flip, key)) mirror(result);
  if (options.jitter > 0 || options.grey > 0) change_colours(random, result, options);
  if (options.trivial_augment) {
    const auto operation = static_cast<TrivialOperation>(random.below(kTrivialOperations));
    const auto strength = static_cast<int>(random.below(kTrivialStrengths));
    apply_trivial_operation(result, operation, strength, random.below(2) == 1);
  }
  if (options.erase > 0 && random.uniform() < options.erase) erase(random, result);
}

bool is_mirrored_by_turns(std::uint64_t seed, int epoch, std::size_t sample) {
  const std::uint64_t first = CounterRandom(seed, kFlipDraws, sample).below(2);
  return (static_cast<std::uint64_t>(epoch) + first) % 2 == 1;
}

}  // namespace winnow::training
