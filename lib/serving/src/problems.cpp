#include "problems.hpp"

#include <fmt/format.h>

namespace winnow::serving {

httpd::Problem describe_picture_failure(const Failure& failure) {
  const auto problem = [&](int status, const char* code, const char* advice) {
    return httpd::Problem{
        status, code, fmt::format("The picture cannot be classified: {}. {}", failure.message, advice), {}};
  };
  if (failure.code == "empty") return problem(422, "not-an-image", "Choose another file.");
  if (failure.code == "not_an_image")
    return problem(422, "not-an-image", "Send a JPEG, PNG, WebP, GIF, AVIF or BMP.");
  if (failure.code == "unsupported_format") {
    return problem(415, "unsupported-image-format", "Save it as JPEG or PNG and send that.");
  }
  if (failure.code == "too_large") return problem(413, "too-large", "Make it smaller and send it again.");
  return problem(422, "damaged-image", "Save it again, or choose another one.");
}

httpd::Problem not_ready() {
  return {
      503, "not-ready", "The model is still being loaded; try again in a moment.", {{"Retry-After", "2"}}};
}

httpd::Problem queue_full() {
  return {503, "queue-full", "Too many pictures are waiting; try again in a moment.", {{"Retry-After", "1"}}};
}

httpd::Problem deadline_passed() {
  return {504, "deadline-passed", "The picture waited too long for its turn; try again later.", {}};
}

httpd::Problem unknown_model(const std::string& name) {
  return {404,
          "unknown-model",
          fmt::format("There is no model or version {}; GET /v1/models lists them.", name),
          {}};
}

httpd::Problem bad_parameter(const std::string& detail) {
  return {400, "bad-parameter", detail, {}};
}

httpd::Response with_headers_of(const httpd::Problem& problem, httpd::Response response) {
  for (const auto& [name, value] : problem.headers) response.headers.set(name, value);
  return response;
}

httpd::Response protocol_error(int status, const std::string& text) {
  return httpd::json_response(status, {{"error", text}});
}

httpd::Response protocol_error(const httpd::Problem& problem) {
  return with_headers_of(problem, protocol_error(problem.status, problem.detail));
}

}  // namespace winnow::serving
