#include "winnow/core/threads.hpp"

#include <malloc.h>
#include <sched.h>

#include <algorithm>
#include <optional>
#include <thread>

#include "winnow/core/control_group.hpp"

namespace winnow {

unsigned available_threads() {
  unsigned threads = std::max(1u, std::thread::hardware_concurrency());
  // glibc counts the processors of the machine, whatever taskset or a container allows.
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
    threads = std::min(threads, static_cast<unsigned>(CPU_COUNT(&allowed)));
  }
  if (const std::optional<double> quota = read_control_group().processors) {
    threads = std::min(threads, static_cast<unsigned>(std::max(1.0, *quota + 0.999)));
  }
  return threads;
}

void keep_freed_memory() {
  ::mallopt(M_MMAP_THRESHOLD, 1 << 30);
  ::mallopt(M_TRIM_THRESHOLD, 2'000'000'000);
  ::mallopt(M_TOP_PAD, 64 << 20);
}

void share_freed_memory() {
  ::mallopt(M_ARENA_MAX, 2);
  // Otherwise the threshold grows to the largest that was freed, and large holes stay between small
  // neighbours.
  ::mallopt(M_MMAP_THRESHOLD, 4 << 20);
}

void release_freed_memory() {
  ::malloc_trim(0);
}

}  // namespace winnow
