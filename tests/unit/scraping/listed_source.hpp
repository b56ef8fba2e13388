#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "winnow/scraping/candidate.hpp"

namespace winnow::scraping {

// Gives what it is made of, and remembers what it hears back.
class ListedSource : public CandidateSource {
 public:
  struct Heard {
    std::vector<std::pair<std::string, Verdict>> verdicts;  // by address
    std::vector<std::string> enough;
  };

  ListedSource(std::deque<Finding> findings, Heard& heard) : findings_(std::move(findings)), heard_(heard) {}

  std::optional<Finding> next(const std::stop_token& stop) override {
    if (findings_.empty() || stop.stop_requested()) return std::nullopt;
    Finding finding = std::move(findings_.front());
    findings_.pop_front();
    return finding;
  }
  [[nodiscard]] std::size_t expected() const override { return findings_.size(); }
  void enough(const std::string& label) override { heard_.enough.push_back(label); }
  void settled(const Candidate& candidate, Verdict verdict) override {
    heard_.verdicts.emplace_back(candidate.url, verdict);
  }

 private:
  std::deque<Finding> findings_;
  Heard& heard_;
};

}  // namespace winnow::scraping
