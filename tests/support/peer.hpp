#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "support/process.hpp"

namespace winnow::test {

// Whether set-up has fetched that Python package.
[[nodiscard]] bool has_peer(const std::string& package);

// A server of others, or a script of tests/scripts, for as long as the object lives. It ends with the test
// also if that is killed.
class Peer {
 public:
  explicit Peer(const std::vector<std::string>& command);
  // A script that takes a port by itself and says so on stderr: "listening on PORT".
  static Peer script(const std::string& name, const std::vector<std::string>& arguments = {});

  // Of the line that script() waits for; fails the test if it never comes.
  [[nodiscard]] std::uint16_t port();
  [[nodiscard]] std::string out() const { return process_->out(); }
  [[nodiscard]] bool running() { return process_->running(); }

 private:
  std::unique_ptr<Process> process_;
  std::uint16_t port_ = 0;
};

}  // namespace winnow::test
