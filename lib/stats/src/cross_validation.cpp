#include "winnow/stats/cross_validation.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "winnow/core/random.hpp"
#include "winnow/stats/calibration.hpp"
#include "winnow/stats/logistic_regression.hpp"

namespace winnow::stats {
namespace {

std::vector<int> pick(std::span<const int> values, std::span<const std::size_t> rows) {
  std::vector<int> chosen;
  chosen.reserve(rows.size());
  for (const std::size_t row : rows) chosen.push_back(values[row]);
  return chosen;
}

double accuracy_of(const Matrix& logits, std::span<const int> labels) {
  const std::vector<int> predicted = argmax(logits);
  std::size_t correct = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) correct += predicted[i] == labels[i] ? 1 : 0;
  return static_cast<double>(correct) / static_cast<double>(labels.size());
}

void draw(std::vector<std::size_t>& rows, std::size_t most, std::uint64_t seed) {
  if (rows.size() <= most) return;
  CounterRandom random(seed, rows.size());
  for (std::size_t i = 0; i < most; ++i) std::swap(rows[i], rows[i + random.below(rows.size() - i)]);
  rows.resize(most);
  std::sort(rows.begin(), rows.end());
}

// Predicts for some rows of x and puts the results into the same rows of `logits`; a few at a time, for a
// copy of all of them could be most of what memory there is.
void predict_rows(const LinearModel& head, const Matrix& x, std::span<const std::size_t> rows,
                  Matrix& logits) {
  constexpr std::size_t kChunk = 256;
  for (std::size_t begin = 0; begin < rows.size(); begin += kChunk) {
    const auto chunk = rows.subspan(begin, std::min(kChunk, rows.size() - begin));
    const Matrix predicted = predict_logits(head, x.select(chunk));
    for (std::size_t i = 0; i < chunk.size(); ++i) {
      std::copy(predicted.row(i).begin(), predicted.row(i).end(), logits.row(chunk[i]).begin());
    }
  }
}

}  // namespace

std::vector<std::size_t> deal_folds(std::span<const int> labels, std::span<const int> groups,
                                    std::size_t folds, std::uint64_t seed) {
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
  std::vector<std::size_t> result(labels.size());
  for (const std::size_t i : order) {
    const auto [place, is_new] = fold_of_group.try_emplace(groups[i], next % folds);
    next += is_new ? 1 : 0;
    result[i] = place->second;
  }
  return result;
}

CrossValidation cross_validate(const Matrix& x, std::span<const int> labels, std::span<const int> groups,
                               int classes, const CrossValidationOptions& options, unsigned threads,
                               const std::stop_token& stop, const std::function<void()>& progress) {
  const std::vector<std::size_t> folds = deal_folds(labels, groups, options.folds, options.seed);
  std::vector<Matrix> logits(options.penalties.size(), Matrix(x.rows(), static_cast<std::size_t>(classes)));
  for (std::size_t fold = 0; fold < options.folds; ++fold) {
    std::vector<std::size_t> inside;
    std::vector<std::size_t> outside;
    for (std::size_t i = 0; i < folds.size(); ++i) (folds[i] == fold ? outside : inside).push_back(i);
    if (inside.empty() || outside.empty()) continue;
    draw(inside, options.max_fit_samples, options.seed + fold);
    const Matrix inside_x = x.select(inside);
    const std::vector<int> inside_labels = pick(labels, inside);
    LinearModel head;
    for (std::size_t p = 0; p < options.penalties.size(); ++p) {
      head = fit_logistic(inside_x, inside_labels, classes, {.l2 = options.penalties[p]}, threads, stop,
                          p == 0 ? nullptr : &head);
      predict_rows(head, x, outside, logits[p]);
      if (progress) progress();
    }
  }

  CrossValidation result;
  for (std::size_t p = 0; p < logits.size(); ++p) {
    const double nll = negative_log_likelihood(logits[p], labels);
    result.steps.push_back({options.penalties[p], nll, accuracy_of(logits[p], labels)});
    if (nll < result.steps[result.best].nll) result.best = p;
  }
  result.logits = std::move(logits[result.best]);
  return result;
}

}  // namespace winnow::stats
