#pragma once

#include <CLI/App.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "winnow/net/http_client.hpp"
#include "winnow/scraping/collector.hpp"
#include "winnow/scraping/page_source.hpp"

namespace winnow::tools {

struct ScrapeOptions {
  static constexpr const char* kName = "winnow-scrape";
  static constexpr const char* kSummary =
      "Gathers labelled photos from pages and URL lists into a folder, checked, without duplicates, and with "
      "a\n"
      "record of where each came from.";
  static constexpr const char* kExample =
      "Examples:\n"
      "  winnow-scrape -o pets --label cat --page https://example.org/cats --label dog --page "
      "https://example.org/dogs\n"
      "  winnow-scrape -o pets --urls pets.csv --count 500\n"
      "  winnow-scrape -o pets --urls pets.csv --count 500 --resume";

  std::filesystem::path output;
  std::vector<std::string> labels;
  std::vector<std::string> pages;
  std::filesystem::path urls;
  bool resume = false;
  bool verify = false;
  std::filesystem::path remove_list;
  std::filesystem::path shards;
  bool no_politeness = false;
  bool no_dedupe = false;
  bool allow_private = false;
  std::string contact;
  scraping::CollectOptions collect;
  scraping::PageOptions page;
  net::HttpClientOptions client;
};

void add_options(CLI::App& app, ScrapeOptions& options);

// What no single option shows: pages and labels that do not pair up, a list and pages at once. Throws
// Error{kUsage}.
void check(const ScrapeOptions& options);

// The libraries' options, with the flags that stand for something else in them applied.
[[nodiscard]] net::HttpClientOptions client_options(const ScrapeOptions& options);
[[nodiscard]] scraping::CollectOptions collect_options(const ScrapeOptions& options);
[[nodiscard]] scraping::PageOptions page_options(const ScrapeOptions& options);

// The pages with their labels. check() has passed. Throws Error{kUsage} for what is not a URL or a label.
[[nodiscard]] std::vector<scraping::PageSeed> page_seeds(const ScrapeOptions& options);

}  // namespace winnow::tools
