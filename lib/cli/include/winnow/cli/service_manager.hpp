// What systemd, and whatever speaks like it, hands to a service and hears from it: sd_notify(3),
// sd_listen_fds(3).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace winnow::cli {

// Without such a manager nothing is inherited and notify() does nothing.
class ServiceManager {
 public:
  // Reads the environment and takes its variables out of it, so that no child believes them. Make one, while
  // there is one thread, before descriptors are opened.
  ServiceManager();

  // The first socket that was handed over, listening already.
  [[nodiscard]] std::optional<int> inherited_socket() const { return inherited_socket_; }
  // How often "WATCHDOG=1" has to be said: half of what the manager waits for.
  [[nodiscard]] std::optional<std::chrono::milliseconds> watchdog_interval() const {
    return watchdog_interval_;
  }

  // "READY=1", "STOPPING=1", "WATCHDOG=1". A manager that does not listen is no error.
  void notify(std::string_view state) const;

 private:
  std::optional<int> inherited_socket_;
  std::optional<std::chrono::milliseconds> watchdog_interval_;
  std::string socket_;  // where the manager listens, as a path or, behind '@', a name
};

}  // namespace winnow::cli
