#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>

#include "winnow/core/json.hpp"

namespace winnow::tools {

// Commands for the running server, a line each, on a Unix socket that only its user may open: who can open it
// may stop the server. Each is answered with a line of JSON. For one thread.
class AdminSocket {
 public:
  // Makes the socket, in place of one that nobody listens on. Throws Error{kIo | kUsage}: not permitted, too
  // long a path, something else is there.
  explicit AdminSocket(std::filesystem::path path);
  ~AdminSocket();  // removes it
  AdminSocket(const AdminSocket&) = delete;
  AdminSocket& operator=(const AdminSocket&) = delete;

  // Answers for this long, until a stop is asked for, or until something was done. command: what a line says,
  // without its end; what it throws becomes {"error": ...}.
  void answer_for(std::chrono::milliseconds time, const std::stop_token& stop,
                  const std::function<Json(const std::string& command)>& command);

 private:
  const std::filesystem::path path_;
  int listener_ = -1;
};

}  // namespace winnow::tools
