#pragma once

#include "winnow/httpd/message.hpp"

namespace winnow::httpd {

// What a client is told when the fault is ours; what happened stands in the log.
[[nodiscard]] inline Problem internal_error() {
  return {500, "internal-error", "Something went wrong on the server; its log says what.", {}};
}

}  // namespace winnow::httpd
