#include "scrape/sources.hpp"

#include "scrape/search.hpp"
#include "winnow/scraping/disk_source.hpp"
#include "winnow/scraping/shard_filter.hpp"
#include "winnow/scraping/url_list.hpp"

namespace winnow::tools {

std::unique_ptr<scraping::CandidateSource> make_source(const ScrapeOptions& options,
                                                       net::HttpClient& client) {
  const std::string label = options.labels.empty() ? "" : options.labels.front();
  if (!options.urls.empty()) {
    auto list = std::make_unique<scraping::UrlList>(options.urls, label);
    const auto shard = scraping::parse_shard(options.shard);
    if (!shard) return list;
    return std::make_unique<scraping::ShardFilter>(std::move(list), *shard);
  }
  if (!options.from.empty()) return std::make_unique<scraping::DiskSource>(options.from, label);
  if (is_search(options)) {
    return std::make_unique<scraping::SearchSource>(client, search_providers(options),
                                                    search_queries(options), search_options(options));
  }
  return std::make_unique<scraping::PageSource>(client, page_seeds(options), page_options(options));
}

}  // namespace winnow::tools
