#include "nearest.hpp"

#include <algorithm>

#include "dot.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/parallel.hpp"

namespace winnow::stats {
namespace {

// A tile of queries and one of references stay in the cache of a core.
constexpr std::size_t kTile = 60;

// Puts a value into its place among the largest so far, which fall.
void insert(float value, std::span<float> largest) {
  if (!(value > largest.back())) return;
  std::size_t place = largest.size() - 1;
  for (; place > 0 && largest[place - 1] < value; --place) largest[place] = largest[place - 1];
  largest[place] = value;
}

}  // namespace

Matrix find_nearest(const GroupedRows& queries, const GroupedRows& references, std::size_t width,
                    std::size_t count, unsigned threads, const std::stop_token& stop) {
  Matrix nearest(queries.rows.size(), count);
  if (count == 0) return nearest;
  std::fill(nearest.values().begin(), nearest.values().end(), kNoNeighbour);
  parallel_for((queries.rows.size() + kTile - 1) / kTile, threads, stop, [&](std::size_t tile) {
    const std::size_t first = tile * kTile;
    const auto asking = std::span(queries.rows).subspan(first, std::min(kTile, queries.rows.size() - first));
    float products[kTile * kTile];
    for (std::size_t begin = 0; begin < references.rows.size(); begin += kTile) {
      throw_if_stopped(stop);
      const auto asked =
          std::span(references.rows).subspan(begin, std::min(kTile, references.rows.size() - begin));
      dot_all(asking, asked, width, products);
      for (std::size_t i = 0; i < asking.size(); ++i) {
        for (std::size_t j = 0; j < asked.size(); ++j) {
          if (references.groups[begin + j] == queries.groups[first + i]) continue;
          insert(products[i * asked.size() + j], nearest.row(first + i));
        }
      }
    }
  });
  return nearest;
}

}  // namespace winnow::stats
