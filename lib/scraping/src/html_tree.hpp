#pragma once

#include <gumbo.h>

#include <functional>
#include <memory>
#include <string_view>

#include "winnow/core/bytes.hpp"
#include "winnow/scraping/html_page.hpp"

namespace winnow::scraping {

// A parsed page. Its memory is one arena with a limit, freed as a whole: gumbo would free a tree by
// recursion, and pages nested a million deep exist.
class HtmlTree {
 public:
  HtmlTree(ByteSpan html, const PageLimits& limits);
  ~HtmlTree();
  HtmlTree(const HtmlTree&) = delete;
  HtmlTree& operator=(const HtmlTree&) = delete;

  // False if the limits were reached; there is no tree then.
  [[nodiscard]] bool complete() const { return root_ != nullptr; }

  struct Visitor {
    std::function<void(const GumboElement&)> enter;
    std::function<void(const GumboElement&)> leave;
  };
  // Every element in the order of the page; what is inside a <template> is not part of the page.
  void walk(const Visitor& visitor) const;

 private:
  struct Arena;
  const Bytes text_;  // attribute values point into it
  std::unique_ptr<Arena> arena_;
  const GumboNode* root_ = nullptr;
};

// The value of an attribute, or "".
[[nodiscard]] std::string_view attribute(const GumboElement& element, const char* name);

}  // namespace winnow::scraping
