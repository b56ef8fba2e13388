#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/html.hpp"
#include "support/photo.hpp"
#include "support/recording_context.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/curation/curate.hpp"
#include "winnow/image/encode.hpp"

namespace winnow::curation {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kHostile = "\"><script>alert('x')</script>&";

std::string render(const Curation& curation, const std::string& name, const std::string& command_line) {
  dataset::Dataset tree{.root = curation.manifest.root, .classes = {}, .samples = {}};
  for (const dataset::CuratedRow& row : curation.manifest.rows) tree.samples.push_back({row.path});
  return render_curation_report(tree, curation, name, command_line, test::RecordingContext());
}

void add_row(Curation& curation, const std::string& path, const std::string& label,
             const std::string& issue) {
  dataset::CuratedRow row{.path = path, .label = label, .keep = issue.empty(), .issues = {}, .sha256 = "aa"};
  if (!issue.empty()) row.issues.push_back({issue, "detail of " + path});
  curation.manifest.rows.push_back(std::move(row));
}

// One conflict, one pair of duplicates, one broken file.
Curation example(const std::string& text) {
  Curation curation;
  add_row(curation, text + "/a.jpg", text, kLabelConflict);
  add_row(curation, "dog/a.jpg", "dog", kLabelConflict);
  add_row(curation, text + "/b.jpg", text, "");
  add_row(curation, text + "/c.jpg", text, kNearDuplicate);
  add_row(curation, text + "/d.jpg", text, "truncated");
  curation.manifest.rows.back().sha256.clear();
  curation.groups = {{{0, 1}, true}, {{2, 3}, false}};
  curation.classes = {{.label = text, .found = 4, .broken = 1, .duplicates = 1, .conflicts = 1, .train = 1},
                      {.label = "dog", .found = 1, .conflicts = 1}};
  return curation;
}

TEST(CurationReport, IsAWholePageThatFetchesNothing) {
  const std::string html = render(example("cat"), "pets", "winnow-curate pets -o c.jsonl");
  EXPECT_EQ(test::find_markup_fault(html), "");
  EXPECT_EQ(test::find_outside_reference(html), "");
  EXPECT_THAT(html, HasSubstr("<title>pets</title>"));
  EXPECT_THAT(html, HasSubstr("<pre>winnow-curate pets -o c.jsonl</pre>"));
}

TEST(CurationReport, EscapesNamesAndLabels) {
  const std::string html = render(example(kHostile), kHostile, kHostile);
  EXPECT_EQ(test::find_markup_fault(html), "");
  EXPECT_EQ(test::count_of(html, "<script"), 1);
  EXPECT_THAT(html, Not(HasSubstr("<script>alert")));
}

TEST(CurationReport, SaysWhatWasCounted) {
  Curation curation = example("cat");
  curation.leaks = 77;
  const std::string html = render(curation, "pets", "");
  EXPECT_THAT(html, HasSubstr("<b>5</b><span>images found</span><small>in 2 classes</small>"));
  EXPECT_THAT(html,
              HasSubstr("<b>1</b><span>kept</span><small>1 to train, 0 to validate, 0 to test</small>"));
  EXPECT_THAT(html, HasSubstr("<b>1</b><span>duplicates</span>"));
  EXPECT_THAT(html, HasSubstr("<b>2</b><span>under two labels</span>"));
  EXPECT_THAT(html, HasSubstr("<b>1</b><span>broken</span>"));
  EXPECT_THAT(html, HasSubstr("<b>77</b><span>leaks between splits</span>"));
  EXPECT_THAT(
      html,
      HasSubstr(
          "<th scope=\"row\">cat</th><td class=\"n\">4</td><td class=\"n\">1</td><td class=\"n\">1</td>"));
}

TEST(CurationReport, ShowsGroupsSideBySide) {
  const test::TemporaryFolder folder;
  Curation curation = example("cat");
  curation.manifest.root = folder.path();
  for (const char* name : {"cat/a.jpg", "dog/a.jpg", "cat/b.jpg", "cat/c.jpg", "cat/d.jpg"}) {
    folder.write(name, std::string(as_text(image::encode_jpeg(test::draw_photo(1, 20, 15)))));
  }
  const std::string html = render(curation, "pets", "");
  EXPECT_EQ(test::count_of(html, "<img "), 4);
  EXPECT_EQ(test::count_of(html, "src=\"data:image/jpeg;base64,/9j/"), 4);
  EXPECT_LT(html.find("One picture, two labels"), html.find("<h2>Duplicates</h2>"));
  EXPECT_THAT(html, HasSubstr("<b>kept</b>cat/b.jpg"));
  EXPECT_THAT(html, HasSubstr("<b>looks the same</b>cat/c.jpg"));
  EXPECT_EQ(test::count_of(html, "<figure class=\"alarm\""), 3);
}

TEST(CurationReport, ListsBrokenFilesWithTheirReasons) {
  EXPECT_THAT(render(example("cat"), "pets", ""),
              HasSubstr("<th scope=\"row\">cat/d.jpg</th><td>detail of cat/d.jpg</td>"));
}

TEST(CurationReport, LeavesOutWhatThereIsNot) {
  Curation curation;
  add_row(curation, "cat/a.jpg", "cat", "");
  curation.classes = {{.label = "cat", .found = 1, .train = 1}};
  const std::string html = render(curation, "pets", "");
  EXPECT_EQ(test::find_markup_fault(html), "");
  for (const char* heading : {"One picture, two labels", "<h2>Duplicates</h2>", "Broken files"}) {
    EXPECT_THAT(html, Not(HasSubstr(heading)));
  }
}

TEST(CurationReport, StaysReadableForVeryMany) {
  Curation curation;
  for (std::size_t group = 0; group < 70; ++group) {
    curation.groups.push_back({{2 * group, 2 * group + 1}, false});
    add_row(curation, fmt::format("cat/{}.jpg", group), "cat", "");
    add_row(curation, fmt::format("cat/{}_copy.jpg", group), "cat", kExactDuplicate);
  }
  for (std::size_t i = 0; i < 20; ++i) curation.groups[0].rows.push_back(2 * i + 1);
  const std::string html = render(curation, "pets", "");
  EXPECT_EQ(test::find_markup_fault(html), "");
  EXPECT_EQ(test::count_of(html, "<div class=\"pictures\">"), 60);
  EXPECT_THAT(html, HasSubstr("and 6 more like these"));
  EXPECT_THAT(html, HasSubstr("More groups are in the manifest."));
}

TEST(CurationReport, ShowsWhatIsWorthALookLargestSheetAndWorstPictureFirst) {
  Curation curation;
  for (const auto& [path, issue, score] :
       {std::tuple{"cat/1.jpg", kDark, 0.3}, {"cat/2.jpg", kLabelError, 0.4}, {"cat/3.jpg", kDark, 0.1}}) {
    add_row(curation, path, "cat", "");
    curation.manifest.rows.back().issues.push_back({issue, "why " + std::string(path), score});
  }
  curation.manifest.rows[1].issues[0].suggested_label = "dog";
  curation.classes = {{.label = "cat", .found = 3, .review = 3, .train = 3}, {.label = "dog"}};
  const std::string html = render(curation, "pets", "");
  EXPECT_EQ(test::find_markup_fault(html), "");
  EXPECT_LT(html.find("<h2>Dark</h2>"), html.find("<h2>Probably a wrong label</h2>"));
  EXPECT_LT(html.find("why cat/3.jpg"), html.find("why cat/1.jpg"));
  EXPECT_THAT(html, HasSubstr("<b>cat, or dog?</b>"));
  EXPECT_THAT(html, HasSubstr("data-path=\"cat/2.jpg\" data-label=\"cat\" data-suggested=\"dog\""));
  EXPECT_THAT(html, HasSubstr("<th scope=\"row\">Dark</th><td class=\"n\">2</td>"));
}

TEST(CurationReport, TellsPropertiesOfTheSet) {
  Curation curation = example("cat");
  curation.properties = {{kGrey, 40, 0.4}, {kClassImbalance, 2, 0.004}};
  curation.labels = LabelQuality{0.97, 0.031, true};
  curation.spreads = {{"Dark", {0.5F, 0.9F}, 0.32}};
  const std::string html = render(curation, "pets", "");
  EXPECT_EQ(test::find_markup_fault(html), "");
  EXPECT_THAT(html, HasSubstr("<th scope=\"row\">Without colour</th><td class=\"n\">40</td>"));
  EXPECT_THAT(html, HasSubstr("a property of the set"));
  EXPECT_THAT(html, HasSubstr("<th scope=\"row\">Rarest class</th><td class=\"n\">2</td>"));
  EXPECT_THAT(html, HasSubstr("<b>97.0 %</b>"));
  EXPECT_THAT(html, HasSubstr("<figcaption>Dark</figcaption>"));
}

TEST(CurationReport, LetsAPersonDecide) {
  const std::string html = render(example("cat"), "pets", "");
  EXPECT_EQ(test::count_of(html, "data-path="), 4);
  EXPECT_THAT(html, HasSubstr("const labels = [\"cat\",\"dog\"];"));
}

}  // namespace
}  // namespace winnow::curation
