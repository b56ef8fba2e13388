#include "winnow/core/control_group.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temporary_folder.hpp"

namespace winnow {
namespace {

using testing::DoubleEq;
using testing::Eq;
using testing::Optional;

constexpr const char* kVersion2 = "30 24 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";
constexpr const char* kVersion1 =
    "31 30 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
    "32 30 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";

class ControlGroupTest : public testing::Test {
 protected:
  void mounts(std::string_view lines) const { (void)root_.write("proc/self/mountinfo", lines); }
  void own(std::string_view lines) const { (void)root_.write("proc/self/cgroup", lines); }
  void file(const std::string& name, std::string_view text) const {
    (void)root_.write("sys/fs/cgroup/" + name, text);
  }
  [[nodiscard]] ControlGroup read() const { return read_control_group(root_.path()); }

  test::TemporaryFolder root_;
};

TEST_F(ControlGroupTest, IsEmptyWhereThereIsNone) {
  const ControlGroup group = read();
  EXPECT_FALSE(group.processors || group.memory || group.memory_spare);
}

TEST_F(ControlGroupTest, OfVersion2WithinAContainer) {
  mounts(kVersion2);
  own("0::/\n");
  file("cpu.max", "50000 100000\n");
  file("memory.max", "536870912\n");
  file("memory.current", "200000000\n");
  file("memory.stat", "anon 100\nfile 100\ninactive_file 50000000\ninactive_file_x 7\n");
  const ControlGroup group = read();
  EXPECT_THAT(group.processors, Optional(DoubleEq(0.5)));
  EXPECT_THAT(group.memory, Optional(Eq(536'870'912U)));
  EXPECT_THAT(group.memory_spare, Optional(Eq(386'870'912U)));
}

TEST_F(ControlGroupTest, TakesTheSmallestLimitOnTheWayUp) {
  mounts(kVersion2);
  own("0::/system.slice/winnow-serve.service\n");
  file("system.slice/cpu.max", "150000 100000\n");
  file("system.slice/memory.max", "2000000000\n");
  file("system.slice/winnow-serve.service/cpu.max", "400000 100000\n");
  file("system.slice/winnow-serve.service/memory.max", "max\n");
  const ControlGroup group = read();
  EXPECT_THAT(group.processors, Optional(DoubleEq(1.5)));
  EXPECT_THAT(group.memory, Optional(Eq(2'000'000'000U)));
  EXPECT_FALSE(group.memory_spare);  // what is in use is not told
}

TEST_F(ControlGroupTest, OfVersion1) {
  mounts(kVersion1);
  own("4:memory:/jobs/7\n3:cpu,cpuacct:/jobs\n0::/\n");
  file("cpu,cpuacct/jobs/cpu.cfs_quota_us", "200000\n");
  file("cpu,cpuacct/jobs/cpu.cfs_period_us", "100000\n");
  file("memory/memory.limit_in_bytes", "9223372036854771712\n");
  file("memory/jobs/7/memory.limit_in_bytes", "1000000000\n");
  file("memory/jobs/7/memory.usage_in_bytes", "300000000\n");
  file("memory/jobs/7/memory.stat", "inactive_file 1\ntotal_inactive_file 100000000\n");
  const ControlGroup group = read();
  EXPECT_THAT(group.processors, Optional(DoubleEq(2)));
  EXPECT_THAT(group.memory, Optional(Eq(1'000'000'000U)));
  EXPECT_THAT(group.memory_spare, Optional(Eq(800'000'000U)));
}

// Docker of version 1 shows the group at the mount point, and its path outside in proc.
TEST_F(ControlGroupTest, OfVersion1WithinAContainer) {
  mounts("32 30 0:28 /docker/1f /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n");
  own("4:memory:/docker/1f\n");
  file("memory/memory.limit_in_bytes", "512000000\n");
  EXPECT_THAT(read().memory, Optional(Eq(512'000'000U)));
}

TEST_F(ControlGroupTest, WithoutQuota) {
  mounts(std::string(kVersion1) + kVersion2);
  own("3:cpu:/\n0::/\n");
  file("cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
  file("cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  file("cpu.max", "max 100000\n");
  file("memory.max", "max\n");
  const ControlGroup group = read();
  EXPECT_FALSE(group.processors || group.memory);
}

TEST_F(ControlGroupTest, PassesOverWhatItDoesNotUnderstand) {
  for (const char* text :
       {"", "\n\n", " - ", "a b c d e f - cgroup2", "- - - -", "30 24 0:26 / relative rw - cgroup2 c rw"}) {
    mounts(text);
    own(text);
    EXPECT_FALSE(read().memory) << text;
  }
  mounts(kVersion2);
  for (const char* path : {"0::/../../../etc", "0::", "::::", "0:name=x:/", "0::/\xff\xfe"}) {
    own(path);
    file("cpu.max", "1e9 nonsense more");
    file("memory.max", "-5");
    EXPECT_FALSE(read().memory || read().processors) << path;
  }
  for (const char* quota : {"0 100000", "100000 0", "100000", "99999999999999999999 100000", "abc def"}) {
    file("cpu.max", quota);
    EXPECT_FALSE(read().processors) << quota;
  }
  file("memory.max", "1000");
  file("memory.current", "5000");  // more than there may be
  EXPECT_THAT(read().memory_spare, Optional(Eq(0U)));
}

TEST(SystemFile, IsReadUpToALimitAndNeverFails) {
  const test::TemporaryFolder folder;
  EXPECT_EQ(read_system_file(folder / "none"), "");
  EXPECT_EQ(read_system_file(folder.path()), "");
  EXPECT_EQ(read_system_file(folder.write("some", "text\n")), "text\n");
  EXPECT_LT(read_system_file("/dev/zero").size(), 5'000'000U);
  EXPECT_THAT(read_system_file("/proc/self/cmdline"), testing::HasSubstr("core_test"));
}

TEST(UsableMemory, IsThere) {
  EXPECT_GT(usable_memory(), 1'000'000U);
}

}  // namespace
}  // namespace winnow
