#include "winnow/core/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "support/process.hpp"
#include "winnow/core/error.hpp"

namespace winnow {
namespace {

namespace fs = std::filesystem;

TEST(TemporaryFolder, IsOursAloneAndGoesWithAllThatIsInIt) {
  fs::path path;
  {
    const TemporaryFolder folder;
    path = folder.path();
    fs::create_directories(path / "a/b");
    std::ofstream(path / "a/b/c") << "text";
    EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_all);
    EXPECT_NE(TemporaryFolder().path(), path);
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(TemporaryFolder, SaysThatItsPlaceIsMissing) {
  const test::Finished child = test::run_in_child([] {
    ::setenv("TMPDIR", "/no/such/folder", 1);
    try {
      const TemporaryFolder folder;
    } catch (const Error& error) {
      return error.kind() == ErrorKind::kIo ? 7 : 8;
    }
    return 9;
  });
  EXPECT_EQ(child.exit_code, 7) << child.err;
}

}  // namespace
}  // namespace winnow
