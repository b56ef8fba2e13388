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

struct Upload {
  std::vector<Picture> pictures;
  bool is_list = false;         // is answered with a list, even where it holds one
  std::vector<Bytes> unpacked;  // what pictures of a JSON body lie in
};

// Before the body is there: whether it will be something that can hold pictures. 415 otherwise.
[[nodiscard]] std::optional<httpd::Problem> check_upload_type(const httpd::Request& request);

// The pictures of a request: its whole body, the files of its multipart form, or base64 in JSON: {"image":
// ...} or {"images": [...]}. At least one, at most max_pictures; the request must outlive them.
[[nodiscard]] std::variant<Upload, httpd::Problem> find_pictures(const httpd::Request& request,
                                                                 std::size_t max_pictures);

// A text field of its multipart form.
[[nodiscard]] std::optional<std::string> find_field(const httpd::Request& request, std::string_view name);

}  // namespace winnow::serving
