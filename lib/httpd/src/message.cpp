#include "winnow/httpd/message.hpp"

#include <algorithm>

#include "percent.hpp"
#include "syntax.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/text.hpp"

namespace winnow::httpd {
namespace {

void check_field(const HeaderField& field) {
  if (!is_token(field.name))
    throw Error(ErrorKind::kInvalid, field.name, "is not the name of a header field");
  if (!is_field_value(field.value)) {
    throw Error(ErrorKind::kInvalid, field.name, "a header value cannot hold control characters");
  }
}

}  // namespace

std::optional<Problem> BodySink::too_large() const {
  return std::nullopt;
}

Headers::Headers(std::initializer_list<HeaderField> fields) : fields_(fields) {
  for (const HeaderField& field : fields_) check_field(field);
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (const HeaderField& field : fields_) {
    if (equals_ignoring_case(field.name, name)) return field.value;
  }
  return std::nullopt;
}

std::optional<std::string> Headers::find_joined(std::string_view name) const {
  std::optional<std::string> joined;
  for (const HeaderField& field : fields_) {
    if (!equals_ignoring_case(field.name, name)) continue;
    joined = joined ? *joined + ", " + field.value : field.value;
  }
  return joined;
}

std::size_t Headers::count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::count_if(fields_.begin(), fields_.end(),
                    [&](const HeaderField& field) { return equals_ignoring_case(field.name, name); }));
}

void Headers::add(std::string name, std::string value) {
  HeaderField field{std::move(name), std::move(value)};
  check_field(field);
  fields_.push_back(std::move(field));
}

void Headers::set(std::string name, std::string value) {
  remove(name);
  add(std::move(name), std::move(value));
}

void Headers::remove(std::string_view name) {
  std::erase_if(fields_, [&](const HeaderField& field) { return equals_ignoring_case(field.name, name); });
}

std::optional<std::string> find_parameter(std::string_view query, std::string_view name) {
  for (const std::string_view pair : split(query, '&')) {
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (decode_form_text(pair.substr(0, equals)) != name) continue;
    return decode_form_text(pair.substr(std::min(equals + 1, pair.size())));
  }
  return std::nullopt;
}

Response text_response(int status, std::string text) {
  return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(text)};
}

Response html_response(int status, std::string html) {
  return {status, {{"Content-Type", "text/html; charset=utf-8"}}, std::move(html)};
}

Response json_response(int status, const Json& json) {
  return {status, {{"Content-Type", "application/json"}}, to_line(json) + "\n"};
}

Response problem_response(const Problem& problem) {
  Json json = {{"type", "urn:winnow:problem:" + problem.code},
               {"title", std::string(reason_phrase(problem.status))},
               {"status", problem.status},
               {"detail", problem.detail}};
  json.update(problem.extra);
  Response response = json_response(problem.status, json);
  response.headers.set("Content-Type", "application/problem+json");
  for (const HeaderField& field : problem.headers) response.headers.set(field.name, field.value);
  return response;
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "";
  }
}

}  // namespace winnow::httpd
