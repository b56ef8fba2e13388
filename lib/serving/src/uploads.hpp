#pragma once

#include <string>
#include <variant>
#include <vector>

#include "winnow/core/bytes.hpp"
#include "winnow/httpd/message.hpp"

namespace winnow::serving {

struct Picture {
  std::string name;  // as the client calls the file; may be empty
  ByteSpan bytes;    // lie in the request's body
};

// Before the body is there: whether it will be something that can hold pictures. 415 otherwise.
[[nodiscard]] std::optional<httpd::Problem> check_upload_type(const httpd::Request& request);

// The pictures of a request: its whole body, or the files of its multipart form. At least one, at most
// max_pictures; the request must outlive them.
[[nodiscard]] std::variant<std::vector<Picture>, httpd::Problem> find_pictures(const httpd::Request& request,
                                                                               std::size_t max_pictures);

}  // namespace winnow::serving
