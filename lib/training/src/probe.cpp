#include "probe.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>

#include "winnow/core/progress.hpp"
#include "winnow/core/random.hpp"

namespace winnow::training {
namespace {

// Enough to tell penalties apart; more would only take longer.
constexpr std::size_t kMaxSearchSamples = 3000;

std::vector<int> pick(std::span<const int> values, std::span<const std::size_t> rows) {
  std::vector<int> chosen;
  chosen.reserve(rows.size());
  for (const std::size_t row : rows) chosen.push_back(values[row]);
  return chosen;
}

std::vector<std::size_t> search_samples(std::size_t count, std::uint64_t seed) {
  std::vector<std::size_t> rows(count);
  std::iota(rows.begin(), rows.end(), std::size_t{0});
  if (count <= kMaxSearchSamples) return rows;
  CounterRandom random(seed, 1);
  for (std::size_t i = 0; i < kMaxSearchSamples; ++i) std::swap(rows[i], rows[i + random.below(count - i)]);
  rows.resize(kMaxSearchSamples);
  std::sort(rows.begin(), rows.end());
  return rows;
}

}  // namespace

ProbeResult fit_probe(const stats::Matrix& x, std::span<const int> labels, std::span<const int> groups,
                      int classes, std::uint64_t seed, const Context& context) {
  const auto start = std::chrono::steady_clock::now();
  ProbeResult result;
  result.held_out = search_samples(x.rows(), seed);
  const stats::Matrix search_x = x.select(result.held_out);
  const std::vector<int> search_labels = pick(labels, result.held_out);

  const stats::CrossValidationOptions options{.seed = seed};
  Progress progress(context.terminal, "fitting", options.folds * options.penalties.size() + 1);
  stats::CrossValidation held_out =
      stats::cross_validate(search_x, search_labels, pick(groups, result.held_out), classes, options,
                            context.threads, context.stop, [&] { progress.advance(); });
  result.l2 = held_out.steps[held_out.best].l2;
  result.steps = std::move(held_out.steps);
  result.held_out_logits = std::move(held_out.logits);
  result.head = stats::fit_logistic(x, labels, classes, {.l2 = result.l2}, context.threads, context.stop);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  context.log.debug("fitted the head in {:.2f} s, penalty {:g}", seconds, result.l2);
  return result;
}

}  // namespace winnow::training
