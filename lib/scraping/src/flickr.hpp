#pragma once

#include "winnow/scraping/provider.hpp"

namespace winnow::scraping {

// Flickr. Errors come with status 200. A query brings at most 4,000 photos; pages beyond repeat them.
// https://www.flickr.com/services/api/flickr.photos.search.html
class Flickr : public Provider {
 public:
  using Provider::Provider;

  [[nodiscard]] std::string_view name() const override { return "flickr"; }
  // 3,600 an hour for a key, all its users together.
  [[nodiscard]] RequestLimit limit() const override { return {3600, std::chrono::hours(1)}; }
  [[nodiscard]] Result<ApiRequest> request(std::string_view words, std::string_view page) const override;
  [[nodiscard]] Result<SearchPage> read(const net::HttpResponse& answer,
                                        std::string_view page) const override;
};

}  // namespace winnow::scraping
