// A request and its answer, as plain values. RFC 9110 (semantics), RFC 9457 (problems).
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "winnow/core/bytes.hpp"
#include "winnow/core/json.hpp"

namespace winnow::httpd {

struct HeaderField {
  std::string name;
  std::string value;
};

// Header fields in their order. Names compare without regard to case.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<HeaderField> fields);

  // The first value of that name.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  // All values of that name, joined by ", " as RFC 9110 5.3 allows for list fields.
  [[nodiscard]] std::optional<std::string> find_joined(std::string_view name) const;
  [[nodiscard]] std::size_t count(std::string_view name) const;

  // Throws Error{kInvalid} if the name is no token or the value holds a control character, so that foreign
  // text can never begin a header of its own.
  void add(std::string name, std::string value);
  // The same, in place of what was there under the name.
  void set(std::string name, std::string value);
  void remove(std::string_view name);

  [[nodiscard]] auto begin() const { return fields_.begin(); }
  [[nodiscard]] auto end() const { return fields_.end(); }
  [[nodiscard]] std::size_t size() const { return fields_.size(); }

 private:
  std::vector<HeaderField> fields_;
};

struct Request {
  std::string method;  // as sent: methods are case-sensitive
  std::string path;    // decoded, begins with '/', without ".", ".." and control characters; or "*"
  std::string query;   // as sent, without the '?'
  Headers headers;
  Bytes body;
  std::string remote_address;  // the client's IP address: the peer's, or whom a trusted proxy asks for
  // Names this request in answers and logs: the client's X-Request-Id, if it is a word of reasonable length.
  std::string id;
  std::string trace_id;  // of its traceparent, 32 hexadecimal digits; empty without a valid one

  // The first value of a query parameter, decoded; nothing if it is absent or its encoding is broken.
  [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const;
};

// The server itself writes Connection, Content-Length, Date, Transfer-Encoding and X-Request-Id; set here
// they are ignored.
struct Response {
  int status = 200;
  Headers headers;
  std::string body;
};

[[nodiscard]] Response text_response(int status, std::string text);
[[nodiscard]] Response html_response(int status, std::string html);
[[nodiscard]] Response json_response(int status, const Json& json);

// Why a request was refused, for programs (code) and for people (detail).
struct Problem {
  int status = 500;
  std::string code;             // stable; the type is urn:winnow:problem:CODE
  std::string detail;           // what is wrong and what to do
  Headers headers;              // go into the answer: Retry-After, Allow
  Json extra = Json::object();  // more members of the JSON
};

// application/problem+json with type, title, status and detail.
[[nodiscard]] Response problem_response(const Problem& problem);

// "Not Found". Empty for a status that RFC 9110 and RFC 6585 do not name.
[[nodiscard]] std::string_view reason_phrase(int status);

}  // namespace winnow::httpd
