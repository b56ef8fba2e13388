#pragma once

#include "winnow/scraping/provider.hpp"

namespace winnow::scraping {

// Unsplash, which wants to be told of every picture that is fetched. https://unsplash.com/documentation
class Unsplash : public Provider {
 public:
  using Provider::Provider;

  [[nodiscard]] std::string_view name() const override { return "unsplash"; }
  // What a new key is granted.
  [[nodiscard]] RequestLimit limit() const override { return {50, std::chrono::hours(1)}; }
  [[nodiscard]] Result<ApiRequest> request(std::string_view words, std::string_view page) const override;
  [[nodiscard]] Result<SearchPage> read(const net::HttpResponse& answer,
                                        std::string_view page) const override;
  [[nodiscard]] Result<ApiRequest> report(std::string_view address) const override;
};

}  // namespace winnow::scraping
