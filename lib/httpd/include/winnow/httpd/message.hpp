// A request and its answer, as plain values. RFC 9110 (semantics), RFC 9457 (problems).
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "winnow/core/bytes.hpp"
#include "winnow/core/json.hpp"

namespace winnow::httpd {

// The first value of a parameter of a query or of a form (application/x-www-form-urlencoded), decoded;
// nothing if it is absent or its encoding is broken.
[[nodiscard]] std::optional<std::string> find_parameter(std::string_view query, std::string_view name);

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

struct Problem;

// Where a body goes that is too large to be held in memory. Called from the connection's thread, one piece
// after the other; what it does must be quick. Destroyed with the request, also where that never came in
// whole.
class BodySink {
 public:
  virtual ~BodySink() = default;

  // More than this is answered 413, by its claimed length or as soon as more has come.
  [[nodiscard]] virtual std::uint64_t max_bytes() const = 0;
  // In which all of it has to come.
  [[nodiscard]] virtual std::chrono::milliseconds max_time() const = 0;
  // A problem refuses the request.
  virtual std::optional<Problem> take(ByteSpan piece) = 0;
  // Takes the place of the server's own "too large"; nothing to leave it at that.
  [[nodiscard]] virtual std::optional<Problem> too_large() const;
};

struct Request {
  std::string method;  // as sent: methods are case-sensitive
  std::string path;    // decoded, begins with '/', without ".", ".." and control characters; or "*"
  std::string query;   // as sent, without the '?'
  Headers headers;
  Bytes body;                      // empty where a sink took it
  std::shared_ptr<BodySink> sink;  // that took the body; null without
  std::string remote_address;      // the client's IP address: the peer's, or whom a trusted proxy asks for
  // Names this request in answers and logs: the client's X-Request-Id, if it is a word of reasonable length.
  std::string id;
  std::string trace_id;  // of its traceparent, 32 hexadecimal digits; empty without a valid one

  [[nodiscard]] std::optional<std::string> parameter(std::string_view name) const {
    return find_parameter(query, name);
  }
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
