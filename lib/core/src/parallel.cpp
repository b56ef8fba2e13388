#include "winnow/core/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>

#include "winnow/core/error.hpp"

namespace winnow {

std::vector<std::jthread> start_threads(std::size_t wanted, std::size_t needed,
                                        const std::function<void()>& run) {
  std::vector<std::jthread> threads;
  threads.reserve(wanted);
  try {
    while (threads.size() < wanted) threads.emplace_back(run);
  } catch (const std::system_error& error) {
    if (threads.size() < needed) {
      throw Error(ErrorKind::kUnsupported, "",
                  std::string("cannot start a thread: ") + error.code().message() + "; allow more processes");
    }
  }
  return threads;
}

void parallel_for(std::size_t count, unsigned threads, const std::stop_token& stop,
                  const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next = 0;
  std::exception_ptr failure;
  std::mutex mutex;
  const auto run = [&] {
    try {
      for (std::size_t i = next++; i < count && !stop.stop_requested(); i = next++) work(i);
    } catch (...) {
      next = count;
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  };
  {
    const std::size_t wanted = std::min<std::size_t>(std::max(1u, threads), count);
    const std::vector<std::jthread> helpers = start_threads(wanted > 0 ? wanted - 1 : 0, 0, run);
    run();
  }
  if (failure) std::rethrow_exception(failure);
  throw_if_stopped(stop);
}

namespace detail {

void ordered_pipeline(std::size_t count, unsigned threads, std::size_t window, const std::stop_token& stop,
                      const std::function<void(std::size_t, std::size_t)>& produce,
                      const std::function<void(std::size_t, std::size_t)>& consume) {
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t next = 0;      // the next index to produce
  std::size_t consumed = 0;  // everything below has been consumed
  std::vector<char> ready(window, 0);
  std::exception_ptr failure;
  bool over = false;

  const auto give_up = [&](std::exception_ptr reason) {
    const std::lock_guard lock(mutex);
    if (!failure) failure = std::move(reason);
    over = true;
    changed.notify_all();
  };
  const auto run = [&] {
    while (true) {
      std::size_t index = 0;
      {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return over || next >= count || next < consumed + window; });
        if (over || next >= count) return;
        index = next++;
      }
      try {
        produce(index, index % window);
      } catch (...) {
        give_up(std::current_exception());
        return;
      }
      const std::lock_guard lock(mutex);
      ready[index % window] = 1;
      changed.notify_all();
    }
  };

  {
    const std::stop_callback wake(stop, [&] {
      const std::lock_guard lock(mutex);
      over = true;
      changed.notify_all();
    });
    const std::vector<std::jthread> producers =
        start_threads(std::min<std::size_t>(std::max(1u, threads), count), 1, run);
    while (consumed < count) {
      {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return over || ready[consumed % window]; });
        if (over) break;
        ready[consumed % window] = 0;
      }
      try {
        consume(consumed, consumed % window);
      } catch (...) {
        give_up(std::current_exception());
        break;
      }
      const std::lock_guard lock(mutex);
      ++consumed;
      changed.notify_all();
    }
  }
  if (failure) std::rethrow_exception(failure);
  throw_if_stopped(stop);
}

}  // namespace detail
}  // namespace winnow
