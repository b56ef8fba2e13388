#include "winnow/report/page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/html.hpp"
#include "winnow/report/chart.hpp"

namespace winnow::report {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kHostile = R"("><script>alert('x')</script>&amp;<b title="{}{0}%s)";

// A page that uses everything a page can hold, with the same text everywhere.
std::string full_page(const std::string& text) {
  Page page(text, text);
  page.section(text, text);
  page.section("Without an explanation");
  page.paragraph(text);
  page.code(text);
  page.facts({{text, text, text}, {"98 %", "accuracy", ""}});
  page.table({{text, "n"}, {{text, "1"}, {"b", text}}, {false, true}});
  page.pictures({{Bytes{1, 2, 3}, text, text, true}, {Bytes{}, text, "", false}});
  page.picture_groups({{{{Bytes{1}, text, text}, {Bytes{}, text, ""}}, text}, {{{Bytes{}, text, ""}}}});
  page.charts(
      {{draw(BarChart{text, {{text, 1}}}), text},
       {draw(LineChart{.title = text, .x_label = text, .y_label = text, .series = {{text, {}}, {text, {}}}}),
        text},
       {draw_confusion({text, text}, [](std::size_t, std::size_t) { return std::size_t{1}; }), text}});
  return page.render();
}

std::string base64(const Bytes& bytes) {
  Page page("", "");
  page.pictures({{bytes, "", ""}});
  const std::string html = page.render();
  const std::string start = "data:image/jpeg;base64,";
  const std::size_t begin = html.find(start) + start.size();
  return html.substr(begin, html.find('"', begin) - begin);
}

TEST(Escape, LeavesNothingThatMeansSomethingToABrowser) {
  EXPECT_EQ(escape("a<b>&\"c'd"), "a&lt;b&gt;&amp;&quot;c&#39;d");
  EXPECT_EQ(escape("&lt;"), "&amp;lt;");
  EXPECT_EQ(escape("crème 猫"), "crème 猫");
  EXPECT_EQ(escape(""), "");
}

TEST(Page, IsWellFormedAndComplete) {
  const std::string html = full_page("plain text");
  EXPECT_EQ(test::find_markup_fault(html), "");
  EXPECT_THAT(html, testing::StartsWith("<!doctype html>\n<html lang=\"en\">"));
  EXPECT_THAT(html, AllOf(HasSubstr("<meta charset=\"utf-8\">"), HasSubstr("name=\"viewport\""),
                          HasSubstr("<title>plain text</title>"), HasSubstr("prefers-color-scheme: dark")));
}

TEST(Page, FetchesNothing) {
  EXPECT_EQ(test::find_outside_reference(full_page("plain text")), "");
}

TEST(Page, EscapesWhatItIsGivenEverywhere) {
  const std::string html = full_page(kHostile);
  EXPECT_EQ(test::find_markup_fault(html), "");
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, Not(HasSubstr("<b title")));
  EXPECT_THAT(html, Not(HasSubstr("&amp;<")));
  // As many times as in a page of plain text, and each time to the last character.
  EXPECT_EQ(test::count_of(html, escape(kHostile)), test::count_of(full_page("plain text"), "plain text"));
}

TEST(Page, KeepsTheOrderInWhichItWasWritten) {
  Page page("t", "s");
  page.paragraph("first");
  page.section("second");
  page.code("third");
  const std::string html = page.render();
  EXPECT_LT(html.find("first"), html.find("second"));
  EXPECT_LT(html.find("second"), html.find("third"));
}

TEST(Page, WritesTextIntoItsPlace) {
  Page page("Pets", "Cats and dogs");
  page.facts({{"98 %", "accuracy", "of 55"}});
  page.section("Heading", "because");
  page.code("winnow-train pets -o run");
  const std::string html = page.render();
  EXPECT_THAT(html, HasSubstr("<h1>Pets</h1><p>Cats and dogs</p>"));
  EXPECT_THAT(html, HasSubstr("<b>98 %</b><span>accuracy</span><small>of 55</small>"));
  EXPECT_THAT(html, HasSubstr("<h2>Heading</h2>\n<p class=\"why\">because</p>"));
  EXPECT_THAT(html, HasSubstr("<pre>winnow-train pets -o run</pre>"));
}

TEST(Page, AlignsNumericColumns) {
  Page page("t", "s");
  page.table({{"class", "images"}, {{"cat", "7"}}, {false, true}});
  const std::string html = page.render();
  EXPECT_THAT(html, HasSubstr("<th scope=\"col\">class</th><th scope=\"col\" class=\"n\">images</th>"));
  EXPECT_THAT(html, HasSubstr("<th scope=\"row\">cat</th><td class=\"n\">7</td>"));
}

TEST(Page, TablesNeedNoRowsAndNoAlignment) {
  Page page("t", "s");
  page.table({{"class"}, {}, {}});
  const std::string html = page.render();
  EXPECT_THAT(html, HasSubstr("<th scope=\"col\">class</th>"));
  EXPECT_EQ(test::find_markup_fault(html), "");
}

