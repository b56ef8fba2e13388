#pragma once

#include <memory>

#include "scrape/options.hpp"
#include "winnow/scraping/candidate.hpp"

namespace winnow::tools {

// The one source that the options name, of which a shard is taken if they say so. check() has passed. Throws
// as the sources do, for example for mistakes in a list.
[[nodiscard]] std::unique_ptr<scraping::CandidateSource> make_source(const ScrapeOptions& options,
                                                                     net::HttpClient& client);

}  // namespace winnow::tools
