#include "winnow/core/table.hpp"

#include <gtest/gtest.h>

namespace winnow {
namespace {

TEST(Table, AlignsTextLeftAndNumbersRight) {
  Table table({"class", "images", "note"});
  table.add("cat", 7, "x");
  table.add("lasagna", 1200, "yes");
  EXPECT_EQ(table.render(),
            "class    images  note\n"
            "cat           7  x\n"
            "lasagna    1200  yes\n");
}

TEST(Table, AlignsSignsFractionsAndPercentagesAsNumbers) {
  Table table({"what", "value"});
  table.add("a", "-1.25");
  table.add("b", "98.2 %");
  table.add("c", "");
  EXPECT_EQ(table.render(),
            "what   value\n"
            "a      -1.25\n"
            "b     98.2 %\n"
            "c\n");
}

TEST(Table, AlignsAColumnWithOneWordInItLeft) {
  Table table({"what", "value"});
  table.add("a", 1);
  table.add("b", "none");
  EXPECT_EQ(table.render(), "what  value\na     1\nb     none\n");
}

TEST(Table, KeepsTheFirstColumnLeftEvenIfItHoldsNumbers) {
  Table table({"size", "n"});
  table.add(5, 10);
  EXPECT_EQ(table.render(), "size   n\n5     10\n");
}

TEST(Table, CountsCharactersNotBytes) {
  Table table({"class", "n"});
  table.add("crème brûlée", 1);
  table.add("cat", 22);
  EXPECT_EQ(table.render(),
            "class          n\n"
            "crème brûlée   1\n"
            "cat           22\n");
}

TEST(Table, IsOnlyItsHeaderWithoutRows) {
  EXPECT_EQ(Table({"class", "images"}).render(), "class  images\n");
}

}  // namespace
}  // namespace winnow
