#pragma once

#include "winnow/scraping/provider.hpp"

namespace winnow::scraping {

// Google Images, read by SerpApi. Every page is paid for, and whose the pictures are nobody says.
// https://serpapi.com/google-images-api
class SerpApi : public Provider {
 public:
  using Provider::Provider;

  [[nodiscard]] std::string_view name() const override { return "serpapi"; }
  [[nodiscard]] RequestLimit limit() const override { return {}; }
  [[nodiscard]] Result<ApiRequest> request(std::string_view words, std::string_view page) const override;
  [[nodiscard]] Result<SearchPage> read(const net::HttpResponse& answer,
                                        std::string_view page) const override;
};

}  // namespace winnow::scraping
