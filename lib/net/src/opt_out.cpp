#include "winnow/net/opt_out.hpp"

#include <algorithm>
#include <array>

#include "winnow/core/text.hpp"

namespace winnow::net {
namespace {

bool is_refusal(std::string_view directive) {
  constexpr std::array<std::string_view, 6> kRefusals = {"noai",         "noimageai", "noindex",
                                                         "noimageindex", "noml",      "none"};
  return std::find(kRefusals.begin(), kRefusals.end(), directive) != kRefusals.end();
}

// Directives that have a colon of their own: what stands before it is no crawler's name.
bool takes_value(std::string_view name) {
  constexpr std::array<std::string_view, 4> kNames = {"max-snippet", "max-image-preview", "max-video-preview",
                                                      "unavailable_after"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

}  // namespace

std::string opt_out_directive(std::string_view list, std::string_view token) {
  bool for_us = true;
  for (std::string_view part : split(list, ',')) {
    const std::size_t colon = part.find(':');
    if (colon != std::string_view::npos) {
      const std::string name = to_lower(trim(part.substr(0, colon)));
      if (takes_value(name)) continue;
      for_us = name == "*" || name == to_lower(token);
      part.remove_prefix(colon + 1);
    }
    std::string directive = to_lower(trim(part));
    if (for_us && is_refusal(directive)) return directive;
  }
  return {};
}

bool forbids_training(std::string_view content_usage) {
  for (const std::string_view part : split(content_usage, ',')) {
    const std::string preference = to_lower(trim(part.substr(0, part.find(';'))));
    if (preference == "train-ai=n") return true;
  }
  return false;
}

std::string opt_out(const std::vector<HttpResponse::Header>& headers, std::string_view token) {
  for (const HttpResponse::Header& header : headers) {
    if (header.name == "x-robots-tag") {
      const std::string directive = opt_out_directive(header.value, token);
      if (!directive.empty()) return "X-Robots-Tag: " + directive;
    } else if (header.name == "content-usage" && forbids_training(header.value)) {
      return "Content-Usage: train-ai=n";
    } else if (header.name == "tdm-reservation" && trim(header.value) == "1") {
      return "tdm-reservation: 1";
    }
  }
  return {};
}

}  // namespace winnow::net
