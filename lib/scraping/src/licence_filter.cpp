#include "winnow/scraping/licence_filter.hpp"

namespace winnow::scraping {

bool LicenceFilter::is_allowed(const Candidate& candidate) const {
  if (policy_ == LicencePolicy::kAny || !candidate.permission.empty()) return true;
  std::optional<Licence> licence = parse_licence(candidate.licence);
  if (!licence) licence = parse_licence(candidate.licence_url);
  return allows(policy_, licence);
}

std::optional<Finding> LicenceFilter::next(const std::stop_token& stop) {
  while (std::optional<Finding> finding = source_->next(stop)) {
    if (finding->failure || is_allowed(finding->candidate)) return finding;
    ++passed_over_;
    source_->settled(finding->candidate, Verdict::kNotKept);
  }
  return std::nullopt;
}

// How many of them will pass cannot be said.
std::size_t LicenceFilter::expected() const {
  return policy_ == LicencePolicy::kAny ? source_->expected() : 0;
}

}  // namespace winnow::scraping
