#include "request_head.hpp"

#include <algorithm>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <charconv>

#include "syntax.hpp"
#include "target.hpp"

namespace winnow::httpd {
namespace {

namespace http = boost::beast::http;

using Parser = http::request_parser<http::empty_body>;

Problem malformed(std::string detail) {
  return {400, "malformed-request", std::move(detail), {}};
}

std::string text(boost::beast::string_view view) {
  return {view.data(), view.size()};
}

std::optional<Problem> check_host(const RequestHead& head) {
  const std::size_t count = head.request.headers.count("Host");
  if (count > 1) return malformed("The request names its host more than once.");
  if (count == 0 && head.http_1_1)
    return malformed("The request lacks the Host header that HTTP/1.1 demands.");
  const std::string_view host = head.request.headers.find("Host").value_or("");
  if (host.find_first_of(" \t,/\\@?#<>\"") != std::string_view::npos)
    return malformed("The Host header is no host.");
  return std::nullopt;
}

// Beast takes a repeated Content-Length for one, and any coding but chunked for no body at all.
std::optional<Problem> read_framing(RequestHead& head) {
  const Headers& headers = head.request.headers;
  const std::size_t lengths = headers.count("Content-Length");
  const std::size_t codings = headers.count("Transfer-Encoding");
  if (lengths + codings > 1) return malformed("The request says more than once how long its body is.");
  if (codings == 1) {
    if (!head.http_1_1) return malformed("HTTP/1.0 knows no Transfer-Encoding; send Content-Length.");
    if (!equals_ignoring_case(*headers.find("Transfer-Encoding"), "chunked")) {
      return Problem{
          501, "unknown-transfer-coding", "Of the transfer codings only chunked is understood.", {}};
    }
    head.chunked = true;
  } else if (lengths == 1) {
    const std::string_view digits = *headers.find("Content-Length");
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), head.content_length);
    const bool all_digits = !digits.empty() && std::all_of(digits.begin(), digits.end(), is_digit);
    if (!all_digits || error != std::errc{} || end != digits.data() + digits.size()) {
      return malformed("Content-Length is not a number of bytes.");
    }
  } else {
    const std::string& method = head.request.method;
    if (method == "POST" || method == "PUT" || method == "PATCH") {
      return Problem{411, "length-required", "Say with Content-Length how long the body is, if only 0.", {}};
    }
  }
  return std::nullopt;
}

std::optional<Problem> read_expectation(RequestHead& head) {
  const std::optional<std::string> expectation = head.request.headers.find_joined("Expect");
  if (!expectation || !head.http_1_1) return std::nullopt;
  if (!equals_ignoring_case(*expectation, "100-continue")) {
    return Problem{417, "expectation-failed", "Of the expectations only 100-continue is understood.", {}};
  }
  head.expects_continue = true;
  return std::nullopt;
}

Problem describe(const boost::system::error_code& error, std::string_view head) {
  const std::string_view line = head.substr(0, head.find('\r'));
  const std::size_t version = line.rfind(" HTTP/");
  if (error == http::error::bad_version && version != std::string_view::npos) {
    const std::string_view number = line.substr(version + 6);
    const bool is_number =
        number.size() == 3 && is_digit(number[0]) && number[1] == '.' && is_digit(number[2]);
    if (is_number && number != "1.1" && number != "1.0") {
      return {505, "version-not-supported", "Only HTTP/1.1 and HTTP/1.0 are spoken here.", {}};
    }
  }
  return malformed("The request is not HTTP: " + error.message() + ".");
}

}  // namespace

HeadScanner::Status HeadScanner::scan(std::string_view received) {
  while (true) {
    const std::size_t feed = received.find('\n', position_);
    if (feed == std::string_view::npos) {
      position_ = received.size();
      return Status::kIncomplete;
    }
    if (feed == 0 || received[feed - 1] != '\r') return Status::kMalformed;
    const bool folded = line_start_ > 0 && (received[line_start_] == ' ' || received[line_start_] == '\t');
    if (folded) return Status::kMalformed;
    const bool empty_line = feed - 1 == line_start_;
    line_start_ = position_ = feed + 1;
    if (start_line_end_ == 0) start_line_end_ = position_;
    if (empty_line) return Status::kComplete;
  }
}

std::variant<RequestHead, Problem> parse_head(std::string_view head, std::size_t max_fields) {
  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(head.size() + 1));
  parser.body_limit(boost::none);
  boost::system::error_code error;
  const std::size_t used = parser.put(boost::asio::buffer(head), error);
  if (error) return describe(error, head);
  if (used != head.size() || !parser.is_header_done()) return malformed("The request is not HTTP.");

  RequestHead result;
  Request& request = result.request;
  request.method = text(parser.get().method_string());
  result.http_1_1 = parser.get().version() == 11;
  result.keep_alive = parser.keep_alive();
  std::optional<Target> target = parse_target(request.method, text(parser.get().target()));
  if (!target) return malformed("The request asks for something that is no path on this server.");
  request.path = std::move(target->path);
  request.query = std::move(target->query);
  for (const auto& field : parser.get()) {
    if (request.headers.size() == max_fields) {
      return Problem{431, "header-too-large", "The request has too many header fields.", {}};
    }
    request.headers.add(text(field.name_string()), text(field.value()));
  }
  for (const auto rule : {+[](RequestHead& h) { return check_host(h); }, &read_framing, &read_expectation}) {
    if (std::optional<Problem> problem = rule(result)) return std::move(*problem);
  }
  return result;
}

}  // namespace winnow::httpd
