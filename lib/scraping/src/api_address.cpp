#include "api_address.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace winnow::scraping {
namespace {

void append(std::string& address, std::string_view name, std::string_view value) {
  const char separator = address.find('?') == std::string::npos ? '?' : '&';
  address += fmt::format("{}{}={}", separator, percent_encode(name), percent_encode(value));
}

}  // namespace

std::string percent_encode(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    if (plain) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

ApiAddress& ApiAddress::add(std::string_view name, std::string_view value) {
  append(address_, name, value);
  append(shown_, name, value);
  return *this;
}

ApiAddress& ApiAddress::add_secret(std::string_view name, std::string_view value) {
  append(address_, name, value);
  return *this;
}

ApiAddress& ApiAddress::add_header(std::string_view name, std::string_view value) {
  headers_.push_back(fmt::format("{}: {}", name, value));
  // A line break in a key would begin a header of its own.
  std::erase_if(headers_.back(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  return *this;
}

Result<ApiRequest> ApiAddress::request() const {
  Result<net::Url> url = net::Url::parse(address_);
  if (!url) return url.failure();
  ApiRequest request{std::move(*url), shown_};
  if (!headers_.empty()) request.headers = std::make_shared<const std::vector<std::string>>(headers_);
  return request;
}

}  // namespace winnow::scraping
