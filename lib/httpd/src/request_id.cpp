#include "request_id.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "syntax.hpp"

namespace winnow::httpd {
namespace {

constexpr std::size_t kLongestId = 128;

bool is_lower_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

bool is_zero(std::string_view text) {
  return text.find_first_not_of('0') == std::string_view::npos;
}

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= kLongestId && std::all_of(text.begin(), text.end(), [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("-_.:/").find(c) != std::string_view::npos;
  });
}

}  // namespace

std::string choose_request_id(const Headers& headers) {
  if (const auto given = headers.find("X-Request-Id"); given && is_id(*given)) return std::string(*given);
  static thread_local std::mt19937_64 random{std::random_device{}()};
  return fmt::format("{:016x}{:016x}", random(), random());
}

std::optional<std::string> parse_trace_id(std::string_view traceparent) {
  constexpr std::size_t kSize = 55;  // 00-(32)-(16)-(2)
  if (traceparent.size() < kSize) return std::nullopt;
  const std::string_view version = traceparent.substr(0, 2);
  const std::string_view trace = traceparent.substr(3, 32);
  const std::string_view parent = traceparent.substr(36, 16);
  const std::string_view flags = traceparent.substr(53, 2);
  const bool dashes = traceparent[2] == '-' && traceparent[35] == '-' && traceparent[52] == '-';
  // A later version may say more behind a dash.
  const bool ends = traceparent.size() == kSize || (version != "00" && traceparent[kSize] == '-');
  if (!dashes || !ends || version == "ff" || !is_lower_hex(version) || !is_lower_hex(trace) ||
      !is_lower_hex(parent) || !is_lower_hex(flags) || is_zero(trace) || is_zero(parent)) {
    return std::nullopt;
  }
  return std::string(trace);
}

}  // namespace winnow::httpd
