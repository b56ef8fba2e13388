#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

namespace winnow {

// Up to `wanted` threads that call run, which must not throw: a container may not let us start all of them.
// Throws Error{kUnsupported} if that makes fewer than `needed`; those that run are joined first, so run has
// to end.
[[nodiscard]] std::vector<std::jthread> start_threads(std::size_t wanted, std::size_t needed,
                                                      const std::function<void()>& run);

// Calls work(i) for every i in [0, count) on up to `threads` threads, in no fixed order. The first exception
// stops the rest and is thrown here; so is Error{kCancelled} when a stop is asked for.
void parallel_for(std::size_t count, unsigned threads, const std::stop_token& stop,
                  const std::function<void(std::size_t)>& work);

namespace detail {
void ordered_pipeline(std::size_t count, unsigned threads, std::size_t window, const std::stop_token& stop,
                      const std::function<void(std::size_t index, std::size_t slot)>& produce,
                      const std::function<void(std::size_t index, std::size_t slot)>& consume);
}

// produce(i) runs on `threads` threads, consume(i, value) on the calling thread in the order of i. At most
// `window` values exist at a time, so memory is bounded however slow the consumer. Throws as parallel_for.
template <class T>
void ordered_pipeline(std::size_t count, unsigned threads, std::size_t window, const std::stop_token& stop,
                      const std::function<T(std::size_t)>& produce,
                      const std::function<void(std::size_t, T)>& consume) {
  std::vector<std::unique_ptr<T>> slots(window);
  detail::ordered_pipeline(
      count, threads, window, stop,
      [&](std::size_t index, std::size_t slot) { slots[slot] = std::make_unique<T>(produce(index)); },
      [&](std::size_t index, std::size_t slot) {
        const std::unique_ptr<T> value = std::move(slots[slot]);
        consume(index, std::move(*value));
      });
}

}  // namespace winnow
