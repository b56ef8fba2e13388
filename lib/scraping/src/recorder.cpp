#include "recorder.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "winnow/core/text.hpp"

namespace winnow::scraping {

Recorder::Recorder(ImageSetWriter& set, const CollectOptions& options, const Context& context,
                   std::size_t expected)
    : set_(set),
      max_listed_failures_(options.max_listed_failures),
      log_(context.log),
      progress_(context.terminal, "scraping", expected) {}

LabelSummary& Recorder::label_named(const std::string& label) {
  const auto [place, is_new] = places_.try_emplace(label, labels_.size());
  if (is_new) labels_.push_back({.label = label});
  return labels_[place->second];
}

void Recorder::add_earlier(const std::vector<History::EarlierLabel>& labels) {
  const std::lock_guard lock(mutex_);
  for (const History::EarlierLabel& earlier : labels) {
    LabelSummary& label = label_named(earlier.label);
    label.found = earlier.kept + earlier.duplicates;
    label.kept = earlier.kept;
    label.duplicates = earlier.duplicates;
  }
}

// "cat 12 of 40, dog 30 of 31; dropped 3 http_404, 1 duplicate": what has been kept of what has been found.
std::string Recorder::note() const {
  constexpr std::size_t kMostLabels = 4;  // it is one line
  constexpr std::size_t kMostReasons = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(labels_.size(), kMostLabels); ++i) {
    text +=
        fmt::format("{}{} {} of {}", i > 0 ? ", " : "", labels_[i].label, labels_[i].kept, labels_[i].found);
  }
  if (labels_.size() > kMostLabels)
    text += fmt::format(", {}", format_count(labels_.size() - kMostLabels, "more label"));
  std::vector<std::pair<std::uint64_t, std::string>> reasons;
  for (const auto& [reason, count] : dropped_) reasons.emplace_back(count, reason);
  std::sort(reasons.rbegin(), reasons.rend());
  for (std::size_t i = 0; i < std::min(reasons.size(), kMostReasons); ++i) {
    text += fmt::format("{}{} {}", i > 0 ? ", " : "; dropped ", reasons[i].first, reasons[i].second);
  }
  return text;
}

void Recorder::step() {
  // Pages tell how many pictures they have only as they come: there is no total then.
  progress_.set_note(note());
  progress_.advance();
}

void Recorder::pass_over() {
  const std::lock_guard lock(mutex_);
  step();
}

void Recorder::record(const ManifestRow& row) {
  set_.append(row);
  const std::lock_guard lock(mutex_);
  LabelSummary& label = label_named(row.label);
  ++label.found;
  switch (row.outcome) {
    case RowOutcome::kKept:
      ++label.kept;
      break;
    case RowOutcome::kDuplicate:
    case RowOutcome::kNearDuplicate:
      label.label_noise += row.reason == "label_noise" ? 1 : 0;
      [[fallthrough]];
    case RowOutcome::kDuplicateUrl:
      ++label.duplicates;
      break;
    case RowOutcome::kRemoved:  // comes from nobody who collects
      break;
    case RowOutcome::kFailed:
    case RowOutcome::kPageFailed:
      ++label.failed;
      ++label.failed_by_reason[row.reason];
      ++failed_;
      log_failure(row);
      break;
  }
  if (row.outcome != RowOutcome::kKept)
    ++dropped_[row.reason.empty() ? std::string(outcome_name(row.outcome)) : row.reason];
  step();
}

void Recorder::log_failure(const ManifestRow& row) {
  if (failed_ > max_listed_failures_) return;
  if (row.url.empty()) return log_.warn("{}: a row without a URL; skipped", row.label);
  log_.warn("{}: {}; skipped", printable(row.url, 200), row.detail);
}

Summary Recorder::finish() {
  const std::lock_guard lock(mutex_);
  if (failed_ > max_listed_failures_) {
    log_.warn("and {} more that failed, see {}", failed_ - max_listed_failures_,
              (set_.folder() / "manifest.jsonl").string());
  }
  std::sort(labels_.begin(), labels_.end(), [](const auto& a, const auto& b) { return a.label < b.label; });
  return {std::move(labels_)};
}

}  // namespace winnow::scraping
