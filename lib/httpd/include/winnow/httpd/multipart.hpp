// Forms with files: multipart/form-data (RFC 7578), read strictly.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "winnow/core/bytes.hpp"
#include "winnow/core/error.hpp"

namespace winnow::httpd {

struct MultipartLimits {
  std::size_t parts = 16;
  std::size_t part_header_bytes = 8 << 10;
};

struct Part {
  std::string name;          // of the form's field
  bool is_file = false;      // a file name was given, if only an empty one
  std::string file_name;     // without folders; empty if the form's file field was left empty
  std::string content_type;  // as sent, not to be trusted; empty if not given
  ByteSpan content;          // lies in the body
};

// Takes apart a body. content_type: the value of the Content-Type header, with the boundary. The parts point
// into the body, which must outlive them. Failure codes: "not_multipart", "malformed" (also: cut short),
// "too_many_parts", "too_large" (a part's header).
[[nodiscard]] Result<std::vector<Part>> parse_multipart(std::string_view content_type, ByteSpan body,
                                                        const MultipartLimits& limits = {});

}  // namespace winnow::httpd
