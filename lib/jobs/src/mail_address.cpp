#include "winnow/jobs/mail_address.hpp"

#include <algorithm>

#include "winnow/core/text.hpp"

namespace winnow::jobs {
namespace {

constexpr std::size_t kMostCharacters = 254;  // RFC 5321, 4.5.3.1.3: a path of 256 with its brackets
constexpr std::size_t kMostBeforeAt = 64;
constexpr std::size_t kMostInLabel = 63;
constexpr std::string_view kLettersAndDigits =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

bool consists_of(std::string_view text, std::string_view more) {
  return std::ranges::all_of(text, [&](char c) {
    return kLettersAndDigits.find(c) != std::string_view::npos || more.find(c) != std::string_view::npos;
  });
}

bool is_name(std::string_view name) {  // RFC 5322, dot-atom
  if (name.size() > kMostBeforeAt) return false;
  return std::ranges::all_of(split(name, '.'), [](std::string_view atom) {
    return !atom.empty() && consists_of(atom, "!#$%&'*+-/=?^_`{|}~");
  });
}

bool is_domain(std::string_view domain) {
  const auto labels = split(domain, '.');
  const bool all_good = std::ranges::all_of(labels, [](std::string_view label) {
    return !label.empty() && label.size() <= kMostInLabel && consists_of(label, "-") &&
           label.front() != '-' && label.back() != '-';
  });
  // A last label of digits would be the end of an address of the Internet Protocol.
  return all_good && labels.size() >= 2 &&
         labels.back().find_first_not_of("0123456789") != std::string_view::npos;
}

}  // namespace

std::optional<std::string> mail_address(std::string_view text) {
  text = trim(text);
  const std::size_t at = text.find('@');
  if (text.size() > kMostCharacters || at == std::string_view::npos) return std::nullopt;
  const std::string_view name = text.substr(0, at);
  const std::string_view domain = text.substr(at + 1);
  if (!is_name(name) || !is_domain(domain)) return std::nullopt;
  return std::string(name) + "@" + to_lower(domain);
}

}  // namespace winnow::jobs
