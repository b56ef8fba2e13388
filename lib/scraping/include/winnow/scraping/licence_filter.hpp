#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "winnow/scraping/candidate.hpp"
#include "winnow/scraping/licence.hpp"

namespace winnow::scraping {

// Lets through what the policy allows, going by licence and licence_url of each candidate; of what is passed
// over, the source hears that it was not kept. A candidate with a permission of its own needs no licence.
class LicenceFilter : public CandidateSource {
 public:
  LicenceFilter(std::unique_ptr<CandidateSource> source, LicencePolicy policy)
      : source_(std::move(source)), policy_(policy) {}

  std::optional<Finding> next(const std::stop_token& stop) override;
  [[nodiscard]] std::size_t expected() const override;
  void enough(const std::string& label) override { source_->enough(label); }
  void settled(const Candidate& candidate, Verdict verdict) override { source_->settled(candidate, verdict); }

  // How many have been passed over so far. Thread-safe.
  [[nodiscard]] std::uint64_t passed_over() const { return passed_over_; }

 private:
  [[nodiscard]] bool is_allowed(const Candidate& candidate) const;

  const std::unique_ptr<CandidateSource> source_;
  const LicencePolicy policy_;
  std::atomic<std::uint64_t> passed_over_ = 0;
};

}  // namespace winnow::scraping
