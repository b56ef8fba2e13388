#include "winnow/core/parallel.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <barrier>
#include <numeric>
#include <string>
#include <thread>

#include "support/process.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/random.hpp"

namespace winnow {
namespace {

using namespace std::chrono_literals;

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

bool is_cancelled(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.kind() == ErrorKind::kCancelled;
  }
  return false;
}

// A value that knows how many of its kind exist.
class Counted {
 public:
  explicit Counted(std::atomic<int>& alive) : alive_(&alive) { ++*alive_; }
  Counted(Counted&& other) noexcept : alive_(std::exchange(other.alive_, nullptr)) {}
  Counted& operator=(Counted&&) = delete;
  ~Counted() {
    if (alive_ != nullptr) --*alive_;
  }

 private:
  std::atomic<int>* alive_;
};

// As a container may do: fewer threads can be started than are wanted, and perhaps none.
bool forbid_many_threads() {
  if (::geteuid() == 0 && ::setuid(65534) != 0) return false;
  const rlimit limit{3, 3};
  return ::setrlimit(RLIMIT_NPROC, &limit) == 0;
}

TEST(ParallelFor, VisitsEveryIndexOnce) {
  for (const unsigned threads : {0u, 1u, 3u, 50u}) {
    std::vector<std::atomic<int>> visits(40);
    parallel_for(visits.size(), threads, {}, [&](std::size_t i) { ++visits[i]; });
    for (const std::atomic<int>& count : visits) EXPECT_EQ(count, 1) << threads << " threads";
  }
}

TEST(ParallelFor, HasNothingToDoForZero) {
  parallel_for(0, 4, {}, [](std::size_t) { FAIL(); });
}

TEST(ParallelFor, WorksOnSeveralItemsAtATime) {
  std::barrier both(2);
  parallel_for(2, 2, {},
               [&](std::size_t) { both.arrive_and_wait(); });  // one thread alone would wait for ever
}

TEST(ParallelFor, ThrowsWhatTheWorkThrew) {
  for (const unsigned threads : {1u, 4u}) {
    const auto fail_at_seven = [](std::size_t i) {
      if (i == 7) throw std::runtime_error("seven");
    };
    EXPECT_EQ(message_of([&] { parallel_for(20, threads, {}, fail_at_seven); }), "seven");
  }
}

TEST(ParallelFor, BeginsNothingNewAfterAnException) {
  std::atomic<int> calls = 0;
  EXPECT_THROW(parallel_for(2000, 4, {},
                            [&](std::size_t i) {
                              if (i == 0) throw std::runtime_error("first");
                              ++calls;
                              std::this_thread::sleep_for(1ms);
                            }),
               std::runtime_error);
  EXPECT_LT(calls, 1000);
}

TEST(ParallelFor, DoesNothingOnceAStopWasAskedFor) {
  std::stop_source source;
  source.request_stop();
  std::atomic<int> calls = 0;
  EXPECT_TRUE(is_cancelled([&] { parallel_for(10, 3, source.get_token(), [&](std::size_t) { ++calls; }); }));
  EXPECT_EQ(calls, 0);
}

TEST(ParallelFor, StopsBetweenItems) {
  std::stop_source source;
  int calls = 0;
  EXPECT_TRUE(is_cancelled([&] {
    parallel_for(10, 1, source.get_token(), [&](std::size_t i) {
      ++calls;
      if (i == 3) source.request_stop();
    });
  }));
  EXPECT_EQ(calls, 4);
}

TEST(ParallelFor, MakesDoWithTheThreadsItGets) {
  const test::Finished child = test::run_in_child([] {
    if (!forbid_many_threads()) return 2;
    std::atomic<int> sum = 0;
    parallel_for(10, 4, {}, [&](std::size_t i) { sum += static_cast<int>(i); });
    return sum == 45 ? 0 : 1;
  });
  EXPECT_EQ(child.exit_code, 0) << child.err;
}

TEST(OrderedPipeline, ConsumesInOrderOnTheCallingThread) {
  for (const unsigned threads : {0u, 1u, 4u}) {
    for (const std::size_t window : {std::size_t{1}, std::size_t{3}, std::size_t{100}}) {
      std::vector<std::size_t> seen;
      ordered_pipeline<std::size_t>(
          50, threads, window, {},
          [](std::size_t i) {
            std::this_thread::sleep_for(std::chrono::microseconds(mix_bits(i) % 200));
            return i * i;
          },
          [&, caller = std::this_thread::get_id()](std::size_t i, std::size_t value) {
            EXPECT_EQ(value, i * i);
            EXPECT_EQ(std::this_thread::get_id(), caller);
            seen.push_back(i);
          });
      std::vector<std::size_t> expected(50);
      std::iota(expected.begin(), expected.end(), std::size_t{0});
      EXPECT_EQ(seen, expected) << threads << " threads, window " << window;
    }
  }
}

TEST(OrderedPipeline, HasNothingToDoForZero) {
  ordered_pipeline<int>(
      0, 4, 2, {}, [](std::size_t) { return 1; }, [](std::size_t, int) { FAIL(); });
}

TEST(OrderedPipeline, ProducesOnSeveralThreads) {
  std::barrier both(2);
  ordered_pipeline<int>(
      2, 2, 2, {},
      [&](std::size_t) {
        both.arrive_and_wait();
        return 0;
      },
      [](std::size_t, int) {});
}

TEST(OrderedPipeline, HoldsNoMoreValuesThanItsWindow) {
  constexpr int kWindow = 3;
  std::atomic<int> alive = 0;
  std::atomic<int> most = 0;
  ordered_pipeline<Counted>(
      60, 4, kWindow, {},
      [&](std::size_t) {
        Counted value(alive);
        most = std::max(most.load(), alive.load());
        return value;
      },
      [](std::size_t, const Counted&) { std::this_thread::sleep_for(100us); });
  EXPECT_LE(most, kWindow);
  EXPECT_GE(most, 2);
  EXPECT_EQ(alive, 0);
}

TEST(OrderedPipeline, CarriesWhatCanOnlyBeMoved) {
  int sum = 0;
  ordered_pipeline<std::unique_ptr<int>>(
      5, 2, 2, {}, [](std::size_t i) { return std::make_unique<int>(static_cast<int>(i)); },
      [&](std::size_t, const std::unique_ptr<int>& value) { sum += *value; });
  EXPECT_EQ(sum, 10);
}

TEST(OrderedPipeline, ThrowsWhatAProducerThrew) {
  std::atomic<int> alive = 0;
  int consumed = 0;
  const auto produce = [&](std::size_t i) {
    if (i == 7) throw std::runtime_error("seven");
    return Counted(alive);
  };
  EXPECT_EQ(message_of([&] {
              ordered_pipeline<Counted>(1000, 3, 4, {}, produce,
                                        [&](std::size_t, const Counted&) { ++consumed; });
            }),
            "seven");
  EXPECT_LE(consumed, 7);
  EXPECT_EQ(alive, 0);
}

TEST(OrderedPipeline, ThrowsWhatTheConsumerThrew) {
  std::atomic<int> alive = 0;
  std::atomic<int> produced = 0;
  int consumed = 0;
  const auto consume = [&](std::size_t i, const Counted&) {
    if (i == 5) throw std::runtime_error("five");
    ++consumed;
  };
  EXPECT_EQ(message_of([&] {
              ordered_pipeline<Counted>(
                  1000, 3, 4, {},
                  [&](std::size_t) {
                    ++produced;
                    return Counted(alive);
                  },
                  consume);
            }),
            "five");
  EXPECT_EQ(consumed, 5);
  EXPECT_LE(produced, 5 + 4);
  EXPECT_EQ(alive, 0);
}

TEST(OrderedPipeline, DoesNothingOnceAStopWasAskedFor) {
  std::stop_source source;
  source.request_stop();
  std::atomic<int> calls = 0;
  EXPECT_TRUE(is_cancelled([&] {
    ordered_pipeline<int>(
        10, 3, 2, source.get_token(), [&](std::size_t) { return ++calls; },
        [&](std::size_t, int) { ++calls; });
  }));
  EXPECT_EQ(calls, 0);
}

TEST(OrderedPipeline, StopsWhileTheConsumerWorks) {
  std::stop_source source;
  int consumed = 0;
  EXPECT_TRUE(is_cancelled([&] {
    ordered_pipeline<int>(
        1000, 3, 4, source.get_token(), [](std::size_t) { return 0; },
        [&](std::size_t i, int) {
          ++consumed;
          if (i == 3) source.request_stop();
        });
  }));
  EXPECT_EQ(consumed, 4);
}

TEST(OrderedPipeline, StopsWhileTheConsumerWaits) {
  std::stop_source source;
  std::atomic<bool> consumer_waits = false;
  EXPECT_TRUE(is_cancelled([&] {
    ordered_pipeline<int>(
        2, 1, 2, source.get_token(),
        [&](std::size_t i) {
          if (i == 1) source.request_stop();
          return 0;
        },
        [&](std::size_t i, int) {
          if (i == 0) consumer_waits = true;
        });
  }));
}

TEST(OrderedPipeline, MakesDoWithTheThreadsItGets) {
  const test::Finished child = test::run_in_child([] {
    if (!forbid_many_threads()) return 2;
    int consumed = 0;
    try {
      ordered_pipeline<int>(
          50, 4, 2, {}, [](std::size_t) { return 0; }, [&](std::size_t, int) { ++consumed; });
    } catch (const Error& error) {
      return error.kind() == ErrorKind::kUnsupported ? 0 : 1;
    }
    return consumed == 50 ? 0 : 1;
  });
  EXPECT_EQ(child.exit_code, 0) << child.err;
}

}  // namespace
}  // namespace winnow
