#include "robots_txt.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "winnow/core/text.hpp"
#include "winnow/net/opt_out.hpp"

namespace winnow::net {
namespace {

enum class Key { kOther, kAgent, kAllow, kDisallow, kCrawlDelay, kContentUsage };

// With the misspellings that the big crawlers forgive.
Key key_of(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, Key>, 13> kKeys = {{
      {"user-agent", Key::kAgent},
      {"useragent", Key::kAgent},
      {"user agent", Key::kAgent},
      {"allow", Key::kAllow},
      {"disallow", Key::kDisallow},
      {"dissallow", Key::kDisallow},
      {"dissalow", Key::kDisallow},
      {"disalow", Key::kDisallow},
      {"diasllow", Key::kDisallow},
      {"disallaw", Key::kDisallow},
      {"crawl-delay", Key::kCrawlDelay},
      {"crawldelay", Key::kCrawlDelay},
      {"content-usage", Key::kContentUsage},
  }};
  const std::string lower = to_lower(name);
  for (const auto& [known, key] : kKeys) {
    if (known == lower) return key;
  }
  return Key::kOther;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool is_unreserved(char c) {
  return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

void append_encoded(std::string& text, char c) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  text += '%';
  text += kDigits[byte >> 4];
  text += kDigits[byte & 15];
}

// RFC 9309, 2.2.2: what is percent-encoded and what is not compare equal where both mean the same. `special`:
// characters to encode because they mean something else in a pattern.
std::string normalize(std::string_view text, std::string_view special) {
  std::string normal;
  normal.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const int high = c == '%' && i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_value(text[i + 2]) : -1;
    if (low >= 0) {
      const char decoded = static_cast<char>(high * 16 + low);
      i += 2;
      if (is_unreserved(decoded)) {
        normal += decoded;
      } else {
        append_encoded(normal, decoded);
      }
    } else if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f ||
               special.find(c) != std::string_view::npos) {
      append_encoded(normal, c);
    } else {
      normal += c;
    }
  }
  return normal;
}

// "Winnow-Scrape" of "Winnow-Scrape/1.0 (...)".
std::string_view product_token(std::string_view value) {
  const auto end = std::find_if_not(value.begin(), value.end(), [](char c) {
    return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' || c == '_';
  });
  return value.substr(0, static_cast<std::size_t>(end - value.begin()));
}

std::optional<std::chrono::milliseconds> parse_delay(std::string_view value) {
  // Words such as "inf" are numbers to from_chars.
  if (value.empty() || value.front() < '0' || value.front() > '9') return std::nullopt;
  double seconds = 0;
  const auto [end, error] =
      std::from_chars(value.data(), value.data() + value.size(), seconds, std::chars_format::fixed);
  constexpr double kDay = 86'400;
  if (error != std::errc() || end != value.data() + value.size() || seconds < 0) return std::nullopt;
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::min(seconds, kDay) * 1000));
}

}  // namespace

// What stands for everyone and what for us, side by side: which of them counts is clear only at the end.
struct RobotsTxt::Groups {
  RobotsTxt ours;
  RobotsTxt everyones;
  bool ours_exists = false;
  bool for_us = false;  // the group that we are in
  bool for_everyone = false;
  bool naming = false;  // the last line that counted was a User-agent

  void name(std::string_view value, std::string_view token) {
    if (!naming) for_us = for_everyone = false;
    naming = true;
    if (value == "*" || value.starts_with("* ")) {
      for_everyone = true;
    } else if (to_lower(product_token(value)) == to_lower(token)) {
      for_us = ours_exists = true;
    }
  }

  template <class Visit>
  void each(const Visit& visit) {
    if (for_us) visit(ours);
    if (for_everyone) visit(everyones);
  }
};

