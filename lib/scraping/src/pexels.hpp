#pragma once

#include "winnow/scraping/provider.hpp"

namespace winnow::scraping {

// Pexels. https://www.pexels.com/api/documentation/
class Pexels : public Provider {
 public:
  using Provider::Provider;

  [[nodiscard]] std::string_view name() const override { return "pexels"; }
  [[nodiscard]] RequestLimit limit() const override { return {200, std::chrono::hours(1)}; }
  [[nodiscard]] Result<ApiRequest> request(std::string_view words, std::string_view page) const override;
  [[nodiscard]] Result<SearchPage> read(const net::HttpResponse& answer,
                                        std::string_view page) const override;
};

}  // namespace winnow::scraping
