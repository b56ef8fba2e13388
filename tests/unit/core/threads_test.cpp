#include "winnow/core/threads.hpp"

#include <gtest/gtest.h>
#include <malloc.h>
#include <sched.h>

#include <cstdlib>
#include <thread>

#include "support/process.hpp"

namespace winnow {
namespace {

TEST(AvailableThreads, IsAtLeastOneAndNoMoreThanThereAre) {
  EXPECT_GE(available_threads(), 1u);
  EXPECT_LE(available_threads(), std::max(1u, std::thread::hardware_concurrency()));
}

TEST(AvailableThreads, IsOneOnOneProcessor) {
  const test::Finished child = test::run_in_child([] {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 2;
    int first = 0;
    while (!CPU_ISSET(first, &allowed)) ++first;
    CPU_ZERO(&allowed);
    CPU_SET(first, &allowed);
    if (::sched_setaffinity(0, sizeof allowed, &allowed) != 0) return 2;
    return available_threads() == 1 ? 0 : 1;
  });
  EXPECT_EQ(child.exit_code, 0);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they bring their own allocator
TEST(KeepFreedMemory, KeepsLargeBlocksInTheHeap) {
  const test::Finished child = test::run_in_child([] {
    keep_freed_memory();
    constexpr std::size_t kBlock = 200'000'000;
    void* volatile block = std::malloc(kBlock);
    const bool mapped = ::mallinfo2().hblkhd >= kBlock;
    std::free(block);
    const bool kept = ::mallinfo2().fordblks >= kBlock;
    return mapped ? 1 : kept ? 0 : 2;
  });
  EXPECT_EQ(child.exit_code, 0);
}
#endif

}  // namespace
}  // namespace winnow
