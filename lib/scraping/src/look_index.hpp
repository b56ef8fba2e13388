#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "winnow/image/perceptual_hash.hpp"

namespace winnow::scraping {

// Finds pictures that look like one another by their perceptual hashes, without comparing all: the hash is
// cut into four pieces of 16 bits, and of two hashes that differ in at most 7 bits one piece differs in at
// most one. So a search looks at 4 x 17 short lists, for the picture and for its mirror image. Some 30 bytes
// a picture, and 1 MB. Not thread-safe.
class LookIndex {
 public:
  static constexpr int kMostBits = 7;

  // bits: up to which number of differing bits two pictures are the same, at most kMostBits; below 0, none
  // are.
  explicit LookIndex(int bits) : bits_(bits) {}

  // upright: of image::PerceptualHash. number: what find() gives for it.
  void add(std::uint64_t upright, std::uint32_t number);

  // The number of the first added picture, of those with `accept(number)`, that looks like this one or like
  // its mirror image.
  template <class Accept>
  [[nodiscard]] std::optional<std::uint32_t> find(const image::PerceptualHash& look,
                                                  const Accept& accept) const {
    std::optional<std::uint32_t> found;
    const auto meet = [&](const Entry& entry) {
      const int bits =
          std::min(std::popcount(look.upright ^ entry.upright), std::popcount(look.mirrored ^ entry.upright));
      if (bits > bits_ || (found && *found <= entry.number) || !accept(entry.number)) return;
      found = entry.number;
    };
    each_near(look.upright, meet);
    each_near(look.mirrored, meet);
    return found;
  }

 private:
  static constexpr unsigned kPieces = 4;
  static constexpr unsigned kPieceBits = 16;
  static constexpr std::uint32_t kNone = 0xffffffff;

  struct Entry {
    std::uint64_t upright;
    std::uint32_t number;
    std::array<std::uint32_t, kPieces> next;  // in the lists of its four pieces
  };

  [[nodiscard]] static std::uint32_t slot(std::uint64_t hash, unsigned piece) {
    return piece << kPieceBits | static_cast<std::uint32_t>(hash >> (piece * kPieceBits) & 0xffff);
  }

  template <class Meet>
  void each_near(std::uint64_t hash, const Meet& meet) const {
    if (first_.empty()) return;
    for (unsigned piece = 0; piece < kPieces; ++piece) {
      walk(piece, slot(hash, piece), meet);
      for (unsigned bit = 0; bit < kPieceBits; ++bit) walk(piece, slot(hash, piece) ^ (1u << bit), meet);
    }
  }

  template <class Meet>
  void walk(unsigned piece, std::uint32_t place, const Meet& meet) const {
    for (std::uint32_t i = first_[place]; i != kNone; i = entries_[i].next[piece]) meet(entries_[i]);
  }

  const int bits_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> first_;  // for each value of each piece, the entry added last
};

}  // namespace winnow::scraping
