#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "winnow/core/context.hpp"
#include "winnow/net/http_client.hpp"
#include "winnow/scraping/candidate.hpp"
#include "winnow/scraping/image_check.hpp"
#include "winnow/scraping/image_set.hpp"

namespace winnow::scraping {

struct CollectOptions {
  std::uint64_t count = 0;  // pictures to keep for each label, 0 for all
  std::uint64_t max_bytes = 20'000'000;
  ImageRequirements requirements{};
  // A picture that was kept is not kept again, byte for byte. If true, under no other label either.
  bool dedupe_across_labels = true;
  net::HttpTimeouts timeouts{};
  std::size_t max_listed_failures = 20;  // further ones are only counted and written to the manifest
};

// What stands in the set for one label, with what was found, kept and dropped in earlier runs, and what
// failed in this one.
struct LabelSummary {
  std::string label;
  std::uint64_t found = 0;
  std::uint64_t kept = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t failed = 0;
  std::map<std::string, std::uint64_t> failed_by_reason{};
};

struct Summary {
  std::vector<LabelSummary> labels;  // in alphabetical order

  [[nodiscard]] LabelSummary total() const;
};

// Fetches what the source finds, checks it on context.threads threads, and adds to the set what is good.
// Every attempt becomes a row of the manifest, and failures are also logged; none of them stops the run. What
// the set has from an earlier run is not fetched again, what failed then is tried again.
//
// A stop request ends the run within a second or two: what is under way is given up without a row, and
// everything else is as if the run had ended there. Throws Error{kIo} when the set cannot be written; what
// has been written stays usable. The client is stopped in both cases.
[[nodiscard]] Summary collect(CandidateSource& source, ImageSetWriter& set, net::HttpClient& client,
                              const CollectOptions& options, const Context& context);

}  // namespace winnow::scraping
