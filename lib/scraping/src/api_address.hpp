#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "winnow/scraping/provider.hpp"

namespace winnow::scraping {

// Everything but letters, digits and "-._~" as %XX (RFC 3986 section 2.3).
[[nodiscard]] std::string percent_encode(std::string_view text);

// Builds the address of a request to an API, and beside it one that can be shown to people.
class ApiAddress {
 public:
  explicit ApiAddress(std::string base) : address_(std::move(base)), shown_(address_) {}

  ApiAddress& add(std::string_view name, std::string_view value);
  ApiAddress& add_secret(std::string_view name, std::string_view value);  // not shown
  ApiAddress& add_header(std::string_view name, std::string_view value);  // not shown

  // Failure code: "bad_url".
  [[nodiscard]] Result<ApiRequest> request() const;

 private:
  std::string address_;
  std::string shown_;
  std::vector<std::string> headers_;
};

}  // namespace winnow::scraping
