#include "access_log.hpp"

#include <chrono>

#include "winnow/core/json.hpp"
#include "winnow/core/text.hpp"

namespace winnow::serving {

std::string access_log_line(const httpd::Served& served, std::string_view route) {
  constexpr std::size_t kLongest = 200;  // of what clients choose
  Json line = {{"time", format_time(std::chrono::system_clock::now())},
               {"request_id", served.id},
               {"remote", served.remote_address},
               {"method", printable(served.method, kLongest)},
               {"path", printable(served.path, kLongest)},
               {"route", std::string(route)},
               {"status", served.status},
               {"received_bytes", served.received_bytes},
               {"sent_bytes", served.sent_bytes},
               {"seconds", static_cast<double>(served.duration.count()) / 1e6},
               {"complete", served.whole},
               {"user_agent", printable(served.user_agent, kLongest)}};
  if (!served.trace_id.empty()) line["trace_id"] = served.trace_id;
  return to_line(line);
}

}  // namespace winnow::serving
