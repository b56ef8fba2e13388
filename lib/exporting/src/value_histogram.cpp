#include "value_histogram.hpp"

#include <algorithm>
#include <cmath>

namespace winnow::exporting {
namespace {

constexpr std::size_t kBins = 4096;  // a multiple of 4
constexpr int kTrials = 50;          // ends that are tried on each side

}  // namespace

void ValueHistogram::add(std::span<const float> values) {
  float low = 0;
  float high = 0;
  for (const float value : values) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  low_ = std::min(low_, low);
  high_ = std::max(high_, high);
  widen(std::max(-low, high));
  if (limit_ == 0) return;
  const float per_bin = static_cast<float>(kBins / 2) / limit_;
  for (const float value : values) {
    const auto bin = static_cast<std::size_t>((value + limit_) * per_bin);
    ++counts_[std::min(bin, kBins - 1)];
  }
}

// Doubles the limit, and so halves the bins, as often as it takes.
void ValueHistogram::widen(float to) {
  if (limit_ == 0 && to > 0) {
    limit_ = to;
    counts_.resize(kBins);
  }
  while (limit_ < to) {
    std::vector<std::uint64_t> merged(kBins);
    for (std::size_t i = 0; i < kBins; ++i) merged[kBins / 4 + i / 2] += counts_[i];
    counts_ = std::move(merged);
    limit_ *= 2;
  }
}

double ValueHistogram::loss(float low, float high) const {
  const double step = (double{high} - low) / 255;
  const double rounding = step * step / 12;
  const double width = 2.0 * limit_ / kBins;
  double total = 0;
  for (std::size_t i = 0; i < kBins; ++i) {
    if (counts_[i] == 0) continue;
    const double value = -limit_ + (static_cast<double>(i) + 0.5) * width;
    const double outside = value < low ? low - value : value > high ? value - high : 0;
    total += static_cast<double>(counts_[i]) * (outside > 0 ? outside * outside : rounding);
  }
  return total;
}

model::QuantisedRange ValueHistogram::best_range() const {
  model::QuantisedRange best{low_, high_};
  if (counts_.empty()) return best;
  double least = loss(low_, high_);
  // One end after the other, twice: they depend on each other only by the size of a step.
  for (int round = 0; round < 2; ++round) {
    for (int i = 1; i <= kTrials; ++i) {
      const float share = static_cast<float>(i) / kTrials;
      for (const model::QuantisedRange& trial :
           {model::QuantisedRange{best.low, high_ * share}, model::QuantisedRange{low_ * share, best.high}}) {
        const double lost = loss(trial.low, trial.high);
        if (lost >= least) continue;
        least = lost;
        best = trial;
      }
    }
  }
  return best;
}

}  // namespace winnow::exporting
