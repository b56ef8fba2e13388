// Input: the value of a header field.
#include "winnow/httpd/media_type.hpp"

#include <algorithm>

#include "fuzz_target.hpp"
#include "syntax.hpp"
#include "winnow/core/text.hpp"

using namespace winnow;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto parsed = httpd::parse_parameterised(fuzz::as_input(data, size));
  if (!parsed) return 0;
  fuzz::require(parsed->value == to_lower(parsed->value), "the value is in lower case");
  for (const httpd::Parameter& parameter : parsed->parameters) {
    fuzz::require(httpd::is_token(parameter.name), "names are tokens");
    fuzz::require(parsed->find(parameter.name) == parameter.value, "no name is there twice");
  }
  return 0;
}
