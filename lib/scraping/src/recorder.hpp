#pragma once

#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "history.hpp"
#include "winnow/core/context.hpp"
#include "winnow/core/progress.hpp"
#include "winnow/scraping/collector.hpp"

namespace winnow::scraping {

// Turns every outcome into a row, a count, a step of the progress and, for failures, a line of the log.
// Thread-safe.
class Recorder {
 public:
  Recorder(ImageSetWriter& set, const CollectOptions& options, const Context& context, std::size_t expected);

  void add_earlier(const std::vector<History::EarlierLabel>& labels);
  // A candidate that an earlier run has dealt with.
  void pass_over();
  // Any other. Throws Error{kIo}.
  void record(const ManifestRow& row);

  // Says how many failures were not listed, and gives the counts.
  Summary finish();

 private:
  LabelSummary& label_named(const std::string& label);
  void log_failure(const ManifestRow& row);
  void step();

  ImageSetWriter& set_;
  const std::size_t max_listed_failures_;
  Logger& log_;
  Progress progress_;

  std::mutex mutex_;
  std::vector<LabelSummary> labels_;
  std::unordered_map<std::string, std::size_t> places_;  // in labels_
  std::uint64_t kept_ = 0;
  std::uint64_t failed_ = 0;
};

}  // namespace winnow::scraping
