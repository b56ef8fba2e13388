#pragma once

#include "winnow/scraping/provider.hpp"

namespace winnow::scraping {

// Pixabay. A query brings at most 500. https://pixabay.com/api/docs/
class Pixabay : public Provider {
 public:
  using Provider::Provider;

  [[nodiscard]] std::string_view name() const override { return "pixabay"; }
  [[nodiscard]] RequestLimit limit() const override { return {100, std::chrono::minutes(1)}; }
  [[nodiscard]] Result<ApiRequest> request(std::string_view words, std::string_view page) const override;
  [[nodiscard]] Result<SearchPage> read(const net::HttpResponse& answer,
                                        std::string_view page) const override;
  // Status 400 is its way to say that there are no more pages.
  [[nodiscard]] bool ends_with(int status, std::string_view page) const override {
    return status == 400 && !page.empty();
  }
};

}  // namespace winnow::scraping
