#include "html_text.hpp"

#include <gumbo.h>

#include <vector>

#include "winnow/core/text.hpp"

namespace winnow::scraping {
namespace {

// Short enough that gumbo, which frees its tree by recursion, cannot be led deep.
constexpr std::size_t kMaxHtml = 4096;

void append(std::string& text, std::string_view more) {
  for (const char c : more) {
    const bool is_space = static_cast<unsigned char>(c) <= ' ';
    if (!is_space) {
      text += c;
    } else if (!text.empty() && text.back() != ' ') {
      text += ' ';
    }
  }
}

bool is_hidden(const GumboNode& node) {
  return node.v.element.tag == GUMBO_TAG_SCRIPT || node.v.element.tag == GUMBO_TAG_STYLE;
}

}  // namespace

std::string html_text(std::string_view html) {
  if (html.find_first_of("<&") == std::string_view::npos) {
    std::string text;
    append(text, html.substr(0, kMaxHtml));
    return printable(trim(text), kMaxHtml);
  }
  html = html.substr(0, kMaxHtml);
  GumboOutput* const output = gumbo_parse_with_options(&kGumboDefaultOptions, html.data(), html.size());
  std::string text;
  std::vector<const GumboNode*> waiting = {output->root};
  while (!waiting.empty()) {
    const GumboNode& node = *waiting.back();
    waiting.pop_back();
    if (node.type == GUMBO_NODE_TEXT || node.type == GUMBO_NODE_WHITESPACE) append(text, node.v.text.text);
    if (node.type != GUMBO_NODE_ELEMENT || is_hidden(node)) continue;
    const GumboVector& children = node.v.element.children;
    for (unsigned i = children.length; i > 0; --i) {
      waiting.push_back(static_cast<const GumboNode*>(children.data[i - 1]));
    }
  }
  gumbo_destroy_output(&kGumboDefaultOptions, output);
  return printable(trim(text), kMaxHtml);
}

}  // namespace winnow::scraping
