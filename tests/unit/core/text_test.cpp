#include "winnow/core/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace winnow {
namespace {

using testing::ElementsAre;
using namespace std::chrono_literals;

TEST(ToLower, ChangesOnlyAscii) {
  EXPECT_EQ(to_lower("AZaz09_É"), "azaz09_É");
}

TEST(Trim, RemovesSpaceAtBothEnds) {
  EXPECT_EQ(trim(" \t a b \r\n"), "a b");
  EXPECT_EQ(trim("ab"), "ab");
  EXPECT_EQ(trim(" \n"), "");
  EXPECT_EQ(trim(""), "");
}

TEST(Split, KeepsEmptyParts) {
  EXPECT_THAT(split("a,b", ','), ElementsAre("a", "b"));
  EXPECT_THAT(split(",a,,", ','), ElementsAre("", "a", "", ""));
  EXPECT_THAT(split("", ','), ElementsAre(""));
}

TEST(FormatBytes, ChoosesTheUnit) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(999), "999 B");
  EXPECT_EQ(format_bytes(1000), "1.0 kB");
  EXPECT_EQ(format_bytes(1'449'000), "1.4 MB");
  EXPECT_EQ(format_bytes(999'949), "999.9 kB");
  EXPECT_EQ(format_bytes(999'999), "1.0 MB");
  EXPECT_EQ(format_bytes(2'500'000'000), "2.5 GB");
  EXPECT_EQ(format_bytes(1'234'500'000'000'000), "1234.5 TB");
}

TEST(FormatDuration, ShowsHoursOnlyWhenThereAre) {
  EXPECT_EQ(format_duration(0s), "0:00");
  EXPECT_EQ(format_duration(7s), "0:07");
  EXPECT_EQ(format_duration(750s), "12:30");
  EXPECT_EQ(format_duration(3599s), "59:59");
  EXPECT_EQ(format_duration(3723s), "1:02:03");
  EXPECT_EQ(format_duration(100h), "100:00:00");
}

TEST(FormatTime, IsRfc3339InUtc) {
  EXPECT_EQ(format_time(std::chrono::system_clock::time_point(0s)), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_time(std::chrono::system_clock::time_point(1'795'262'400s)), "2026-11-21T12:00:00Z");
}

TEST(FormatCount, KnowsTheSingular) {
  EXPECT_EQ(format_count(0, "picture"), "0 pictures");
  EXPECT_EQ(format_count(1, "picture"), "1 picture");
  EXPECT_EQ(format_count(2, "usable image"), "2 usable images");
  EXPECT_EQ(format_count(1, "class"), "1 class");
  EXPECT_EQ(format_count(12, "class"), "12 classes");
}

TEST(DisplayWidth, CountsCodePoints) {
  EXPECT_EQ(display_width(""), 0u);
  EXPECT_EQ(display_width("abc"), 3u);
  EXPECT_EQ(display_width("été"), 3u);
  EXPECT_EQ(display_width("猫😀"), 2u);
}

TEST(Printable, LeavesPlainTextAlone) {
  EXPECT_EQ(printable("crème brûlée 猫 ~"), "crème brûlée 猫 ~");
}

TEST(Printable, ReplacesControlCharacters) {
  EXPECT_EQ(printable(std::string_view("a\0b\n\r\t\x1b[31m\x7f", 12)), "a?b????[31m?");
}

// U+009B starts an escape sequence just as ESC [ does.
TEST(Printable, ReplacesTheControlCharactersAboveAscii) {
  EXPECT_EQ(printable("a\xc2\x9b"
                      "2Jb\xc2\x80"),
            "a?2Jb?");
  EXPECT_EQ(printable("\xc2\xa0\xc3\x9b"), "\xc2\xa0\xc3\x9b");
}

TEST(Printable, CapsTheLength) {
  EXPECT_EQ(printable("abcdef", 6), "abcdef");
  EXPECT_EQ(printable("abcdefg", 6), "abcdef...");
  EXPECT_EQ(printable(std::string(600, 'x')).size(), 503u);
}

TEST(Printable, CutsBetweenCharacters) {
  EXPECT_EQ(printable("aéz", 2), "a...");
  EXPECT_EQ(printable("a猫z", 3), "a...");
  EXPECT_EQ(printable("a猫z", 4), "a猫...");
}

TEST(SafeFileName, TakesForeignTextApart) {
  EXPECT_EQ(safe_file_name("golden retriever, dog"), "golden retriever, dog");
  EXPECT_EQ(safe_file_name("../../etc/passwd"), "_._.._etc_passwd");
  EXPECT_EQ(safe_file_name("a\\b/c"), "a_b_c");
  EXPECT_EQ(safe_file_name(".."), "_.");
  EXPECT_EQ(safe_file_name(" \n"), "_");
  EXPECT_EQ(safe_file_name("x\ny"), "x?y");
  EXPECT_EQ(safe_file_name(std::string(300, 'x')).size(), 200u);
}

}  // namespace
}  // namespace winnow
