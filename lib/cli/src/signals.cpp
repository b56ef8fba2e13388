#include "signals.hpp"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

namespace winnow::cli {
namespace {

constexpr int kWakeUp = SIGUSR2;

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, kWakeUp}) sigaddset(&set, number);
  return set;
}

}  // namespace

Signals::Signals() {
  ::signal(SIGPIPE, SIG_IGN);
  const sigset_t set = handled_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  waiter_ = std::jthread([this, set](const std::stop_token& over) {
    int number = 0;
    while (::sigwait(&set, &number) == 0 && !over.stop_requested()) {
      if (number == kWakeUp) continue;
      if (received_ != 0) ::_exit(128 + number);
      received_ = number;
      source_.request_stop();
    }
  });
}

Signals::~Signals() {
  waiter_.request_stop();
  ::pthread_kill(waiter_.native_handle(), kWakeUp);
}

}  // namespace winnow::cli
