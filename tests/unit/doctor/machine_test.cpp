#include "winnow/doctor/machine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "support/temporary_folder.hpp"

namespace winnow::doctor {
namespace {

using testing::Eq;
using testing::Optional;

TEST(ReadMachine, ReadsTheKernelsFiles) {
  const test::TemporaryFolder root;
  (void)root.write("proc/cpuinfo",
                   "processor\t: 0\nmodel name\t: Old Atom\nflags\t\t: fpu sse4_2\n\nprocessor\t: 1\n"
                   "model name\t: Other\nflags\t\t: avx2\n");
  (void)root.write(
      "proc/meminfo",
      "MemTotal:         500000 kB\nMemAvailable:    100000 kB\nSwapTotal:  300 kB\nSwapFree: 100 kB\n");
  (void)root.write(
      "proc/pressure/memory",
      "some avg10=9.00 avg60=9.00 avg300=0 total=1\nfull avg10=0.00 avg60=7.25 avg300=0 total=1\n");
  (void)root.write("etc/os-release", "ID=debian\nPRETTY_NAME=\"Some Linux\"\n");
  (void)root.write("proc/self/mountinfo", "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  (void)root.write("proc/self/cgroup", "0::/\n");
  (void)root.write("sys/fs/cgroup/cpu.max", "50000 100000\n");
  (void)root.write("sys/fs/cgroup/memory.max", "256000000\n");
  const Machine machine = read_machine(root.path());
  EXPECT_EQ(machine.system, "Some Linux");
  EXPECT_EQ(machine.processor, "Old Atom");
  EXPECT_THAT(machine.instructions, testing::UnorderedElementsAre("fpu", "sse4_2"));
  EXPECT_THAT(machine.memory, Optional(Eq(512'000'000U)));
  EXPECT_THAT(memory_limit(machine), Optional(Eq(256'000'000U)));
  EXPECT_THAT(memory_free(machine), Optional(Eq(102'400'000U)));
  EXPECT_THAT(machine.swap_used, Optional(Eq(204'800U)));
  EXPECT_THAT(machine.memory_stall, Optional(7.25));
  EXPECT_EQ(cores(machine), 0.5);
}

TEST(ReadMachine, DoesWithoutAnyOfThem) {
  const test::TemporaryFolder root;
  const Machine machine = read_machine(root.path());
  EXPECT_EQ(machine.system, "");
  EXPECT_EQ(machine.processor, "");
  EXPECT_EQ(vector_path(machine), "");
  EXPECT_FALSE(memory_limit(machine) || memory_free(machine) || machine.swap || machine.memory_stall);
  EXPECT_GE(cores(machine), 1);
  EXPECT_GE(machine.threads, 1U);
}

TEST(ReadMachine, PassesOverWhatMakesNoSense) {
  const test::TemporaryFolder root;
  for (const std::string& text :
       {std::string(), std::string("\n:\n=\n"),
        std::string("MemTotal:\nMemTotal: x kB\nmodel name\nflags:\nfull avg60=\n"),
        std::string("MemTotal: 99999999999999999999999 kB\nfull avg60=-3 avg60=900\nPRETTY_NAME=\"\n"),
        std::string("SwapTotal: 1 kB\nSwapFree: 5 kB\n"), std::string("\0\xff\x1b[31m\n", 8),
        std::string(10'000, 'f')}) {
    for (const char* name : {"proc/cpuinfo", "proc/meminfo", "proc/pressure/memory", "etc/os-release"})
      (void)root.write(name, text);
    const Machine machine = read_machine(root.path());
    EXPECT_FALSE(machine.memory) << text;
    EXPECT_FALSE(machine.memory_stall) << text;
    EXPECT_FALSE(machine.swap_used) << text;
  }
  (void)root.write("proc/cpuinfo", "model name : \x1b[31mred\n");
  EXPECT_EQ(read_machine(root.path()).processor, "?[31mred");  // fit for a terminal
}

TEST(ReadMachine, KnowsThisOne) {
  const Machine machine = read_machine();
  EXPECT_NE(machine.kernel, "");
  EXPECT_GT(memory_limit(machine).value_or(0), 100'000'000U);
  EXPECT_LE(machine.installed, machine.now);
}

TEST(ReadFolder, SaysWhetherItCanBeWritten) {
  const test::TemporaryFolder folder;
  const Folder own = read_folder(Folder::Use::kCache, folder.path());
  EXPECT_TRUE(own.exists && own.writable);
  EXPECT_GT(own.free.value_or(0), 0U);
  const Folder to_be_made = read_folder(Folder::Use::kCache, folder / "a/b/c");
  EXPECT_TRUE(!to_be_made.exists && to_be_made.writable);
  EXPECT_TRUE(test::list_files(folder.path()).empty());
  EXPECT_FALSE(read_folder(Folder::Use::kCache, folder.write("file", "") / "below").writable);
  EXPECT_FALSE(read_folder(Folder::Use::kCache, "").writable);
}

TEST(ReadFolder, KnowsThatMemoryIsNoDisk) {
  const Folder memory = read_folder(Folder::Use::kTemporary, "/dev/shm");
  if (!memory.exists) GTEST_SKIP() << "no /dev/shm";
  EXPECT_TRUE(memory.in_memory);
}

}  // namespace
}  // namespace winnow::doctor
