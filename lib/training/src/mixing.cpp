#include "mixing.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "random_purpose.hpp"
#include "winnow/core/random.hpp"

namespace winnow::training {
namespace {

constexpr int kWhole = 256;

// Beta(alpha, alpha), after Joehnk 1964; quick for the alpha of about 1 and below that mixing uses.
double draw_beta(CounterRandom& random, double alpha) {
  for (;;) {
    const double a = std::pow(random.uniform(), 1 / alpha);
    const double b = std::pow(random.uniform(), 1 / alpha);
    if (a + b <= 1 && a + b > 0) return a / (a + b);
  }
}

Mix mixup_of(double share) {
  Mix mix{.kind = Mix::Kind::kMixup, .share = static_cast<int>(std::lround(share * kWhole))};
  mix.label_weight = static_cast<double>(mix.share) / kWhole;
  return mix;
}

Mix cutmix_of(CounterRandom& random, double share, int size) {
  const int side = static_cast<int>(size * std::sqrt(1 - share));
  const auto draw_start = [&] {
    return static_cast<int>(random.below(static_cast<std::uint64_t>(size))) - side / 2;
  };
  const int top = draw_start();
  const int left = draw_start();
  Mix mix{.kind = Mix::Kind::kCutmix,
          .top = std::max(0, top),
          .bottom = std::min(size, top + side),
          .left = std::max(0, left),
          .right = std::min(size, left + side)};
  const double area = static_cast<double>(mix.bottom - mix.top) * (mix.right - mix.left);
  mix.label_weight = 1 - area / (static_cast<double>(size) * size);
  return mix;
}

}  // namespace

Mix draw_mix(const MixOptions& options, std::uint64_t seed, int epoch, std::size_t step, int size) {
  CounterRandom random(seed, kMixDraws, epoch, step);
  const bool mixup = options.mixup_alpha > 0;
  const bool cutmix = options.cutmix_alpha > 0;
  if (!mixup && !cutmix) return {};
  const bool cuts = cutmix && (!mixup || random.below(2) == 1);
  if (cuts) return cutmix_of(random, draw_beta(random, options.cutmix_alpha), size);
  return mixup_of(draw_beta(random, options.mixup_alpha));
}

void apply_mix(const Mix& mix, std::span<std::uint8_t> picture, std::span<const std::uint8_t> partner,
               int size) {
  switch (mix.kind) {
    case Mix::Kind::kNone:
      return;
    case Mix::Kind::kMixup: {
      const auto own = static_cast<std::uint16_t>(mix.share);
      const auto other = static_cast<std::uint16_t>(kWhole - mix.share);
      for (std::size_t i = 0; i < picture.size(); ++i) {
        picture[i] = static_cast<std::uint8_t>(
            static_cast<std::uint16_t>(picture[i] * own + partner[i] * other + kWhole / 2) >> 8);
      }
      return;
    }
    case Mix::Kind::kCutmix: {
      const auto bytes = std::size_t{3} * static_cast<std::size_t>(std::max(0, mix.right - mix.left));
      for (int y = mix.top; y < mix.bottom; ++y) {
        const auto at = std::size_t{3} * static_cast<std::size_t>(y * size + mix.left);
        std::memcpy(picture.data() + at, partner.data() + at, bytes);
      }
      return;
    }
  }
}

}  // namespace winnow::training
