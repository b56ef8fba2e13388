#include <fmt/format.h>

#include <algorithm>

#include "winnow/curation/curate.hpp"
#include "winnow/dataset/thumbnail.hpp"
#include "winnow/report/chart.hpp"
#include "winnow/report/page.hpp"

namespace winnow::curation {
namespace {

constexpr int kThumbnailSide = 200;
constexpr std::size_t kMostGroups = 60;
constexpr std::size_t kMostPicturesOfGroup = 16;
constexpr std::size_t kMostBroken = 200;

using dataset::CuratedRow;

void write_counts(const Curation& curation, report::Page& page) {
  ClassCounts all;
  for (const ClassCounts& c : curation.classes) {
    all.found += c.found;
    all.broken += c.broken;
    all.duplicates += c.duplicates;
    all.conflicts += c.conflicts;
    all.train += c.train;
    all.validation += c.validation;
    all.test += c.test;
  }
  page.facts(
      {{std::to_string(all.found), "images found", fmt::format("in {} classes", curation.classes.size())},
       {std::to_string(all.kept()), "kept",
        fmt::format("{} to train, {} to validate, {} to test", all.train, all.validation, all.test)},
       {std::to_string(all.duplicates), "duplicates", "the best copy of each is kept"},
       {std::to_string(all.conflicts), "under two labels", "none of these is kept"},
       {std::to_string(all.broken), "broken", "not an image, or cut short"},
       {std::to_string(curation.leaks), "leaks between splits",
        "copies on two sides; checked after the fact"}});
  report::Table table{{"class", "found", "broken", "duplicates", "conflicts", "kept", "train", "val", "test"},
                      {},
                      {false, true, true, true, true, true, true, true, true}};
  for (const ClassCounts& c : curation.classes) {
    std::vector<std::string> row = {c.label};
    for (const std::size_t n :
         {c.found, c.broken, c.duplicates, c.conflicts, c.kept(), c.train, c.validation, c.test}) {
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

void write_groups(const Curation& curation, report::Page& page, bool conflict, std::string_view heading,
                  std::string_view explanation) {
  std::size_t shown = 0;
  for (const DuplicateGroup& group : curation.groups) {
    if (group.conflict != conflict) continue;
    if (shown == 0) page.section(heading, explanation);
    if (++shown > kMostGroups) break;
    std::vector<report::Picture> pictures;
    for (std::size_t i = 0; i < std::min(group.rows.size(), kMostPicturesOfGroup); ++i) {
      const CuratedRow& row = curation.manifest.rows[group.rows[i]];
      pictures.push_back({dataset::thumbnail_jpeg(curation.manifest.root / row.path, kThumbnailSide),
                          conflict                                    ? row.label
                          : row.keep                                  ? "kept"
                          : row.issues.back().code == kExactDuplicate ? "same bytes"
                                                                      : "looks the same",
                          fmt::format("{}, {} x {}", row.path, row.width, row.height), !row.keep});
    }
    page.pictures(pictures);
    if (group.rows.size() > kMostPicturesOfGroup) {
      page.paragraph(fmt::format("and {} more like these", group.rows.size() - kMostPicturesOfGroup));
    }
  }
  if (shown > kMostGroups) page.paragraph("More groups are in the manifest.");
}

void write_broken(const Curation& curation, report::Page& page) {
  report::Table table{{"file", "reason"}, {}, {}};
  for (const CuratedRow& row : curation.manifest.rows) {
    if (row.sha256.empty() && table.rows.size() < kMostBroken)
      table.rows.push_back({row.path, row.issues.back().detail});
  }
  if (table.rows.empty()) return;
  page.section("Broken files", "They are left where they are, but nothing is learned from them.");
  page.table(table);
}

}  // namespace

std::string render_curation_report(const Curation& curation, const std::string& name,
                                   const std::string& command_line) {
  report::Page page(name, "What was found in this folder, and what is worth learning from");
  write_counts(curation, page);
  write_groups(curation, page, true, "One picture, two labels",
               "Which label is right, a person has to say. Until then none of them is used.");
  write_groups(curation, page, false, "Duplicates",
               "Each row is one picture. The copy with the most pixels is kept, the others are left out.");
  write_broken(curation, page);
  page.section("How it was made");
  page.code(command_line);
  return page.render();
}

}  // namespace winnow::curation
