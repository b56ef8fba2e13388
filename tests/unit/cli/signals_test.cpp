#include "signals.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>

#include "support/process.hpp"

namespace winnow::cli {
namespace {

// Waits for ever if no stop comes: the test's time limit then tells.
void wait_for_stop(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  stopped.wait(lock, stop, [] { return false; });
}

int signal_received_after(int number) {
  return test::run_in_child([number] {
           const Signals signals;
           if (signals.received() != 0 || signals.stop_token().stop_requested()) return 1;
           ::kill(::getpid(), number);
           wait_for_stop(signals.stop_token());
           return signals.received();
         })
      .exit_code;
}

TEST(Signals, TurnsATerminationIntoAStopRequest) {
  EXPECT_EQ(signal_received_after(SIGTERM), SIGTERM);
  EXPECT_EQ(signal_received_after(SIGINT), SIGINT);
}

TEST(Signals, EndsTheProcessAtTheSecond) {
  const test::Finished child = test::run_in_child([] {
    const Signals signals;
    ::kill(::getpid(), SIGTERM);
    wait_for_stop(signals.stop_token());
    ::kill(::getpid(), SIGINT);
    while (true) ::pause();
    return 0;
  });
  EXPECT_EQ(child.exit_code, 128 + SIGINT);
}

TEST(Signals, IsNotStoppedByItsOwnWakeUpFromOutside) {
  const test::Finished child = test::run_in_child([] {
    const Signals signals;
    ::kill(::getpid(), SIGUSR2);
    ::kill(::getpid(), SIGTERM);
    wait_for_stop(signals.stop_token());
    return signals.received() == SIGTERM ? 0 : 1;
  });
  EXPECT_EQ(child.exit_code, 0);
}

TEST(Signals, LetsWritesReportAClosedPipe) {
  const test::Finished child = test::run_in_child([] {
    const Signals signals;
    int ends[2];
    if (::pipe(ends) != 0) return 2;
    ::close(ends[0]);
    return ::write(ends[1], "x", 1) < 0 && errno == EPIPE ? 0 : 1;
  });
  EXPECT_EQ(child.exit_code, 0);
}

TEST(Signals, CanBeMadeAgain) {
  const test::Finished child = test::run_in_child([] {
    for (int i = 0; i < 3; ++i) const Signals signals;
    const Signals signals;
    ::kill(::getpid(), SIGTERM);
    wait_for_stop(signals.stop_token());
    return 0;
  });
  EXPECT_EQ(child.exit_code, 0);
}

}  // namespace
}  // namespace winnow::cli
