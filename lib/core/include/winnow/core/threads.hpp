#pragma once

namespace winnow {

// Processors this process may use: its affinity mask, and the CPU quota of a container or a service rounded
// up. At least 1.
[[nodiscard]] unsigned available_threads();

// Tells glibc to keep large freed blocks instead of giving them back to the kernel after every operation:
// tensor code otherwise spends half its time in page faults. Call first in main, for tools that compute.
void keep_freed_memory();

// Keeps a program that stays from growing: threads share the memory that glibc holds, where each would keep a
// pool of its own with holes that nobody else uses, and what is large is given back at once. Call first in
// main, because with the second thread it is too late.
void share_freed_memory();

// Gives back what glibc holds of freed memory: after work that took much and will not come again soon.
void release_freed_memory();

}  // namespace winnow
