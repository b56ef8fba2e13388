#include "support/process.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <thread>

#include "support/built.hpp"
#include "support/temporary_folder.hpp"

namespace winnow::test {
namespace {

using namespace std::chrono_literals;

std::filesystem::path make_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "winnow-process-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) std::abort();
  return name;
}

void redirect(const std::filesystem::path& file, int descriptor) {
  const int opened = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (opened < 0 || ::dup2(opened, descriptor) < 0) ::_exit(126);
}

}  // namespace

Process::Process(const std::vector<std::string>& command, const std::filesystem::path& working_folder,
                 const std::vector<std::string>& environment)
    : folder_(make_folder()) {
  std::string program = command.at(0);
  if (program.find('/') == std::string::npos) program = built_programs() / program;
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);

  pid_ = ::fork();
  if (pid_ != 0) return;
  if (!working_folder.empty() && ::chdir(working_folder.c_str()) != 0) ::_exit(126);
  for (const std::string& entry : environment) ::putenv(const_cast<char*>(entry.c_str()));
  redirect_output();
  ::execv(program.c_str(), arguments.data());
  ::_exit(127);
}

Process::Process(const std::function<int()>& body) : folder_(make_folder()) {
  // What lies in the buffers would otherwise be written by both.
  std::cout.flush();
  std::fflush(nullptr);
  pid_ = ::fork();
  if (pid_ != 0) return;
  redirect_output();
  int code = 125;
  try {
    code = body();
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
  }
  std::cout.flush();
  std::fflush(nullptr);
  ::_exit(code);
}

void Process::redirect_output() const {
  const int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, 0);
  redirect(folder_ / "out", 1);
  redirect(folder_ / "err", 2);
}

Process::~Process() {
  if (!reaped_) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void Process::signal(int number) const {
  ::kill(pid_, number);
}

bool Process::running() {
  if (!reaped_ && ::waitpid(pid_, &status_, WNOHANG) == pid_) reaped_ = true;
  return !reaped_;
}

Finished Process::wait(std::chrono::seconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (running()) {
    if (std::chrono::steady_clock::now() > deadline) {
      ADD_FAILURE() << "the process did not end within " << limit.count() << " s; stderr: " << err();
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, &status_, 0);
      reaped_ = true;
      break;
    }
    std::this_thread::sleep_for(5ms);
  }
  return {WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_), out(), err()};
}

std::string Process::out() const {
  return read_text(folder_ / "out");
}
std::string Process::err() const {
  return read_text(folder_ / "err");
}

std::string Process::wait_for_err(const std::string& text, std::chrono::seconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (std::chrono::steady_clock::now() < deadline) {
    const bool alive = running();
    if (std::filesystem::exists(folder_ / "err")) {
      const std::string written = err();
      if (written.find(text) != std::string::npos) return written;
    }
    if (!alive) break;
    std::this_thread::sleep_for(10ms);
  }
  ADD_FAILURE() << "stderr never held \"" << text << "\" but: " << err();
  return err();
}

Finished run(const std::vector<std::string>& command, const std::filesystem::path& working_folder,
             const std::vector<std::string>& environment) {
  return Process(command, working_folder, environment).wait();
}

Finished run_in_child(const std::function<int()>& body) {
  return Process(body).wait();
}

}  // namespace winnow::test
