#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "winnow/model/quantisation.hpp"

namespace winnow::exporting {

// How often which values occur, of more values than memory holds.
class ValueHistogram {
 public:
  void add(std::span<const float> values);

  // The range in which 256 steps lose least in the mean square: what lies outside is clipped to its ends,
  // what lies inside is rounded. It contains 0.
  [[nodiscard]] model::QuantisedRange best_range() const;

 private:
  void widen(float to);
  [[nodiscard]] double loss(float low, float high) const;

  float limit_ = 0;  // bins reach from -limit_ to limit_
  float low_ = 0;    // of all values and 0
  float high_ = 0;
  std::vector<std::uint64_t> counts_;
};

}  // namespace winnow::exporting
