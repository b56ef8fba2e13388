#pragma once

#include "winnow/scraping/provider.hpp"

namespace winnow::scraping {

// Wikimedia Commons, through the Action API of MediaWiki: a search whose answer brings files and licences at
// once. Pictures are asked for at a width of 960, one of the few that Wikimedia's servers make: kinder to
// them than originals of 20 MB, and enough for a classifier. https://www.mediawiki.org/wiki/API:Imageinfo
class Commons : public Provider {
 public:
  using Provider::Provider;

  [[nodiscard]] std::string_view name() const override { return "commons"; }
  // For those who say who they are.
  [[nodiscard]] RequestLimit limit() const override { return {200, std::chrono::minutes(1)}; }
  [[nodiscard]] Result<ApiRequest> request(std::string_view words, std::string_view page) const override;
  [[nodiscard]] Result<SearchPage> read(const net::HttpResponse& answer,
                                        std::string_view page) const override;
};

}  // namespace winnow::scraping
