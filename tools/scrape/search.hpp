// What --query, --source and --licence come to.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "scrape/options.hpp"
#include "winnow/core/log.hpp"
#include "winnow/scraping/licence.hpp"
#include "winnow/scraping/search_source.hpp"

namespace winnow::tools {

// Whether words are searched for: with --query, and with labels alone.
[[nodiscard]] bool is_search(const ScrapeOptions& options);

// What no single option shows: queries and labels that do not pair up, sources that need a key, a permission
// or a contact. Throws Error{kUsage}.
void check_search(const ScrapeOptions& options);

// check_search() has passed.
[[nodiscard]] std::vector<scraping::SearchQuery> search_queries(const ScrapeOptions& options);
[[nodiscard]] std::vector<scraping::SearchProvider> search_providers(const ScrapeOptions& options);
[[nodiscard]] scraping::SearchOptions search_options(const ScrapeOptions& options);

// What --licence says; without it searches want what is free to use, and pages and lists all they have.
[[nodiscard]] scraping::LicencePolicy licence_policy(const ScrapeOptions& options);

// Names each label that has fewer pictures than --count. True if there is one.
bool report_shortage(std::map<std::string, std::uint64_t> counts, const ScrapeOptions& options, Logger& log);

// The environment variable that holds the key of a source: "WINNOW_SCRAPE_FLICKR_KEY".
[[nodiscard]] std::string key_variable(std::string_view source);

// The end of --help: the sources with what their terms say, and examples.
[[nodiscard]] std::string help_end();

}  // namespace winnow::tools
