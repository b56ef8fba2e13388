#include "uploads.hpp"

#include <fmt/format.h>

#include "winnow/core/text.hpp"
#include "winnow/httpd/media_type.hpp"
#include "winnow/httpd/multipart.hpp"
#include "winnow/image/format.hpp"

namespace winnow::serving {
namespace {

using httpd::Problem;

// What curl says of --data-binary when it is told nothing else.
constexpr std::string_view kCurlType = "application/x-www-form-urlencoded";
constexpr std::string_view kRawType = "application/octet-stream";
constexpr std::string_view kFormType = "multipart/form-data";

// Lower case, without parameters; octets if the client does not say.
std::string content_type(const httpd::Request& request) {
  const std::optional<std::string_view> value = request.headers.find("Content-Type");
  if (!value) return std::string(kRawType);
  const std::optional<httpd::ParameterisedValue> type = httpd::parse_parameterised(*value);
  return type ? type->value : "";
}

Problem unsupported_type() {
  return {415,
          "unsupported-media-type",
          "Send the picture itself with Content-Type image/jpeg (or whatever it is), or a "
          "multipart/form-data form "
          "with the picture as a file.",
          {{"Accept-Post", "image/*, application/octet-stream, multipart/form-data"}}};
}

Problem no_picture() {
  return {400, "no-picture", "The request holds no picture; choose one and send it again.", {}};
}

std::variant<std::vector<Picture>, Problem> find_in_form(const httpd::Request& request,
                                                         std::size_t max_pictures) {
  const Result<std::vector<httpd::Part>> parts =
      httpd::parse_multipart(request.headers.find("Content-Type").value_or(""), request.body);
  if (!parts) {
    const Failure& failure = parts.failure();
    if (failure.code == "too_many_parts") return Problem{413, "too-many-pictures", failure.message, {}};
    if (failure.code == "too_large") return Problem{413, "too-large", failure.message, {}};
    return Problem{400, "malformed-form", failure.message, {}};
  }
  std::vector<Picture> pictures;
  for (const httpd::Part& part : *parts) {
    const bool left_empty = part.file_name.empty() && part.content.empty();
    if (part.is_file && !left_empty) pictures.push_back({part.file_name, part.content});
  }
  if (pictures.empty()) return no_picture();
  if (pictures.size() > max_pictures) {
    return Problem{413,
                   "too-many-pictures",
                   fmt::format("The form holds {}; send at most {} at a time.",
                               format_count(pictures.size(), "picture"), max_pictures),
                   {}};
  }
  return pictures;
}

}  // namespace

std::optional<Problem> check_upload_type(const httpd::Request& request) {
  if (request.headers.count("Content-Encoding") > 0) {
    return Problem{415,
                   "unsupported-content-encoding",
                   "Send the picture as it is, without Content-Encoding; pictures hardly become smaller.",
                   {{"Accept-Encoding", "identity"}}};
  }
  const std::string type = content_type(request);
  const bool fits = type.starts_with("image/") || type == kRawType || type == kCurlType || type == kFormType;
  return fits ? std::nullopt : std::optional(unsupported_type());
}

std::variant<std::vector<Picture>, Problem> find_pictures(const httpd::Request& request,
                                                          std::size_t max_pictures) {
  if (request.body.empty()) return no_picture();
  const std::string type = content_type(request);
  if (type == kFormType) return find_in_form(request, max_pictures);
  if (type == kCurlType && !image::is_decodable(image::detect_format(request.body)))
    return unsupported_type();
  return std::vector<Picture>{{"", request.body}};
}

}  // namespace winnow::serving
