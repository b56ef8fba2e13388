#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace winnow::httpd {

struct Parameter {
  std::string name;  // lower case
  std::string value;
};

// A word and its parameters: "multipart/form-data; boundary=x", "form-data; name=\"file\"". RFC 9110 5.6.6.
struct ParameterisedValue {
  std::string value;  // lower case
  std::vector<Parameter> parameters;

  // The first of that name (lower case).
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
};

// Nothing if the text is not of that form or names a parameter twice. In a quoted string a backslash escapes
// quotes and backslashes only: in file names from Windows it stands for itself.
[[nodiscard]] std::optional<ParameterisedValue> parse_parameterised(std::string_view text);

}  // namespace winnow::httpd
