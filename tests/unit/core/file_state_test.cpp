#include "winnow/core/file_state.hpp"

#include <gtest/gtest.h>

#include "support/temporary_folder.hpp"
#include "winnow/core/atomic_file.hpp"

namespace winnow {
namespace {

TEST(FileState, ChangesWithEveryReplacementHoweverFast) {
  const test::TemporaryFolder folder;
  const auto file = folder / "file";
  EXPECT_EQ(file_state(file), "");
  write_file_atomically(file, "one");
  std::string before = file_state(file);
  EXPECT_EQ(file_state(file), before);
  for (int i = 0; i < 50; ++i) {
    write_file_atomically(file, i % 2 == 0 ? "two" : "one");
    EXPECT_NE(file_state(file), before);
    before = file_state(file);
  }
  EXPECT_EQ(file_state(folder.path()), "") << "a folder is no file";
}

}  // namespace
}  // namespace winnow
