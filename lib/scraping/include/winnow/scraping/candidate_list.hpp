// Finding apart from fetching: what a source finds, as a list that UrlList reads.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "winnow/core/context.hpp"
#include "winnow/core/json.hpp"
#include "winnow/scraping/candidate.hpp"

namespace winnow::scraping {

// Members that have nothing to say are left out. UrlList makes the same candidate of it.
[[nodiscard]] Json to_json(const Candidate& candidate);

struct FindSummary {
  std::map<std::string, std::uint64_t> found;  // by label, each address once
  std::uint64_t failed = 0;                    // pages and requests
};

// Draws on the source until each label has `count` addresses, 0 for all there are, and hands over each as a
// line of JSON without its end. Failures are logged. Ends early when a stop is asked for.
FindSummary find_candidates(CandidateSource& source, std::uint64_t count,
                            const std::function<void(const std::string&)>& line, const Context& context);

}  // namespace winnow::scraping
