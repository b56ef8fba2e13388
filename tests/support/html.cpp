#include "support/html.hpp"

#include <fmt/format.h>

#include <cctype>
#include <set>
#include <vector>

namespace winnow::test {
namespace {

bool is_void(const std::string& name) {
  static const std::set<std::string> kNames = {"meta", "img", "br", "hr", "link", "input"};
  return kNames.contains(name);
}

bool is_name(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == ':';
}

std::string read_name(std::string_view text, std::size_t& at) {
  const std::size_t start = at;
  while (at < text.size() && is_name(text[at])) ++at;
  return std::string(text.substr(start, at - start));
}

// Moves past attributes of the form name or name="value" up to the closing '>'; false if they are not so.
bool skip_attributes(std::string_view text, std::size_t& at, bool& closes_itself) {
  while (at < text.size()) {
    if (text[at] == '>') {
      ++at;
      return true;
    }
    if (text[at] == '/' && at + 1 < text.size() && text[at + 1] == '>') {
      closes_itself = true;
      at += 2;
      return true;
    }
    if (text[at] != ' ' && text[at] != '\n') return false;
    ++at;
    read_name(text, at);
    if (at + 1 < text.size() && text[at] == '=') {
      if (text[at + 1] != '"') return false;
      const std::size_t end = text.find('"', at + 2);
      if (end == std::string_view::npos) return false;
      if (text.substr(at + 2, end - at - 2).find('<') != std::string_view::npos) return false;
      at = end + 1;
    }
  }
  return false;
}

bool starts_entity(std::string_view text) {
  for (const std::string_view entity : {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"}) {
    if (text.starts_with(entity)) return true;
  }
  return false;
}

std::string around(std::string_view text, std::size_t at) {
  return fmt::format("\"{}\"", text.substr(at < 20 ? 0 : at - 20, 60));
}

// The page without what its scripts say: there '<' and '&' mean something else.
std::string without_scripts(std::string_view html) {
  constexpr std::string_view kStart = "<script>";
  constexpr std::string_view kEnd = "</script>";
  std::string rest;
  for (std::size_t at = 0; at < html.size();) {
    const std::size_t start = html.find(kStart, at);
    const std::size_t end = start == std::string_view::npos ? start : html.find(kEnd, start);
    if (end == std::string_view::npos) return rest.append(html.substr(at));
    rest.append(html.substr(at, start - at));
    at = end + kEnd.size();
  }
  return rest;
}

}  // namespace

std::string find_markup_fault(std::string_view page) {
  const std::string without = without_scripts(page);
  const std::string_view html = without;
  for (std::size_t at = html.find('&'); at != std::string_view::npos; at = html.find('&', at + 1)) {
    if (!starts_entity(html.substr(at))) return "bare & at " + around(html, at);
  }
  std::vector<std::string> open;
  for (std::size_t at = html.find('<'); at != std::string_view::npos; at = html.find('<', at)) {
    const std::size_t start = at++;
    if (html.substr(start).starts_with("<!doctype html>")) continue;
    const bool closing = at < html.size() && html[at] == '/';
    if (closing) ++at;
    const std::string name = read_name(html, at);
    bool closes_itself = false;
    if (name.empty() || !skip_attributes(html, at, closes_itself)) return "bad tag at " + around(html, start);
    if (closing) {
      if (open.empty() || open.back() != name)
        return fmt::format("</{}> closes nothing at {}", name, around(html, start));
      open.pop_back();
    } else if (!closes_itself && !is_void(name)) {
      open.push_back(name);
    }
  }
  return open.empty() ? "" : fmt::format("<{}> is never closed", open.back());
}

std::string find_outside_reference(std::string_view html) {
  for (const std::string_view sign :
       {"http://", "https://", "//", "@import", "url(", "<script ", "<iframe", "<link"}) {
    // Base64 may hold two slashes.
    for (std::size_t at = html.find(sign); at != std::string_view::npos; at = html.find(sign, at + 1)) {
      const std::size_t quote = html.rfind('"', at);
      const bool in_data = quote != std::string_view::npos &&
                           html.substr(quote + 1).starts_with("data:image/") &&
                           html.find('"', quote + 1) > at;
      if (!in_data) return around(html, at);
    }
  }
  return "";
}

int count_of(std::string_view text, std::string_view part) {
  int count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size()))
    ++count;
  return count;
}

}  // namespace winnow::test
