#pragma once

#include "winnow/scraping/provider.hpp"

namespace winnow::scraping {

// Openverse: openly licensed pictures of many collections, without a key. A query brings at most 240, and the
// terms forbid going around that. https://api.openverse.org/v1/
class Openverse : public Provider {
 public:
  using Provider::Provider;

  [[nodiscard]] std::string_view name() const override { return "openverse"; }
  // What the production server grants those without a key; its answers say when it is less.
  [[nodiscard]] RequestLimit limit() const override { return {20, std::chrono::minutes(1)}; }
  [[nodiscard]] Result<ApiRequest> request(std::string_view words, std::string_view page) const override;
  [[nodiscard]] Result<SearchPage> read(const net::HttpResponse& answer,
                                        std::string_view page) const override;
};

}  // namespace winnow::scraping
