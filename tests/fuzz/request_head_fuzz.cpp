// Input: what a client sends first.
#include "request_head.hpp"

#include "fuzz_target.hpp"
#include "request_id.hpp"
#include "syntax.hpp"
#include "winnow/core/text.hpp"

using namespace winnow;

namespace {

constexpr std::size_t kMaxFields = 20;

httpd::HeadScanner::Status scan_in_steps(std::string_view input, std::size_t step,
                                         httpd::HeadScanner& scanner) {
  auto status = httpd::HeadScanner::Status::kIncomplete;
  for (std::size_t end = 0; status == httpd::HeadScanner::Status::kIncomplete && end < input.size();) {
    end = std::min(end + step, input.size());
    status = scanner.scan(input.substr(0, end));
  }
  return status;
}

void check(const httpd::RequestHead& head) {
  const httpd::Request& request = head.request;
  fuzz::require(httpd::is_token(request.method), "a method is a token");
  fuzz::require(request.path == "*" || request.path.starts_with('/'), "a path begins at the root");
  fuzz::require(httpd::is_field_value(request.path), "a path holds no control characters");
  for (const std::string_view segment : split(request.path, '/')) {
    fuzz::require(segment != ".." && segment != ".", "a path has no steps");
  }
  fuzz::require(request.headers.size() <= kMaxFields, "no more fields than allowed");
  for (const httpd::HeaderField& field : request.headers) {
    fuzz::require(httpd::is_token(field.name) && httpd::is_field_value(field.value), "fields are sound");
  }
  fuzz::require(!head.chunked || head.content_length == 0, "a body has one length");
  fuzz::require(request.headers.count("Content-Length") + request.headers.count("Transfer-Encoding") <= 1,
                "the length of a body is said once");
  if (const auto value = request.parameter("a"))
    fuzz::require(request.query.find('a') < request.query.size(), "a");
  fuzz::require(!httpd::choose_request_id(request.headers).empty(), "every request has an id");
  if (const auto trace = httpd::parse_trace_id(request.headers.find("traceparent").value_or(""))) {
    fuzz::require(trace->size() == 32, "the id of a trace has 32 digits");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = fuzz::as_input(data, size);
  httpd::HeadScanner whole;
  httpd::HeadScanner pieces;
  const auto status = scan_in_steps(input, input.size(), whole);
  fuzz::require(status == scan_in_steps(input, 1, pieces), "pieces make no difference");
  if (status != httpd::HeadScanner::Status::kComplete) return 0;
  fuzz::require(whole.size() == pieces.size() && whole.size() <= size, "a head ends where it ends");
  const auto parsed = httpd::parse_head(input.substr(0, whole.size()), kMaxFields);
  if (const auto* problem = std::get_if<httpd::Problem>(&parsed)) {
    fuzz::require(problem->status >= 400 && problem->status < 600, "a refusal is an error");
    fuzz::require(!httpd::problem_response(*problem).body.empty(), "a refusal says why");
  } else {
    check(std::get<httpd::RequestHead>(parsed));
  }
  return 0;
}
