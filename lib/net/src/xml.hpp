#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "winnow/core/error.hpp"

namespace winnow::net {

// An element of XML 1.0 as storage services write it: text or children; attributes are read over.
struct XmlElement {
  std::string name;  // as written, prefix included
  std::string text;  // of the element itself, entities resolved
  std::vector<XmlElement> children;

  // The first child of that name, or none.
  [[nodiscard]] const XmlElement* child(std::string_view wanted) const;
  // The text of the first child of that name, or "".
  [[nodiscard]] std::string_view value(std::string_view wanted) const;
};

// The root of a whole document. Code "bad_xml" for anything that is cut off or not well formed, and for what
// such answers never hold: document types, other entities than XML's own five and numbers, comments, CDATA,
// more than 16 levels or 20,000 elements. Thread-safe.
[[nodiscard]] Result<XmlElement> parse_xml(std::string_view text);

// Text as it may stand in an element.
[[nodiscard]] std::string escape_xml(std::string_view text);

}  // namespace winnow::net
