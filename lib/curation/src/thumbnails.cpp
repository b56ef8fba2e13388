#include "thumbnails.hpp"

#include <algorithm>

#include "winnow/core/parallel.hpp"
#include "winnow/core/progress.hpp"
#include "winnow/dataset/thumbnail.hpp"

namespace winnow::curation {
namespace {

constexpr int kSide = 200;

}  // namespace

Thumbnails::Thumbnails(const dataset::Dataset& tree, std::vector<std::size_t> rows, const Context& context) {
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  std::vector<Bytes> made(rows.size());
  Progress progress(context.terminal, "drawing the report", rows.size());
  parallel_for(rows.size(), context.threads, context.stop, [&](std::size_t i) {
    made[i] = dataset::thumbnail_jpeg(tree, tree.samples[rows[i]], kSide);
    progress.advance();
  });
  for (std::size_t i = 0; i < rows.size(); ++i) jpegs_.emplace(rows[i], std::move(made[i]));
}

const Bytes& Thumbnails::of(std::size_t row) const {
  static const Bytes kNone;
  const auto found = jpegs_.find(row);
  return found == jpegs_.end() ? kNone : found->second;
}

}  // namespace winnow::curation
