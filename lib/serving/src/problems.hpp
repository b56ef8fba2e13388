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

}  // namespace winnow::serving
