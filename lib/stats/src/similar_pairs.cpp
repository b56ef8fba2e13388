#include "winnow/stats/similar_pairs.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>
#include <numbers>
#include <vector>

#include "dot.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/parallel.hpp"
#include "winnow/core/random.hpp"
#include "winnow/stats/hamming.hpp"

namespace winnow::stats {
namespace {

constexpr std::size_t kWords = 8;
constexpr std::size_t kBits = kWords * 64;
constexpr double kSpareDeviations = 5;
// A tile of rows stays in the cache of a core while the others pass by.
constexpr std::size_t kTile = 64;
constexpr std::size_t kSketchTile = 1024;

// Directions drawn evenly from the sphere (Box and Muller 1958; the length does not matter for signs).
Matrix draw_directions(std::size_t width) {
  Matrix directions(kBits, width);
  for (std::size_t bit = 0; bit < kBits; ++bit) {
    CounterRandom random(0x5ce7c4u, bit);
    for (float& value : directions.row(bit)) {
      const double radius = std::sqrt(-2 * std::log(1 - random.uniform()));
      value = static_cast<float>(radius * std::cos(2 * std::numbers::pi * random.uniform()));
    }
  }
  return directions;
}

std::vector<const float*> row_starts(const Matrix& units, std::span<const std::size_t> rows) {
  std::vector<const float*> starts;
  starts.reserve(rows.size());
  for (const std::size_t row : rows) starts.push_back(units.row(row).data());
  return starts;
}

// For each row on which side of each random plane it lies. Word w of row i stands at words[w * rows + i].
class Sketches {
 public:
  Sketches(const Matrix& units, std::span<const std::size_t> rows, float cosine, unsigned threads,
           const std::stop_token& stop)
      : rows_(rows.size()), words_(kWords * rows.size()) {
    const double p = std::acos(static_cast<double>(cosine)) / std::numbers::pi;
    limit_ =
        static_cast<std::uint64_t>(std::ceil(kBits * p + kSpareDeviations * std::sqrt(kBits * p * (1 - p))));
    if (rows.empty()) return;
    const Matrix directions = draw_directions(units.columns());
    std::vector<const float*> starts;
    for (std::size_t bit = 0; bit < kBits; ++bit) starts.push_back(directions.row(bit).data());
    parallel_for((rows_ + kTile - 1) / kTile, threads, stop, [&](std::size_t tile) {
      const std::size_t first = tile * kTile;
      const std::vector<const float*> some =
          row_starts(units, rows.subspan(first, std::min(kTile, rows_ - first)));
      std::array<float, kTile * kTile> products;
      for (std::size_t word = 0; word < kWords; ++word) {
        dot_all(some, std::span(starts).subspan(word * 64, 64), units.columns(), products.data());
        for (std::size_t i = 0; i < some.size(); ++i) {
          for (std::size_t bit = 0; bit < 64; ++bit) {
            words_[word * rows_ + first + i] |= std::uint64_t{products[i * 64 + bit] > 0} << bit;
          }
        }
      }
    });
  }

  // Appends those of rows [begin, end) that may be similar to row i.
  void candidates(std::size_t i, std::size_t begin, std::size_t end, std::vector<std::size_t>& found) const {
    std::array<std::uint64_t, kWords> query;
    for (std::size_t w = 0; w < kWords; ++w) query[w] = words_[w * rows_ + i];
    std::array<std::uint64_t, kSketchTile> differing;
    count_differing_bits(query, words_.data() + begin, rows_, std::span(differing).first(end - begin));
    for (std::size_t j = begin; j < end; ++j) {
      if (differing[j - begin] <= limit_) found.push_back(j);
    }
  }

 private:
  std::size_t rows_;
  std::vector<std::uint64_t> words_;
  std::uint64_t limit_ = 0;
};

using Visit = std::function<void(std::size_t, std::size_t, float)>;

class Search {
 public:
  Search(const Matrix& units, std::span<const std::size_t> rows, float cosine, const Visit& visit)
      : units_(units), rows_(rows), cosine_(cosine), visit_(visit) {}

  // Multiplies row i with the candidates.
  void compare(std::size_t i, const std::vector<std::size_t>& candidates) {
    if (candidates.empty()) return;
    const float* row = units_.row(rows_[i]).data();
    std::vector<const float*> others;
    for (const std::size_t j : candidates) others.push_back(units_.row(rows_[j]).data());
    std::vector<float> cosines(others.size());
    dot_all({&row, 1}, others, units_.columns(), cosines.data());
    for (std::size_t c = 0; c < candidates.size(); ++c) take(i, candidates[c], cosines[c]);
  }

  // Multiplies each of up to kTile rows from `first` on with each of up to kTile rows from `begin` on.
  void compare_tiles(std::size_t first, std::size_t begin) {
    const auto tile = [&](std::size_t from) {
      return row_starts(units_, rows_.subspan(from, std::min(kTile, rows_.size() - from)));
    };
    const std::vector<const float*> some = tile(first);
    const std::vector<const float*> others = tile(begin);
    std::array<float, kTile * kTile> cosines;
    dot_all(some, others, units_.columns(), cosines.data());
    for (std::size_t i = 0; i < some.size(); ++i) {
      for (std::size_t j = 0; j < others.size(); ++j) {
        if (first + i < begin + j) take(first + i, begin + j, cosines[i * others.size() + j]);
      }
    }
  }

 private:
  void take(std::size_t i, std::size_t j, float cosine) {
    if (!(cosine >= cosine_)) return;
    const std::lock_guard lock(mutex_);
    visit_(i, j, cosine);
  }

  const Matrix& units_;
  const std::span<const std::size_t> rows_;
  const float cosine_;
  const Visit& visit_;
  std::mutex mutex_;
};

}  // namespace

void for_each_similar_pair(const Matrix& units, std::span<const std::size_t> chosen,
                           const SimilarPairOptions& options, unsigned threads, const std::stop_token& stop,
                           const Visit& visit) {
  const std::size_t rows = chosen.size();
  const bool sketched = rows >= options.sketch_from;
  const Sketches sketches(units, sketched ? chosen : chosen.first(0), options.cosine, threads, stop);
  Search search(units, chosen, options.cosine, visit);
  parallel_for((rows + kTile - 1) / kTile, threads, stop, [&](std::size_t tile) {
    const std::size_t first = tile * kTile;
    const std::size_t last = std::min(rows, first + kTile);
    if (!sketched) {
      for (std::size_t begin = first; begin < rows; begin += kTile) {
        throw_if_stopped(stop);
        search.compare_tiles(first, begin);
      }
      return;
    }
    std::vector<std::size_t> candidates;
    for (std::size_t begin = first; begin < rows; begin += kSketchTile) {
      throw_if_stopped(stop);
      const std::size_t end = std::min(rows, begin + kSketchTile);
      for (std::size_t i = first; i < last; ++i) {
        candidates.clear();
        const std::size_t from = std::max(begin, i + 1);
        if (from >= end) continue;
        sketches.candidates(i, from, end, candidates);
        search.compare(i, candidates);
      }
    }
  });
}

}  // namespace winnow::stats
