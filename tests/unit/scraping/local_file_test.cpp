#include "winnow/scraping/local_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support/temporary_folder.hpp"

namespace winnow::scraping {
namespace {

TEST(LocalFile, ReadsAPart) {
  const test::TemporaryFolder folder;
  const std::filesystem::path path = folder.write("a", "0123456789");
  EXPECT_EQ(as_text(*read_local_file({path, 0, 10}, 10)), "0123456789");
  EXPECT_EQ(as_text(*read_local_file({path, 3, 4}, 10)), "3456");
  EXPECT_EQ(as_text(*read_local_file({path, 10, 0}, 10)), "");
}

TEST(LocalFile, SaysWhyItCannotBeRead) {
  const test::TemporaryFolder folder;
  const std::filesystem::path path = folder.write("a", "0123456789");
  EXPECT_EQ(read_local_file({path, 0, 10}, 9).failure().code, "too_large");
  EXPECT_EQ(read_local_file({path, 5, 10}, 100).failure().message, "cannot be read: has become shorter");
  EXPECT_EQ(read_local_file({folder / "none", 0, 1}, 9).failure().code, "unreadable");
  EXPECT_EQ(read_local_file({folder.path(), 0, 1}, 9).failure().code, "unreadable");
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(read_local_file({folder / "pipe", 0, 1}, 9).failure().code, "unreadable");
}

}  // namespace
}  // namespace winnow::scraping
