#include "winnow/httpd/html.hpp"

#include <algorithm>
#include <stdexcept>

namespace winnow::httpd {

Html Html::escape(std::string_view text) {
  Html html;
  for (const char c : text) {
    switch (c) {
      case '&':
        html.text_ += "&amp;";
        break;
      case '<':
        html.text_ += "&lt;";
        break;
      case '>':
        html.text_ += "&gt;";
        break;
      case '"':
        html.text_ += "&quot;";
        break;
      case '\'':
        html.text_ += "&#39;";
        break;
      case '\0':
        html.text_ += "\xef\xbf\xbd";
        break;  // U+FFFD: HTML knows no NUL
      default:
        html.text_ += c;
    }
  }
  return html;
}

Html Html::fill(std::string_view markup, std::initializer_list<Slot> slots) {
  Html html;
  while (true) {
    const std::size_t open = markup.find("{{");
    html.text_ += markup.substr(0, open);
    if (open == std::string_view::npos) return html;
    const std::size_t close = markup.find("}}", open);
    const std::string_view name = markup.substr(open + 2, close - open - 2);
    const auto slot = std::ranges::find(slots, name, &Slot::name);
    if (slot == slots.end()) throw std::logic_error("no value for {{" + std::string(name) + "}}");
    const auto* raw = std::get_if<Html>(&slot->value);
    html += raw != nullptr ? *raw : escape(std::get<std::string>(slot->value));
    markup.remove_prefix(close + 2);
  }
}

Html& Html::operator+=(const Html& other) {
  text_ += other.text_;
  return *this;
}

}  // namespace winnow::httpd
