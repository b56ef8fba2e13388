#pragma once

#include <CLI/App.hpp>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "winnow/net/http_client.hpp"
#include "winnow/scraping/collector.hpp"
#include "winnow/scraping/page_source.hpp"
#include "winnow/scraping/search_source.hpp"

namespace winnow::tools {

struct ScrapeOptions {
  static constexpr const char* kName = "winnow-scrape";
  static constexpr const char* kSummary =
      "Gathers labelled photos from searches, pages and URL lists into a folder, checked, without "
      "duplicates,\n"
      "and with a record of where each came from.";
  static constexpr const char* kExample =
      "Examples:\n"
      "  winnow-scrape -o food --label lasagna --label sushi --count 200 --contact me@example.org\n"
      "  winnow-scrape -o pets --label cat --page https://example.org/cats --label dog --page "
      "https://example.org/dogs\n"
      "  winnow-scrape -o pets --urls pets.csv --count 500\n"
      "  winnow-scrape -o pets --urls pets.csv --count 500 --resume";

  std::filesystem::path output;
  std::vector<std::string> labels;
  std::vector<std::string> pages;
  std::filesystem::path urls;
  std::filesystem::path from;
  std::vector<std::string> queries;
  std::vector<std::string> sources = {"commons", "openverse"};
  std::string licence;  // the name of a policy, or nothing
  std::string permission_note;
  std::map<std::string, std::string> keys;  // by the names of the sources
  std::map<std::string, std::string>
      api_addresses;  // of servers that stand in for the sources; not an option
  scraping::SearchOptions search;
  bool find_only = false;
  std::string shard;  // "2/8", or nothing
  bool resume = false;
  bool verify = false;
  std::filesystem::path remove_list;
  std::filesystem::path shards;
  std::vector<std::filesystem::path> merge;
  bool no_politeness = false;
  bool no_dedupe = false;
  bool allow_private = false;
  std::string contact;
  scraping::CollectOptions collect;
  scraping::PageOptions page;
  net::HttpClientOptions client;
};

void add_options(CLI::App& app, ScrapeOptions& options);

// What no single option shows: pages and labels that do not pair up, a list and pages at once, and what
// check_search() looks at. Throws Error{kUsage}.
void check(const ScrapeOptions& options);

// The libraries' options, with the flags that stand for something else in them applied.
[[nodiscard]] net::HttpClientOptions client_options(const ScrapeOptions& options);
[[nodiscard]] scraping::CollectOptions collect_options(const ScrapeOptions& options);
[[nodiscard]] scraping::PageOptions page_options(const ScrapeOptions& options);

// The pages with their labels. check() has passed. Throws Error{kUsage} for what is not a URL or a label.
[[nodiscard]] std::vector<scraping::PageSeed> page_seeds(const ScrapeOptions& options);

}  // namespace winnow::tools
