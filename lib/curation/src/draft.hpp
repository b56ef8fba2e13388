#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "winnow/curation/curate.hpp"

namespace winnow::curation {

// A curation in the making.
struct Draft {
  std::vector<dataset::CuratedRow> rows;  // one for each sample of the tree
  // The pictures that decode: their rows and what identifies them. Groups and embeddings have the same order.
  std::vector<std::size_t> sound;
  std::vector<const dataset::Fingerprint*> fingerprints;
  stats::Matrix embeddings;   // [sound, width]; empty: none
  std::vector<char> decided;  // for each row: a person has kept or relabelled it

  std::vector<ScoreSpread> spreads;

  [[nodiscard]] dataset::CuratedRow& row_of_sound(std::size_t i) { return rows[sound[i]]; }
  [[nodiscard]] const dataset::CuratedRow& row_of_sound(std::size_t i) const { return rows[sound[i]]; }
  [[nodiscard]] bool is_decided(std::size_t i) const { return decided[sound[i]] != 0; }
  // Positions in `sound` of those that are kept so far.
  [[nodiscard]] std::vector<std::size_t> kept() const {
    std::vector<std::size_t> positions;
    for (std::size_t i = 0; i < sound.size(); ++i) {
      if (row_of_sound(i).keep) positions.push_back(i);
    }
    return positions;
  }
};

inline void reject(dataset::CuratedRow& row, dataset::Issue issue) {
  row.keep = false;
  row.issues.push_back(std::move(issue));
}

}  // namespace winnow::curation
