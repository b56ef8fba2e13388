#include "work_pool.hpp"

namespace winnow::portal {

WorkPool::WorkPool(unsigned threads, std::size_t queue) : queue_(queue) {
  for (unsigned i = 0; i < threads; ++i) {
    threads_.emplace_back([this] {
      while (const auto work = queue_.pop()) (*work)();
    });
  }
}

WorkPool::~WorkPool() {
  queue_.close();
  for (std::thread& thread : threads_) thread.join();
}

}  // namespace winnow::portal
