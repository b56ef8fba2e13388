#include "child_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "winnow/core/error.hpp"
#include "winnow/core/text.hpp"

namespace winnow::doctor {
namespace {

constexpr std::size_t kMaxOutput = 1'000'000;
constexpr auto kLook = std::chrono::milliseconds(100);  // so often for a stop and for the time limit

class Pipe {
 public:
  Pipe() {
    if (::pipe2(ends_.data(), O_CLOEXEC) != 0) ends_ = {-1, -1};
  }
  ~Pipe() {
    close(0);
    close(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  void close(std::size_t end) {
    if (ends_[end] >= 0) ::close(ends_[end]);
    ends_[end] = -1;
  }
  [[nodiscard]] int read_end() const { return ends_[0]; }
  [[nodiscard]] int write_end() const { return ends_[1]; }
  // False at its end.
  bool read_into(std::string& text) {
    std::array<char, 4096> block;
    const ssize_t count = ::read(ends_[0], block.data(), block.size());
    if (count < 0 && errno == EINTR) return true;
    if (count <= 0) return false;
    text.append(block.data(), std::min(static_cast<std::size_t>(count), kMaxOutput - text.size()));
    return true;
  }

 private:
  std::array<int, 2> ends_{};
};

// A child that is killed unless it has been waited for.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  ~Child() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    wait();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  int wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
  }
  void kill() const { ::kill(pid_, SIGKILL); }

 private:
  pid_t pid_;
};

pid_t spawn(const std::vector<std::string>& command, const Pipe& out, const Pipe& err, std::string& failure) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, out.write_end(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, err.write_end(), STDERR_FILENO);
  // Signals as a shell would give them: ours are blocked, for the one thread that waits for them.
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t signals;
  ::sigemptyset(&signals);
  ::posix_spawnattr_setsigmask(&attributes, &signals);
  ::sigaddset(&signals, SIGPIPE);
  ::posix_spawnattr_setsigdefault(&attributes, &signals);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, command[0].c_str(), &actions, &attributes, arguments.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error == 0) return pid;
  failure = system_message(error);
  return -1;
}

}  // namespace

ChildResult run_child(const std::vector<std::string>& command, std::chrono::seconds limit,
                      const std::stop_token& stop) {
  ChildResult result;
  Pipe out;
  Pipe err;
  const pid_t pid = spawn(command, out, err, result.failure);
  if (pid < 0) return result;
  Child child(pid);
  out.close(1);
  err.close(1);
  const auto deadline = std::chrono::steady_clock::now() + limit;
  std::array<pollfd, 2> sources = {pollfd{out.read_end(), POLLIN, 0}, pollfd{err.read_end(), POLLIN, 0}};
  while (sources[0].fd >= 0 || sources[1].fd >= 0) {
    throw_if_stopped(stop);
    if (!result.timed_out && std::chrono::steady_clock::now() > deadline) {
      result.timed_out = true;
      child.kill();
      break;  // what it may have started itself can still hold the pipes
    }
    if (::poll(sources.data(), sources.size(), static_cast<int>(kLook.count())) <= 0) continue;
    if (sources[0].revents != 0 && !out.read_into(result.out)) sources[0].fd = -1;
    if (sources[1].revents != 0 && !err.read_into(result.err)) sources[1].fd = -1;
  }
  const int status = child.wait();
  if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
  return result;
}

std::string describe_failure(const ChildResult& result) {
  if (!result.failure.empty()) return result.failure;
  if (result.exit_code == 0) return "";
  if (result.timed_out) return "did not come to an end";
  if (result.signal == SIGKILL) return "was killed, as the kernel does when there is no memory left";
  if (result.signal == SIGILL) return "met an instruction that this processor does not have";
  if (result.signal != 0) return fmt::format("was ended by signal {}", result.signal);
  std::string_view last;
  for (const std::string_view line : split(result.err, '\n')) {
    if (!trim(line).empty()) last = trim(line);
  }
  return last.empty() ? fmt::format("ended with exit code {}", result.exit_code) : printable(last, 300);
}

}  // namespace winnow::doctor
