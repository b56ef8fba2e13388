#include "winnow/core/error.hpp"

#include <system_error>

namespace winnow {

std::string system_message(int error_number) {
  return std::generic_category().message(error_number);
}

void throw_if_stopped(const std::stop_token& stop) {
  if (stop.stop_requested()) throw Error(ErrorKind::kCancelled, "", "stopped");
}

}  // namespace winnow
