#pragma once

#include <functional>
#include <thread>
#include <vector>

#include "winnow/core/bounded_queue.hpp"

namespace winnow::portal {

// A few threads for what may block, and a queue before them that cannot grow. Thread-safe.
class WorkPool {
 public:
  using Work = std::function<void()>;

  WorkPool(unsigned threads, std::size_t queue);
  // What waits is still done.
  ~WorkPool();
  WorkPool(const WorkPool&) = delete;
  WorkPool& operator=(const WorkPool&) = delete;

  // Does not wait. Returns false if the queue is full. work must not throw.
  [[nodiscard]] bool try_run(Work work) { return queue_.try_push(std::move(work)); }

 private:
  BoundedQueue<Work> queue_;
  std::vector<std::thread> threads_;
};

}  // namespace winnow::portal
