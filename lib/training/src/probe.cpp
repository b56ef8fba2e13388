#include "probe.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <numeric>

#include "winnow/core/progress.hpp"
#include "winnow/core/random.hpp"
#include "winnow/stats/calibration.hpp"

namespace winnow::training {
namespace {

constexpr std::array kPenalties = {3e-2, 1e-2, 3e-3,
                                   1e-3, 3e-4, 1e-4};  // strong first: each warms up the next
constexpr std::size_t kFolds = 5;
// Enough to tell penalties apart; more would only take longer.
constexpr std::size_t kMaxSearchSamples = 3000;

// Deals the groups of each class out to folds in a shuffled order, like cards.
std::vector<std::size_t> deal_folds(std::span<const int> labels, std::span<const int> groups,
                                    std::uint64_t seed) {
  std::vector<std::size_t> order(labels.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto shuffle_key = [&](std::size_t i) { return CounterRandom(seed, groups[i]).next(); };
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const auto key_a = shuffle_key(a);
    const auto key_b = shuffle_key(b);
    return labels[a] != labels[b] ? labels[a] < labels[b] : key_a != key_b ? key_a < key_b : a < b;
  });
  std::map<int, std::size_t> fold_of_group;
  std::size_t next = 0;
  std::vector<std::size_t> folds(labels.size());
  for (const std::size_t i : order) {
    const auto [place, is_new] = fold_of_group.try_emplace(groups[i], next % kFolds);
    next += is_new ? 1 : 0;
    folds[i] = place->second;
  }
  return folds;
}

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

double accuracy_of(const stats::Matrix& logits, std::span<const int> labels) {
  const std::vector<int> predicted = stats::argmax(logits);
  std::size_t correct = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) correct += predicted[i] == labels[i] ? 1 : 0;
  return static_cast<double>(correct) / static_cast<double>(labels.size());
}

}  // namespace

ProbeResult fit_probe(const stats::Matrix& x, std::span<const int> labels, std::span<const int> groups,
                      int classes, std::uint64_t seed, const Context& context) {
  const auto start = std::chrono::steady_clock::now();
  ProbeResult result;
  result.held_out = search_samples(x.rows(), seed);
  const stats::Matrix search_x = x.select(result.held_out);
  const std::vector<int> search_labels = pick(labels, result.held_out);
  const std::vector<std::size_t> folds = deal_folds(search_labels, pick(groups, result.held_out), seed);

  std::array<stats::Matrix, kPenalties.size()> logits;
  logits.fill(stats::Matrix(search_x.rows(), static_cast<std::size_t>(classes)));
  Progress progress(context.terminal, "fitting", kFolds * kPenalties.size() + 1);
  for (std::size_t fold = 0; fold < kFolds; ++fold) {
    std::vector<std::size_t> inside;
    std::vector<std::size_t> outside;
    for (std::size_t i = 0; i < folds.size(); ++i) (folds[i] == fold ? outside : inside).push_back(i);
    if (inside.empty() || outside.empty()) continue;
    const stats::Matrix inside_x = search_x.select(inside);
    const stats::Matrix outside_x = search_x.select(outside);
    const std::vector<int> inside_labels = pick(search_labels, inside);
    stats::LinearModel head;
    for (std::size_t p = 0; p < kPenalties.size(); ++p) {
      head = stats::fit_logistic(inside_x, inside_labels, classes, {.l2 = kPenalties[p]}, context.threads,
                                 context.stop, p == 0 ? nullptr : &head);
      const stats::Matrix predicted = stats::predict_logits(head, outside_x);
      for (std::size_t i = 0; i < outside.size(); ++i) {
        std::copy(predicted.row(i).begin(), predicted.row(i).end(), logits[p].row(outside[i]).begin());
      }
      progress.advance();
    }
  }

  std::size_t best = 0;
  for (std::size_t p = 0; p < kPenalties.size(); ++p) {
    const double nll = stats::negative_log_likelihood(logits[p], search_labels);
    result.steps.push_back({kPenalties[p], nll, accuracy_of(logits[p], search_labels)});
    if (nll < result.steps[best].nll) best = p;
  }
  result.l2 = kPenalties[best];
  result.held_out_logits = std::move(logits[best]);
  result.head = stats::fit_logistic(x, labels, classes, {.l2 = result.l2}, context.threads, context.stop);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  context.log.debug("fitted the head in {:.2f} s, penalty {:g}", seconds, result.l2);
  return result;
}

}  // namespace winnow::training
