#pragma once

#include <fmt/format.h>

#include <memory>
#include <string>

#include "api_address.hpp"
#include "api_answer.hpp"
#include "winnow/scraping/provider.hpp"

namespace winnow::scraping {

// A provider whose answers are {"hits":["http://..."],"next":"2","wait_ms":5,"error":"code"}.
class PlainProvider : public Provider {
 public:
  PlainProvider(std::string name, std::string address, RequestLimit limit = {}, std::string key = "")
      : Provider({.address = std::move(address), .key = std::move(key)}),
        name_(std::move(name)),
        limit_(limit) {}

  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] RequestLimit limit() const override { return limit_; }
  [[nodiscard]] Result<ApiRequest> request(std::string_view words, std::string_view page) const override {
    ApiAddress address(address_or("http://127.0.0.1:1/"));
    address.add("q", words).add("page", page);
    if (!settings().key.empty())
      address.add_secret("key", settings().key).add_header("X-Key", settings().key);
    return address.request();
  }
  [[nodiscard]] Result<SearchPage> read(const net::HttpResponse& answer,
                                        std::string_view /*page*/) const override {
    const Result<Json> json = read_api_object(answer);
    if (!json) return json.failure();
    if (const std::string code = text_at(*json, "error"); !code.empty()) {
      return Failure{code, "says no to " + settings().key};
    }
    SearchPage page;
    if (const auto wait = number_at(*json, "wait_ms")) page.ask_again = std::chrono::milliseconds(*wait);
    if (const Json* hits = array_at(*json, "hits")) {
      for (const Json& hit : *hits) page.hits.push_back({{.url = hit.get<std::string>(), .source = name_}});
    }
    page.next = text_at(*json, "next");
    return page;
  }
  [[nodiscard]] bool ends_with(int status, std::string_view /*page*/) const override { return status == 410; }

 private:
  const std::string name_;
  const RequestLimit limit_;
};

}  // namespace winnow::scraping
