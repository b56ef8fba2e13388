#include "winnow/httpd/multipart.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "syntax.hpp"
#include "winnow/httpd/media_type.hpp"

namespace winnow::httpd {
namespace {

constexpr std::size_t kMaxBoundary = 70;

Failure malformed(const std::string& what) {
  return {"malformed", "The form is not well formed: " + what + "."};
}

// RFC 2046 5.1.1
bool is_boundary(std::string_view text) {
  return !text.empty() && text.size() <= kMaxBoundary && text.back() != ' ' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return is_digit(c) || (to_lower_character(c) >= 'a' && to_lower_character(c) <= 'z') ||
                  std::string_view("'()+_,-./:=? ").find(c) != std::string_view::npos;
         });
}

Result<std::string> find_boundary(std::string_view content_type) {
  const std::optional<ParameterisedValue> type = parse_parameterised(content_type);
  if (!type || type->value != "multipart/form-data") {
    return Failure{"not_multipart", "The request is not of type multipart/form-data."};
  }
  const std::string boundary(type->find("boundary").value_or(""));
  if (!is_boundary(boundary)) return malformed("its Content-Type gives no valid boundary");
  return boundary;
}

std::string without_folders(std::string_view path) {
  const std::size_t slash = path.find_last_of("/\\");
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

// "form-data; name=\"file\"; filename=\"a.jpg\"". filename* is not for forms (RFC 7578 4.2) and passed over.
bool read_disposition(std::string_view value, Part& part) {
  const std::optional<ParameterisedValue> disposition = parse_parameterised(value);
  if (!disposition || disposition->value != "form-data") return false;
  const std::optional<std::string_view> name = disposition->find("name");
  if (!name) return false;
  part.name = *name;
  const std::optional<std::string_view> file_name = disposition->find("filename");
  part.is_file = file_name.has_value();
  part.file_name = without_folders(file_name.value_or(""));
  return true;
}

// header: lines that each end in CRLF.
Result<Part> read_part_header(std::string_view header) {
  Part part;
  bool has_disposition = false;
  bool has_type = false;
  while (!header.empty()) {
    const std::size_t end = header.find("\r\n");
    const std::string_view line = header.substr(0, end);
    header.remove_prefix(end + 2);
    const std::size_t colon = std::min(line.find(':'), line.size());
    const std::string_view name = line.substr(0, colon);
    if (colon == line.size() || !is_token(name) || !is_field_value(line)) {
      return malformed("a part has a damaged header");
    }
    const std::string_view value = trim_ows(line.substr(colon + 1));
    if (equals_ignoring_case(name, "Content-Disposition")) {
      if (has_disposition || !read_disposition(value, part)) return malformed("a part does not say its name");
      has_disposition = true;
    } else if (equals_ignoring_case(name, "Content-Type")) {
      if (has_type) return malformed("a part has two types");
      has_type = true;
      part.content_type = value;
    } else if (equals_ignoring_case(name, "Content-Transfer-Encoding")) {
      const bool plain = equals_ignoring_case(value, "binary") || equals_ignoring_case(value, "8bit") ||
                         equals_ignoring_case(value, "7bit");
      if (!plain) return malformed("a part is encoded; send its bytes as they are");
    }
  }
  if (!has_disposition) return malformed("a part does not say its name");
  return part;
}

}  // namespace

Result<std::vector<Part>> parse_multipart(std::string_view content_type, ByteSpan body,
                                          const MultipartLimits& limits) {
  const Result<std::string> boundary = find_boundary(content_type);
  if (!boundary) return boundary.failure();
  const std::string delimiter = "\r\n--" + *boundary;

  std::string_view rest = as_text(body);
  if (!rest.starts_with(std::string_view(delimiter).substr(2)))
    return malformed("it does not begin with its boundary");
  rest.remove_prefix(delimiter.size() - 2);

  std::vector<Part> parts;
  while (rest.starts_with("\r\n")) {
    if (parts.size() == limits.parts) {
      return Failure{"too_many_parts", fmt::format("The form has more than {} parts.", limits.parts)};
    }
    const std::size_t header_end = rest.substr(0, limits.part_header_bytes + 4).find("\r\n\r\n");
    if (header_end == std::string_view::npos) {
      if (rest.size() < limits.part_header_bytes + 4) return malformed("it ends within the header of a part");
      return Failure{"too_large", "The form has a part with too large a header."};
    }
    Result<Part> part = read_part_header(rest.substr(2, header_end));
    if (!part) return part.failure();
    rest.remove_prefix(header_end + 2);

    // What is left begins with the empty line; its line end may be the delimiter's, in a part without
    // content.
    const std::size_t content_end = rest.find(delimiter);
    if (content_end == std::string_view::npos) return malformed("it ends within a part");
    if (content_end > 0) part->content = as_bytes(rest.substr(2, content_end - 2));
    parts.push_back(std::move(*part));
    rest.remove_prefix(content_end + delimiter.size());
  }
  if (rest != "--" && rest != "--\r\n") return malformed("it does not end with its boundary");
  return parts;
}

}  // namespace winnow::httpd
