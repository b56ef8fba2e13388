#pragma once

#include <cstdint>

namespace winnow {

// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): one 64-bit value to another, well mixed.
[[nodiscard]] constexpr std::uint64_t mix_bits(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15u;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

// Random numbers that depend only on what they are for (a seed, an epoch, a sample), never on how many were
// drawn before or by which thread.
class CounterRandom {
 public:
  template <class... Keys>
  explicit constexpr CounterRandom(std::uint64_t seed, Keys... keys) : state_(mix_bits(seed)) {
    ((state_ = mix_bits(state_ ^ static_cast<std::uint64_t>(keys))), ...);
  }

  constexpr std::uint64_t next() { return mix_bits(state_ + 0x632be59bd9b4e019u * ++drawn_); }
  // In [0, 1).
  constexpr double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  constexpr double uniform(double low, double high) { return low + (high - low) * uniform(); }
  // In [0, bound), bound > 0.
  constexpr std::uint64_t below(std::uint64_t bound) {
    return static_cast<std::uint64_t>((static_cast<Wide>(next()) * bound) >> 64);
  }

 private:
  __extension__ using Wide = unsigned __int128;

  std::uint64_t state_;
  std::uint64_t drawn_ = 0;
};

}  // namespace winnow
