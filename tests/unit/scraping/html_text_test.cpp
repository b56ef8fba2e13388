#include "html_text.hpp"

#include <gtest/gtest.h>

namespace winnow::scraping {
namespace {

TEST(HtmlText, ReadsWhatPeopleRead) {
  EXPECT_EQ(html_text("plain"), "plain");
  EXPECT_EQ(html_text("<a href=\"//commons.wikimedia.org/wiki/User:X\">X &amp; Y</a>"), "X & Y");
  EXPECT_EQ(html_text("<div>a</div>\n<p>b<br>c</p>"), "a bc");
  EXPECT_EQ(html_text("M&uuml;ller &#169; 2020"), "M\xc3\xbcller \xc2\xa9 2020");
  EXPECT_EQ(html_text("  a \n\t b "), "a b");
  EXPECT_EQ(html_text("x<script>alert(1)</script><style>y{}</style>"), "x");
  EXPECT_EQ(html_text(""), "");
}

TEST(HtmlText, MakesNothingOfDamage) {
  EXPECT_EQ(html_text("<a href='x"), "");
  EXPECT_EQ(html_text("a < b"), "a < b");
  EXPECT_EQ(html_text("&nonsense; &#xffffff;").find('\n'), std::string::npos);
  EXPECT_EQ(html_text("a&#27;[0m"), "a [0m");
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<b>";
  EXPECT_LE(html_text(deep + "x").size(), 1u);
  EXPECT_LE(html_text(std::string(100'000, 'x')).size(), 4100u);
  (void)html_text("\xff\xfe<b>\xc3</b>");
}

}  // namespace
}  // namespace winnow::scraping
