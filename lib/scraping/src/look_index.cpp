#include "look_index.hpp"

namespace winnow::scraping {

void LookIndex::add(std::uint64_t upright, std::uint32_t number) {
  if (bits_ < 0) return;
  if (first_.empty()) first_.assign(std::size_t{kPieces} << kPieceBits, kNone);
  Entry entry{upright, number, {}};
  for (unsigned piece = 0; piece < kPieces; ++piece) {
    std::uint32_t& first = first_[slot(upright, piece)];
    entry.next[piece] = first;
    first = static_cast<std::uint32_t>(entries_.size());
  }
  entries_.push_back(entry);
}

}  // namespace winnow::scraping
