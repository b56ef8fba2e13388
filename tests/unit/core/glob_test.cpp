#include "winnow/core/glob.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temporary_folder.hpp"

namespace winnow {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Glob : public testing::Test {
 protected:
  Glob() {
    for (const char* name :
         {"a.jpg", "b.jpg", "b.png", ".hidden.jpg", "x/c.jpg", "x/y/d.jpg", ".git/e.jpg"}) {
      folder_.write(name, "");
    }
    std::filesystem::create_directory_symlink(folder_.path(), folder_ / "x/round");
  }
  [[nodiscard]] std::vector<std::string> expand(const std::string& pattern) const {
    std::vector<std::string> names;
    for (const auto& file : expand_glob((folder_ / pattern).string())) {
      names.push_back(file.lexically_relative(folder_.path()).string());
    }
    return names;
  }

  test::TemporaryFolder folder_;
};

TEST_F(Glob, MatchesWithinANameAndSorts) {
  EXPECT_THAT(expand("*.jpg"), ElementsAre("a.jpg", "b.jpg"));
  EXPECT_THAT(expand("?.png"), ElementsAre("b.png"));
  EXPECT_THAT(expand("[ax].jpg"), ElementsAre("a.jpg"));
  EXPECT_THAT(expand("*/c.jpg"), ElementsAre("x/c.jpg"));
  EXPECT_THAT(expand("x/../*.png"), ElementsAre("x/../b.png"));
}

TEST_F(Glob, TwoStarsStandForAnyNumberOfFolders) {
  EXPECT_THAT(expand("**/*.jpg"), ElementsAre("a.jpg", "b.jpg", "x/c.jpg", "x/y/d.jpg"));
  EXPECT_THAT(expand("x/**/d.jpg"), ElementsAre("x/y/d.jpg"));
  EXPECT_THAT(expand("**"), ElementsAre("a.jpg", "b.jpg", "b.png", "x/c.jpg", "x/y/d.jpg"));
  EXPECT_THAT(expand("**/**/d.jpg"), ElementsAre("x/y/d.jpg"));
}

TEST_F(Glob, FindsHiddenNamesOnlyByTheirDot) {
  EXPECT_THAT(expand(".h*"), ElementsAre(".hidden.jpg"));
  EXPECT_THAT(expand(".git/*"), ElementsAre(".git/e.jpg"));
}

TEST_F(Glob, NamesFilesOnly) {
  EXPECT_THAT(expand("*"), ElementsAre("a.jpg", "b.jpg", "b.png"));
  EXPECT_THAT(expand("*.gif"), IsEmpty());
  EXPECT_THAT(expand("nowhere/*"), IsEmpty());
}

TEST(IsGlob, IsToldByItsCharacters) {
  EXPECT_TRUE(is_glob("a*"));
  EXPECT_TRUE(is_glob("a?.jpg"));
  EXPECT_TRUE(is_glob("[ab].jpg"));
  EXPECT_FALSE(is_glob("a.jpg"));
}

}  // namespace
}  // namespace winnow
