#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "thumbnails.hpp"
#include "winnow/core/text.hpp"
#include "winnow/curation/curate.hpp"
#include "winnow/report/chart.hpp"
#include "winnow/report/page.hpp"

namespace winnow::curation {
namespace {

constexpr std::size_t kMostGroups = 60;
constexpr std::size_t kMostPicturesOfGroup = 16;
constexpr std::size_t kMostOfSheet = 60;
constexpr std::size_t kMostBroken = 200;

using dataset::CuratedRow;
using dataset::Issue;

// Pictures with one issue, worst first.
struct Sheet {
  const ReviewType* type;
  std::vector<std::pair<std::size_t, const Issue*>> pictures;  // row, and what is said of it
};

// Largest first; those that nothing can be said of are left out.
std::vector<Sheet> collect_sheets(const Curation& curation) {
  std::map<std::string_view, std::size_t> index;
  std::vector<Sheet> sheets;
  for (const ReviewType& type : review_types()) {
    index[type.code] = sheets.size();
    sheets.push_back({&type, {}});
  }
  for (std::size_t row = 0; row < curation.manifest.rows.size(); ++row) {
    for (const Issue& issue : curation.manifest.rows[row].issues) {
      const auto found = index.find(issue.code);
      if (found != index.end()) sheets[found->second].pictures.emplace_back(row, &issue);
    }
  }
  std::erase_if(sheets, [](const Sheet& sheet) { return sheet.pictures.empty(); });
  for (Sheet& sheet : sheets) {
    std::stable_sort(sheet.pictures.begin(), sheet.pictures.end(), [](const auto& a, const auto& b) {
      return a.second->score.value_or(1) < b.second->score.value_or(1);
    });
  }
  std::stable_sort(sheets.begin(), sheets.end(),
                   [](const Sheet& a, const Sheet& b) { return a.pictures.size() > b.pictures.size(); });
  return sheets;
}

// Every row that the page shows.
std::vector<std::size_t> rows_shown(const Curation& curation, const std::vector<Sheet>& sheets) {
  std::vector<std::size_t> rows;
  std::size_t shown[2] = {0, 0};
  for (const DuplicateGroup& group : curation.groups) {
    if (++shown[group.conflict ? 1 : 0] > kMostGroups) continue;
    const std::size_t count = std::min(group.rows.size(), kMostPicturesOfGroup);
    rows.insert(rows.end(), group.rows.begin(), group.rows.begin() + static_cast<std::ptrdiff_t>(count));
  }
  for (const Sheet& sheet : sheets) {
    for (std::size_t i = 0; i < std::min(sheet.pictures.size(), kMostOfSheet); ++i) {
      rows.push_back(sheet.pictures[i].first);
    }
  }
  return rows;
}

std::vector<report::Fact> key_facts(const Curation& curation) {
  ClassCounts all;
  for (const ClassCounts& c : curation.classes) {
    all.found += c.found;
    all.broken += c.broken;
    all.duplicates += c.duplicates;
    all.conflicts += c.conflicts;
    all.dropped += c.dropped;
    all.review += c.review;
    all.train += c.train;
    all.validation += c.validation;
    all.test += c.test;
  }
  std::vector<report::Fact> facts = {
      {std::to_string(all.found), all.found == 1 ? "image found" : "images found",
       "in " + format_count(curation.classes.size(), "class")},
      {std::to_string(all.kept()), "kept",
       fmt::format("{} to train, {} to validate, {} to test", all.train, all.validation, all.test)},
      {std::to_string(all.review), "worth a look", "kept, but something speaks against them"},
      {std::to_string(all.duplicates), "duplicates", "the best copy of each is kept"},
      {std::to_string(all.conflicts), "under two labels", "none of these is kept"},
      {std::to_string(all.broken), "broken", "not an image, cut short, or a placeholder"},
      {std::to_string(curation.leaks), "leaks between splits",
       "copies on two sides; checked after the fact"}};
  if (all.dropped > 0) facts.push_back({std::to_string(all.dropped), "dropped", "as decided, or by --auto"});
  if (curation.labels) {
    facts.push_back({fmt::format("{:.1f} %", 100 * curation.labels->accuracy), "labels foretold",
                     fmt::format("by heads that had not seen the picture; {:.1f} % of the labels seem wrong",
                                 100 * curation.labels->noise_rate)});
  }
  return facts;
}

void write_classes(const Curation& curation, report::Page& page) {
  report::Table table{{"class", "found", "broken", "duplicates", "conflicts", "dropped", "kept", "review",
                       "train", "val", "test"},
                      {},
                      {false, true, true, true, true, true, true, true, true, true, true}};
  for (const ClassCounts& c : curation.classes) {
    std::vector<std::string> row = {c.label};
    for (const std::size_t n : {c.found, c.broken, c.duplicates, c.conflicts, c.dropped, c.kept(), c.review,
                                c.train, c.validation, c.test}) {
      row.push_back(std::to_string(n));
    }
    table.rows.push_back(std::move(row));
  }
  page.section("By class");
  page.table(table);
  report::BarChart chart{.title = "Images kept by class", .bars = {}};
  for (const ClassCounts& c : curation.classes)
    chart.bars.push_back({c.label, static_cast<double>(c.kept())});
  page.charts({{report::draw(chart), "Images kept"}});
}

void write_issue_counts(const Curation& curation, const std::vector<Sheet>& sheets, report::Page& page) {
  report::Table table{{"issue", "images", "what it means"}, {}, {false, true, false}};
  for (const Sheet& sheet : sheets) {
    table.rows.push_back({std::string(sheet.type->title), std::to_string(sheet.pictures.size()),
                          std::string(sheet.type->explanation)});
  }
  for (const SetProperty& property : curation.properties) {
    const ReviewType* type = find_review_type(property.issue);
    table.rows.push_back({type == nullptr ? "Rarest class" : std::string(type->title),
                          std::to_string(property.count),
                          fmt::format("{:.1f} % of the kept images: a property of the set, not listed below",
                                      100 * property.share)});
  }
  if (table.rows.empty()) return;
  page.section("What is worth a look",
               "These images are kept unless you decide otherwise. Mark them below, save decisions.jsonl at "
               "the bottom of the page, and run winnow-curate again with --decisions decisions.jsonl.");
  page.table(table);
}

void write_spreads(const Curation& curation, report::Page& page) {
  if (curation.spreads.empty()) return;
  page.section("Scores", "Of the kept images, from 0 to 1. What lies left of a dashed line is listed above.");
  std::vector<std::pair<std::string, std::string>> charts;
  for (const ScoreSpread& spread : curation.spreads) {
    charts.emplace_back(report::draw(report::Histogram{spread.title, spread.scores, spread.threshold}),
                        spread.title);
  }
  page.charts(charts);
}

report::Picture picture_of(const CuratedRow& row, const Bytes& jpeg, std::string title, std::string caption) {
  return {.jpeg = jpeg,
          .title = std::move(title),
          .caption = std::move(caption),
          .alarming = !row.keep,
          .path = row.path,
          .label = row.label};
}

void write_groups(const Curation& curation, const Thumbnails& thumbnails, report::Page& page, bool conflict,
                  std::string_view heading, std::string_view explanation) {
  std::vector<report::PictureGroup> shown;
  bool are_more = false;
  for (const DuplicateGroup& group : curation.groups) {
    if (group.conflict != conflict) continue;
    are_more = shown.size() == kMostGroups;
    if (are_more) break;
    report::PictureGroup& pictures = shown.emplace_back();
    for (std::size_t i = 0; i < std::min(group.rows.size(), kMostPicturesOfGroup); ++i) {
      const CuratedRow& row = curation.manifest.rows[group.rows[i]];
      const std::string title = conflict                                    ? row.label
                                : row.keep                                  ? "kept"
                                : row.issues.back().code == kExactDuplicate ? "same bytes"
                                                                            : "looks the same";
      pictures.pictures.push_back(picture_of(row, thumbnails.of(group.rows[i]), title,
                                             fmt::format("{}, {} × {}", row.path, row.width, row.height)));
    }
    if (group.rows.size() > kMostPicturesOfGroup) {
      pictures.note = fmt::format("and {} more like these", group.rows.size() - kMostPicturesOfGroup);
    }
  }
  if (shown.empty()) return;
  page.section(heading, explanation);
  page.picture_groups(shown);
  if (are_more) page.paragraph("More groups are in the manifest.");
}

void write_sheet(const Curation& curation, const Sheet& sheet, const Thumbnails& thumbnails,
                 report::Page& page) {
  page.section(sheet.type->title, sheet.type->explanation);
  std::vector<report::Picture> pictures;
  for (std::size_t i = 0; i < std::min(sheet.pictures.size(), kMostOfSheet); ++i) {
    const auto& [index, issue] = sheet.pictures[i];
    const CuratedRow& row = curation.manifest.rows[index];
    const std::string title = issue->suggested_label.empty()
                                  ? row.label
                                  : fmt::format("{}, or {}?", row.label, issue->suggested_label);
    const std::string why = issue->suggested_label.empty()
                                ? fmt::format("{}: {}", row.path, issue->detail)
                                : fmt::format("{}, margin {:.2f}", row.path, issue->score.value_or(0));
    pictures.push_back(picture_of(row, thumbnails.of(index), title, why));
    pictures.back().suggested = issue->suggested_label;
  }
  page.pictures(pictures);
  if (sheet.pictures.size() > kMostOfSheet) {
    page.paragraph(fmt::format("and {} more in the manifest", sheet.pictures.size() - kMostOfSheet));
  }
}

void write_broken(const Curation& curation, report::Page& page) {
  report::Table table{{"file", "reason"}, {}, {}};
  for (const CuratedRow& row : curation.manifest.rows) {
    if (row.keep || table.rows.size() >= kMostBroken) continue;
    const Issue& reason = row.issues.back();
    if (row.sha256.empty() || reason.code == kPlaceholder) table.rows.push_back({row.path, reason.detail});
  }
  if (table.rows.empty()) return;
  page.section("Broken files", "They are left where they are, but nothing is learned from them.");
  page.table(table);
}

}  // namespace

std::string render_curation_report(const dataset::Dataset& tree, const Curation& curation,
                                   const std::string& name, const std::string& command_line,
                                   const Context& context) {
  const std::vector<Sheet> sheets = collect_sheets(curation);
  const Thumbnails thumbnails(tree, rows_shown(curation, sheets), context);
  report::Page page(name, "What was found in this folder, and what is worth learning from");
  page.facts(key_facts(curation));
  write_classes(curation, page);
  write_issue_counts(curation, sheets, page);
  write_groups(curation, thumbnails, page, true, "One picture, two labels",
               "Which label is right, a person has to say. Until then none of them is used.");
  for (const Sheet& sheet : sheets) write_sheet(curation, sheet, thumbnails, page);
  write_groups(curation, thumbnails, page, false, "Duplicates",
               "Each frame is one picture. The copy with the most pixels is kept, the others are left out.");
  write_spreads(curation, page);
  write_broken(curation, page);
  page.section("How it was made");
  page.code(command_line);
  std::vector<std::string> labels;
  for (const ClassCounts& c : curation.classes) labels.push_back(c.label);
  page.take_decisions(labels);
  return page.render();
}

}  // namespace winnow::curation