RobotsTxt::RobotsTxt(std::string_view text, std::string_view token) {
  text = text.substr(0, kMaxBytes);
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  Groups groups;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line = line.substr(0, line.find('#'));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view value = trim(line.substr(colon + 1));
    const Key key = key_of(trim(line.substr(0, colon)));
    switch (key) {
      case Key::kAgent:
        groups.name(value, token);
        break;
      case Key::kAllow:
      case Key::kDisallow:
        groups.naming = false;
        groups.each([&](RobotsTxt& group) { add_rule(group.access_, value, key == Key::kAllow); });
        break;
      case Key::kContentUsage: {
        groups.naming = false;
        const bool has_path = value.starts_with('/') || value.starts_with('*');
        const std::size_t space = has_path ? std::min(value.find_first_of(" \t"), value.size()) : 0;
        groups.each([&](RobotsTxt& group) {
          add_rule(group.usage_, has_path ? value.substr(0, space) : "/",
                   forbids_training(value.substr(space)));
        });
        break;
      }
      case Key::kCrawlDelay:  // like all that is not in the RFC, it does not end the names of a group
        if (const auto delay = parse_delay(value)) {
          groups.each([&](RobotsTxt& group) { group.crawl_delay_ = delay; });
        }
        break;
      case Key::kOther:
        break;
    }
  }
  *this = std::move(groups.ours_exists ? groups.ours : groups.everyones);
  sort(access_);
  sort(usage_);
}

void RobotsTxt::add_rule(std::vector<Rule>& rules, std::string_view value, bool yes) {
  if (value.empty()) return;  // "Disallow:" says nothing
  const bool to_the_end = value.ends_with('$');
  if (to_the_end) value.remove_suffix(1);
  rules.push_back({normalize(value, "$"), to_the_end, yes});
}

void RobotsTxt::sort(std::vector<Rule>& rules) {
  std::stable_sort(rules.begin(), rules.end(), [](const Rule& a, const Rule& b) {
    const std::size_t length_a = a.pattern.size() + (a.to_the_end ? 1 : 0);
    const std::size_t length_b = b.pattern.size() + (b.to_the_end ? 1 : 0);
    return length_a != length_b ? length_a > length_b : a.yes && !b.yes;
  });
}

// Each piece between two stars is taken where it first comes: if that leaves no place for those after it, no
// later one does. So a pattern made of stars costs no more than one pass over the path.
bool RobotsTxt::matches(const Rule& rule, std::string_view path) {
  std::string_view pattern = rule.pattern;
  std::size_t star = std::min(pattern.find('*'), pattern.size());
  if (!path.starts_with(pattern.substr(0, star))) return false;
  std::size_t place = star;
  if (star == pattern.size()) return !rule.to_the_end || place == path.size();
  while (true) {
    pattern.remove_prefix(star + 1);
    star = std::min(pattern.find('*'), pattern.size());
    const std::string_view piece = pattern.substr(0, star);
    if (star == pattern.size() && rule.to_the_end) {
      return path.size() >= place + piece.size() && path.ends_with(piece);
    }
    const std::size_t found = path.find(piece, place);
    if (found == std::string_view::npos) return false;
    if (star == pattern.size()) return true;
    place = found + piece.size();
  }
}

const RobotsTxt::Rule* RobotsTxt::first_match(const std::vector<Rule>& rules, std::string_view path) {
  if (rules.empty()) return nullptr;
  const std::string normal = normalize(path, "*$");
  const auto found =
      std::find_if(rules.begin(), rules.end(), [&](const Rule& rule) { return matches(rule, normal); });
  return found == rules.end() ? nullptr : &*found;
}

bool RobotsTxt::allows(std::string_view path) const {
  if (path == "/robots.txt") return true;
  const Rule* const rule = first_match(access_, path);
  return rule == nullptr || rule->yes;
}

bool RobotsTxt::reserves_training(std::string_view path) const {
  const Rule* const rule = first_match(usage_, path);
  return rule != nullptr && rule->yes;
}

std::size_t RobotsTxt::bytes() const {
  std::size_t sum = sizeof *this;
  for (const std::vector<Rule>* rules : {&access_, &usage_}) {
    for (const Rule& rule : *rules) sum += sizeof rule + rule.pattern.size();
  }
  return sum;
}

}  // namespace winnow::net
