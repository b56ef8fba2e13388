// The refusals of this site: which failure has which status, and what the client can do.
#pragma once

#include "winnow/core/error.hpp"
#include "winnow/httpd/message.hpp"

namespace winnow::serving {

// For a picture that cannot be classified; failure: what lib/image says of it.
[[nodiscard]] httpd::Problem describe_picture_failure(const Failure& failure);

[[nodiscard]] httpd::Problem not_ready();
[[nodiscard]] httpd::Problem queue_full();
[[nodiscard]] httpd::Problem deadline_passed();
[[nodiscard]] httpd::Problem unknown_model(const std::string& name);
[[nodiscard]] httpd::Problem bad_parameter(const std::string& detail);

// The response with the headers that the problem asks for, such as Retry-After.
[[nodiscard]] httpd::Response with_headers_of(const httpd::Problem& problem, httpd::Response response);

// As TensorFlow Serving and KServe say it: {"error": text}.
[[nodiscard]] httpd::Response protocol_error(int status, const std::string& text);
[[nodiscard]] httpd::Response protocol_error(const httpd::Problem& problem);

}  // namespace winnow::serving
