#include "xml.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace winnow::net {
namespace {

constexpr unsigned kMaxDepth = 16;
constexpr std::size_t kMaxElements = 20'000;
constexpr std::string_view kBlanks = " \t\r\n";

struct Malformed {
  std::string what;
};

bool is_name_character(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
         byte == '_' || byte == '-' || byte == '.' || byte == ':' || byte >= 0x80;
}

bool may_stand_in_xml(std::uint32_t code) {
  return code == '\t' || code == '\n' || code == '\r' || (code >= 0x20 && code < 0xd800) ||
         (code >= 0xe000 && code < 0xfffe) || (code >= 0x10000 && code <= 0x10ffff);
}

void append_utf8(std::string& text, std::uint32_t code) {
  const auto add = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  if (code < 0x80) {
    add(code);
  } else if (code < 0x800) {
    add(0xc0 | code >> 6), add(0x80 | (code & 63));
  } else if (code < 0x10000) {
    add(0xe0 | code >> 12), add(0x80 | (code >> 6 & 63)), add(0x80 | (code & 63));
  } else {
    add(0xf0 | code >> 18), add(0x80 | (code >> 12 & 63)), add(0x80 | (code >> 6 & 63)),
        add(0x80 | (code & 63));
  }
}

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  XmlElement document() {
    if (rest_.starts_with("\xef\xbb\xbf")) rest_.remove_prefix(3);
    skip_blanks();
    if (rest_.starts_with("<?xml")) {
      const std::size_t end = rest_.find("?>");
      if (end == std::string_view::npos) throw Malformed{"is cut off"};
      rest_.remove_prefix(end + 2);
      skip_blanks();
    }
    XmlElement root = element(1);
    skip_blanks();
    if (!rest_.empty()) throw Malformed{"goes on behind its end"};
    return root;
  }

 private:
  void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(kBlanks), rest_.size())); }

  bool take(std::string_view token) {
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }
  void expect(std::string_view token) {
    if (!take(token))
      throw Malformed{rest_.empty() ? "is cut off" : "lacks a \"" + std::string(token) + "\""};
  }

  std::string name() {
    std::size_t size = 0;
    while (size < rest_.size() && is_name_character(rest_[size])) ++size;
    if (size == 0) throw Malformed{rest_.empty() ? "is cut off" : "has a tag without a name"};
    std::string found(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return found;
  }

  void skip_attributes() {
    for (skip_blanks(); !rest_.empty() && is_name_character(rest_.front()); skip_blanks()) {
      (void)name();
      skip_blanks();
      expect("=");
      skip_blanks();
      const std::string quote = rest_.starts_with('\'') ? "'" : "\"";
      expect(quote);
      const std::size_t end = rest_.find(quote);
      if (end == std::string_view::npos) throw Malformed{"is cut off"};
      rest_.remove_prefix(end + 1);
    }
  }

  XmlElement element(unsigned depth) {
    if (depth > kMaxDepth || ++elements_ > kMaxElements) throw Malformed{"has more elements than an answer"};
    expect("<");
    XmlElement found{name(), {}, {}};
    skip_attributes();
    if (take("/>")) return found;
    expect(">");
    while (!take("</")) {
      if (rest_.starts_with('<')) {
        found.children.push_back(element(depth + 1));
      } else {
        read_text(found.text);
      }
    }
    if (name() != found.name) throw Malformed{"closes another element than it opened"};
    skip_blanks();
    expect(">");
    return found;
  }

  void read_text(std::string& text) {
    if (rest_.empty()) throw Malformed{"is cut off"};
    if (take("&")) return read_entity(text);
    const std::size_t size = std::min(rest_.find_first_of("<&"), rest_.size());
    for (const char c : rest_.substr(0, size)) {
      if (!may_stand_in_xml(static_cast<unsigned char>(c))) throw Malformed{"has a control character"};
    }
    text += rest_.substr(0, size);
    rest_.remove_prefix(size);
  }

  void read_entity(std::string& text) {
    const std::size_t end = rest_.substr(0, 12).find(';');
    if (end == std::string_view::npos) throw Malformed{"has an entity without an end"};
    const std::string_view entity = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    if (entity == "amp") {
      text += '&';
    } else if (entity == "lt") {
      text += '<';
    } else if (entity == "gt") {
      text += '>';
    } else if (entity == "quot") {
      text += '"';
    } else if (entity == "apos") {
      text += '\'';
    } else {
      const bool hex = entity.starts_with("#x");
      const std::string_view digits = entity.substr(std::min<std::size_t>(hex ? 2 : 1, entity.size()));
      std::uint32_t code = 0;
      const auto [stop, error] =
          std::from_chars(digits.data(), digits.data() + digits.size(), code, hex ? 16 : 10);
      if (!entity.starts_with('#') || error != std::errc() || stop != digits.data() + digits.size() ||
          !may_stand_in_xml(code)) {
        throw Malformed{"has an unknown entity"};
      }
      append_utf8(text, code);
    }
  }

  std::string_view rest_;
  std::size_t elements_ = 0;
};

}  // namespace

const XmlElement* XmlElement::child(std::string_view wanted) const {
  for (const XmlElement& one : children) {
    if (one.name == wanted) return &one;
  }
  return nullptr;
}

std::string_view XmlElement::value(std::string_view wanted) const {
  const XmlElement* found = child(wanted);
  return found != nullptr ? std::string_view(found->text) : std::string_view();
}

Result<XmlElement> parse_xml(std::string_view text) {
  try {
    return Reader(text).document();
  } catch (const Malformed& malformed) {
    return Failure{"bad_xml", malformed.what};
  }
}

std::string escape_xml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

}  // namespace winnow::net
