#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace winnow::test {

struct Finished {
  int exit_code = -1;  // 128+signal if a signal ended it
  std::string out;
  std::string err;
};

// A child process whose output is collected in files, so that it never blocks.
class Process {
 public:
  // command[0] without a slash is one of our tools. environment entries are added to ours.
  explicit Process(const std::vector<std::string>& command, const std::filesystem::path& working_folder = {},
                   const std::vector<std::string>& environment = {});
  // A forked child that runs a function and exits with what it returns: for code that changes its process,
  // its limits, environment or signals. Fork before the test starts threads. An exception ends it with 125.
  explicit Process(const std::function<int()>& body);
  ~Process();  // kills what still runs
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void signal(int number) const;
  [[nodiscard]] bool running();
  // Waits; fails the test and kills the process when it takes longer.
  Finished wait(std::chrono::seconds limit = std::chrono::seconds(60));
  // What it has written so far.
  [[nodiscard]] std::string out() const;
  [[nodiscard]] std::string err() const;
  // Waits until stderr holds the text, and returns all of it.
  std::string wait_for_err(const std::string& text, std::chrono::seconds limit = std::chrono::seconds(20));

 private:
  void redirect_output() const;

  std::filesystem::path folder_;
  pid_t pid_ = -1;
  int status_ = 0;
  bool reaped_ = false;
};

Finished run(const std::vector<std::string>& command, const std::filesystem::path& working_folder = {},
             const std::vector<std::string>& environment = {});
Finished run_in_child(const std::function<int()>& body);

}  // namespace winnow::test
