#pragma once

#include <cstdint>

namespace winnow::training {

// What random draws are for, so that each use has its own.
enum RandomPurpose : std::uint64_t {
  kOrderDraws = 1,
  kAugmentationDraws = 2,
  kMixDraws = 3,
  kFlipDraws = 4,
  kBalanceDraws = 5,
  kWhiteningDraws = 6,
};

}  // namespace winnow::training
