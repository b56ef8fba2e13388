#include "winnow/core/atomic_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temporary_folder.hpp"
#include "winnow/core/atomic_file.hpp"
#include "winnow/core/error.hpp"

namespace winnow {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(AtomicFolder, AppearsWhole) {
  const test::TemporaryFolder folder;
  AtomicFolder fresh(folder / "fresh/");
  write_file_atomically(fresh.path() / "a", std::string_view("1"));
  EXPECT_FALSE(std::filesystem::exists(folder / "fresh"));
  fresh.commit();
  EXPECT_THAT(test::list_files(folder.path()), ElementsAre("fresh/a"));
}

TEST(AtomicFolder, LeavesNothingWithoutCommit) {
  const test::TemporaryFolder folder;
  {
    const AtomicFolder fresh(folder / "fresh");
    write_file_atomically(fresh.path() / "a", std::string_view("1"));
  }
  EXPECT_THAT(test::list_files(folder.path()), IsEmpty());
}

TEST(AtomicFolder, ReplacesNothing) {
  const test::TemporaryFolder folder;
  folder.write("there/old", "0");
  {
    AtomicFolder fresh(folder / "there");
    EXPECT_THROW(fresh.commit(), Error);
  }
  EXPECT_THAT(test::list_files(folder.path()), ElementsAre("there/old"));
  EXPECT_THROW(AtomicFolder(folder / "no/such/place"), Error);
}

}  // namespace
}  // namespace winnow
