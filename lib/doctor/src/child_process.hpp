#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

namespace winnow::doctor {

struct ChildResult {
  int exit_code = -1;  // -1 if it did not end by itself
  int signal = 0;      // that ended it
  bool timed_out = false;
  std::string failure;  // why it could not be started
  std::string out;
  std::string err;
};

// Runs a program to its end, without input, and keeps the first megabyte of what it writes. One that takes
// longer than the limit is killed. command[0] is a path. Throws Error{kCancelled}.
[[nodiscard]] ChildResult run_child(const std::vector<std::string>& command, std::chrono::seconds limit,
                                    const std::stop_token& stop);

// Why it did not do its work, in one line: what it said last on stderr, or how it ended. Empty for exit code
// 0.
[[nodiscard]] std::string describe_failure(const ChildResult& result);

}  // namespace winnow::doctor
