#include "upload_name.hpp"

#include <gtest/gtest.h>

#include <string>

#include "winnow/core/json.hpp"

namespace winnow::jobs {
namespace {

TEST(UploadName, LeadsOutsideByRootDriveOrParent) {
  for (const char* const name :
       {"/", "/a", "\\a", "..", "../a", "a/..", "a/../b", "a\\..\\b", "C:", "c:/a", "Z:a"}) {
    EXPECT_TRUE(leads_outside(name)) << name;
  }
  for (const char* const name : {"", "a", "a/b", "./a", "...", "a..", "..a", "a/..b/c", "1:a", "ab:c"}) {
    EXPECT_FALSE(leads_outside(name)) << name;
  }
}

TEST(UploadName, IsHiddenInAnyFolder) {
  for (const char* const name :
       {".a", "a/.b", ".a/b", "a\\.b", "__MACOSX/a", "a/__MACOSX/b", "Thumbs.db", "desktop.ini"}) {
    EXPECT_TRUE(is_hidden(name)) << name;
  }
  for (const char* const name : {"", "a", "./a", "a.b", "a/b.", "__MACOSX2", "Thumbs.db.jpg"}) {
    EXPECT_FALSE(is_hidden(name)) << name;
  }
}

TEST(UploadName, IsShownAsTextOfOneLine) {
  EXPECT_EQ(shown_name("a/b.jpg"), "a/b.jpg");
  EXPECT_EQ(shown_name("././a.jpg"), "a.jpg");
  EXPECT_EQ(shown_name(""), "?");
  EXPECT_EQ(shown_name("./"), "?");
  EXPECT_EQ(shown_name("a\r\nb\x7f"), "a??b?");
  EXPECT_EQ(shown_name("\xc3\xa4.jpg"), "\xc3\xa4.jpg");
  EXPECT_EQ(shown_name("\xe4.jpg"), "?.jpg");
  EXPECT_EQ(shown_name("a\xe2\x80\xae"
                       "b\xe2\x81\xa6"
                       "c"),
            "a?b?c");
}

TEST(UploadName, IsShownAtABoundedLength) {
  std::string umlauts;
  for (int i = 0; i < 5'000; ++i) umlauts += "\xc3\xa4";
  for (const std::string& name : {umlauts, "x" + umlauts, std::string(1'000'000, 'x')}) {
    const std::string shown = shown_name(name);
    EXPECT_LE(shown.size(), 203U);
    EXPECT_TRUE(shown.ends_with("..."));
    EXPECT_TRUE(is_utf8(shown));
  }
}

}  // namespace
}  // namespace winnow::jobs
