#include "uploads.hpp"

#include <fmt/format.h>

#include "json_body.hpp"
#include "winnow/core/base64.hpp"
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
constexpr std::string_view kJsonType = "application/json";

// Lower case, without parameters; octets if the client does not say.
std::string content_type(const httpd::Request& request) {
  const std::optional<std::string_view> value = request.headers.find("Content-Type");
  if (!value) return std::string(kRawType);
  const std::optional<httpd::ParameterisedValue> type = httpd::parse_parameterised(*value);
  return type ? type->value : "";
}

Problem unsupported_type() {
  return {
      415,
      "unsupported-media-type",
      "Send the picture itself with Content-Type image/jpeg (or whatever it is), a multipart/form-data form "
      "with the picture as a file, or JSON with the picture in base64.",
      {{"Accept-Post", "image/*, application/octet-stream, multipart/form-data, application/json"}}};
}

Problem no_picture() {
  return {400, "no-picture", "The request holds no picture; choose one and send it again.", {}};
}

Problem too_many_pictures(std::size_t count, std::size_t max_pictures) {
  return {413,
          "too-many-pictures",
          fmt::format("The request holds {}; send at most {} at a time.", format_count(count, "picture"),
                      max_pictures),
          {}};
}

Result<std::vector<httpd::Part>> parse_form(const httpd::Request& request) {
  return httpd::parse_multipart(request.headers.find("Content-Type").value_or(""), request.body);
}

std::variant<Upload, Problem> find_in_form(const httpd::Request& request, std::size_t max_pictures) {
  const Result<std::vector<httpd::Part>> parts = parse_form(request);
  if (!parts) {
    const Failure& failure = parts.failure();
    if (failure.code == "too_many_parts") return Problem{413, "too-many-pictures", failure.message, {}};
    if (failure.code == "too_large") return Problem{413, "too-large", failure.message, {}};
    return Problem{400, "malformed-form", failure.message, {}};
  }
  Upload upload;
  for (const httpd::Part& part : *parts) {
    const bool left_empty = part.file_name.empty() && part.content.empty();
    if (part.is_file && !left_empty) upload.pictures.push_back({part.file_name, part.content});
  }
  if (upload.pictures.empty()) return no_picture();
  if (upload.pictures.size() > max_pictures) return too_many_pictures(upload.pictures.size(), max_pictures);
  upload.is_list = upload.pictures.size() > 1;
  return upload;
}

std::variant<Upload, Problem> find_in_json(const httpd::Request& request, std::size_t max_pictures) {
  const Result<Json> json = parse_json_body(request.body);
  if (!json) {
    const bool too_large = json.failure().code == "too_large";
    return Problem{
        too_large ? 413 : 400, too_large ? "too-large" : "malformed-json", json.failure().message, {}};
  }
  const auto misshapen = [] {
    return Problem{400,
                   "malformed-json",
                   R"(Send {"image": "BASE64"}, or {"images": ["BASE64", ...]} for several.)",
                   {}};
  };
  if (!json->is_object() || json->contains("image") == json->contains("images")) return misshapen();
  Upload upload;
  upload.is_list = json->contains("images");
  const Json list = upload.is_list ? json->at("images") : Json::array({json->at("image")});
  if (!list.is_array()) return misshapen();
  if (list.empty()) return no_picture();
  if (list.size() > max_pictures) return too_many_pictures(list.size(), max_pictures);
  for (const Json& text : list) {
    if (!text.is_string()) return misshapen();
    std::optional<Bytes> bytes = from_base64(text.get_ref<const std::string&>());
    if (!bytes) return Problem{400, "malformed-json", "A picture is not base64.", {}};
    upload.unpacked.push_back(std::move(*bytes));
  }
  for (const Bytes& bytes : upload.unpacked) upload.pictures.push_back({"", bytes});
  return upload;
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
  const bool fits = type.starts_with("image/") || type == kRawType || type == kCurlType ||
                    type == kFormType || type == kJsonType;
  return fits ? std::nullopt : std::optional(unsupported_type());
}

std::variant<Upload, Problem> find_pictures(const httpd::Request& request, std::size_t max_pictures) {
  if (request.body.empty()) return no_picture();
  const std::string type = content_type(request);
  if (type == kFormType) return find_in_form(request, max_pictures);
  if (type == kJsonType) return find_in_json(request, max_pictures);
  if (type == kCurlType && !image::is_decodable(image::detect_format(request.body)))
    return unsupported_type();
  return Upload{{{"", request.body}}, false, {}};
}

std::optional<std::string> find_field(const httpd::Request& request, std::string_view name) {
  const Result<std::vector<httpd::Part>> parts = parse_form(request);
  if (!parts) return std::nullopt;
  for (const httpd::Part& part : *parts) {
    if (!part.is_file && part.name == name) return std::string(as_text(part.content));
  }
  return std::nullopt;
}

}  // namespace winnow::serving
