#include "winnow/scraping/label.hpp"

#include <gtest/gtest.h>

#include "winnow/core/error.hpp"

namespace winnow::scraping {
namespace {

TEST(Label, MayBeAnyOrdinaryName) {
  for (const char* label : {"cat", "spaghetti carbonara", "crème brûlée", "寿司", "a", "r2-d2_v1.5", "a..b",
                            "it's", "50%", "a&b", "-dash"}) {
    EXPECT_EQ(label_problem(label), "") << label;
    EXPECT_NO_THROW(check_label("list.csv:3", label)) << label;
  }
}

TEST(Label, RefusesWhatCannotOrMustNotBeAFolder) {
  const std::string zero("a\0b", 3);
  for (const std::string& label :
       {std::string(), std::string("a/b"), std::string("/etc"), std::string("../x"), std::string(".."),
        std::string("."), std::string(".hidden"), std::string("a\\b"), std::string("a\nb"),
        std::string("\x7f"), zero, std::string("a\xc2\x85"), std::string("\xc2\x9b[2J"), std::string(" a"),
        std::string("a "), std::string("\xff\xfe"), std::string(201, 'a'), std::string("manifest.jsonl"),
        std::string("ATTRIBUTION.md")}) {
    EXPECT_NE(label_problem(label), "") << label;
  }
}

TEST(Label, SaysWhere) {
  try {
    check_label("list.csv:3", "a/b");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_STREQ(error.what(), "list.csv:3: a label cannot hold a slash; it becomes the name of a folder");
  }
}

}  // namespace
}  // namespace winnow::scraping