TEST(Page, MarksAlarmingPicturesOnly) {
  Page page("t", "s");
  page.pictures({{Bytes{1}, "a", "", true}, {Bytes{1}, "b", "", false}});
  EXPECT_EQ(test::count_of(page.render(), "<figure class=\"alarm\">"), 1);
}

TEST(Page, IsWellFormedWhenEmpty) {
  EXPECT_EQ(test::find_markup_fault(Page("", "").render()), "");
}

// RFC 4648, section 10, and the two digits it does not show.
TEST(Base64, MatchesThePublishedVectors) {
  EXPECT_EQ(base64({}), "");
  EXPECT_EQ(base64({'f'}), "Zg==");
  EXPECT_EQ(base64({'f', 'o'}), "Zm8=");
  EXPECT_EQ(base64({'f', 'o', 'o'}), "Zm9v");
  EXPECT_EQ(base64({'f', 'o', 'o', 'b'}), "Zm9vYg==");
  EXPECT_EQ(base64({'f', 'o', 'o', 'b', 'a'}), "Zm9vYmE=");
  EXPECT_EQ(base64({'f', 'o', 'o', 'b', 'a', 'r'}), "Zm9vYmFy");
  EXPECT_EQ(base64({0xfb, 0xff, 0xfe}), "+//+");
  EXPECT_EQ(base64({0, 0, 0}), "AAAA");
}

TEST(MarkupCheck, FindsWhatIsWrong) {
  EXPECT_EQ(test::find_markup_fault("<p class=\"a\">x<br>y</p><line x=\"1\"/>"), "");
  for (const char* wrong : {"<p>", "</p>", "<p><b></p></b>", "a < b", "<p class=a>x</p>", "<p x=\"<\">y</p>",
                            "a & b", "<p class=\"a>x</p>"}) {
    EXPECT_NE(test::find_markup_fault(wrong), "") << wrong;
  }
}

TEST(ReferenceCheck, FindsWhatWouldBeFetched) {
  EXPECT_EQ(test::find_outside_reference("<img src=\"data:image/jpeg;base64,a//b\">"), "");
  for (const char* wrong :
       {"<img src=\"https://a.b/c\">", "<img src=\"//a.b/c\">", "<script src=\"a.js\">", "@import 'x'",
        "background: url(x)", "<img src=\"data:image/jpeg;base64,a\"> //x"}) {
    EXPECT_NE(test::find_outside_reference(wrong), "") << wrong;
  }
}

TEST(Page, TakesDecisionsOnPicturesThatHaveAPath) {
  Page page("t", "s");
  page.pictures({{.jpeg = {}, .title = "a", .path = "cat/\"1\".jpg", .label = "cat", .suggested = "dog"},
                 {.jpeg = {}, .title = "b"}});
  page.take_decisions({"cat", "dog"});
  const std::string html = page.render();
  EXPECT_EQ(test::find_markup_fault(html), "");
  EXPECT_EQ(test::find_outside_reference(html), "");
  EXPECT_EQ(test::count_of(html, "<figure data-path="), 1);
  EXPECT_THAT(html,
              HasSubstr("data-path=\"cat/&quot;1&quot;.jpg\" data-label=\"cat\" data-suggested=\"dog\""));
  EXPECT_THAT(html, HasSubstr("const labels = [\"cat\",\"dog\"];"));
}

TEST(Page, NoLabelEndsTheScript) {
  Page page("t", "s");
  page.take_decisions({"</script><script>alert(1)"});
  const std::string html = page.render();
  EXPECT_EQ(test::count_of(html, "<script>"), 1);
  EXPECT_EQ(test::count_of(html, "</script>"), 1);
}

TEST(Page, HasNoScriptUnlessItTakesDecisions) {
  EXPECT_EQ(test::count_of(Page("t", "s").render(), "<script"), 0);
}

TEST(Page, FoldsTheNumbersOfAChart) {
  Page page("run", "");
  page.numbers("as a <table>", {{"epoch"}, {{"1"}}, {true}});
  const std::string html = page.render();
  EXPECT_EQ(test::find_markup_fault(html), "");
  EXPECT_THAT(html, HasSubstr("<details><summary>as a &lt;table&gt;</summary>"));
}

TEST(Page, ListsItems) {
  Page page("run", "");
  page.list({"one", "<two>"});
  EXPECT_THAT(page.render(), HasSubstr("<ul>\n<li>one</li>\n<li>&lt;two&gt;</li>\n</ul>"));
}

TEST(Page, SetsASecondPictureBesideTheFirst) {
  Page page("run", "");
  page.pictures({{.jpeg = Bytes{1}, .title = "cat", .caption = "", .overlay = Bytes{2}}});
  const std::string html = page.render();
  EXPECT_EQ(test::find_markup_fault(html), "");
  EXPECT_EQ(test::count_of(html, "<img "), 2);
  EXPECT_THAT(html, HasSubstr("alt=\"Where the evidence for the answer lies\""));
}

}  // namespace
}  // namespace winnow::report
