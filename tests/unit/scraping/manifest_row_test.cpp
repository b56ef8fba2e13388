#include "winnow/scraping/manifest_row.hpp"

#include <gtest/gtest.h>

#include "winnow/core/error.hpp"

namespace winnow::scraping {
namespace {

ManifestRow full_row() {
  return {.url = "http://a/1.jpg",
          .page_url = "http://a/1",
          .label = "cat",
          .outcome = RowOutcome::kKept,
          .reason = "r",
          .detail = "d",
          .file = "cat/0123456789abcdef.jpg",
          .duplicate_of = "cat/x.jpg",
          .sha256 = "0123",
          .fetched_sha256 = "4567",
          .phash = "0123456789abcdef",
          .bytes = 5'000'000'000,
          .width = 640,
          .height = 480,
          .image_format = "jpg",
          .licence = "cc0",
          .creator = "Ann",
          .title = "Tom",
          .source = "list",
          .retrieved_at = "2026-11-21T12:00:00Z",
          .licence_url = "https://creativecommons.org/publicdomain/zero/1.0/",
          .creator_url = "http://a/ann",
          .source_id = "1",
          .query = "tom cat",
          .permission = "Ann said yes"};
}

TEST(ManifestRow, ComesBackAsItWent) {
  EXPECT_EQ(row_from_json(to_json(full_row()), "x"), full_row());
  const ManifestRow bare{.url = "http://a/1.jpg", .label = "cat", .outcome = RowOutcome::kDuplicateUrl};
  EXPECT_EQ(row_from_json(to_json(bare), "x"), bare);
}

TEST(ManifestRow, LeavesOutWhatIsNotKnown) {
  const ManifestRow row{
      .url = "http://a/1.jpg", .label = "cat", .outcome = RowOutcome::kFailed, .reason = "http_404"};
  EXPECT_EQ(to_line(to_json(row)),
            R"({"url":"http://a/1.jpg","label":"cat","outcome":"failed","reason":"http_404"})");
}

TEST(ManifestRow, KnowsEveryOutcome) {
  for (const RowOutcome outcome :
       {RowOutcome::kKept, RowOutcome::kDuplicate, RowOutcome::kNearDuplicate, RowOutcome::kDuplicateUrl,
        RowOutcome::kRemoved, RowOutcome::kFailed, RowOutcome::kPageFailed}) {
    ManifestRow row = full_row();
    row.outcome = outcome;
    EXPECT_EQ(row_from_json(to_json(row), "x").outcome, outcome) << outcome_name(outcome);
  }
}

TEST(ManifestRow, PassesOverUnknownMembers) {
  Json json = to_json(full_row());
  json["from_a_later_version"] = "0123";
  EXPECT_EQ(row_from_json(json, "x"), full_row());
}

TEST(ManifestRow, RefusesWhatIsNone) {
  for (const char* text :
       {"{}", "[]", "5", "null", R"({"url":"u","label":"l"})", R"({"url":"u","outcome":"kept"})",
        R"({"label":"l","outcome":"kept"})", R"({"url":"u","label":"l","outcome":"lost"})",
        R"({"url":5,"label":"l","outcome":"kept"})",
        R"({"url":"u","label":"l","outcome":"kept","bytes":"many"})",
        R"({"url":"u","label":"l","outcome":"kept","file":null})"}) {
    try {
      (void)row_from_json(Json::parse(text), "manifest.jsonl:7");
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalid);
      EXPECT_TRUE(std::string(error.what()).starts_with("manifest.jsonl:7: ")) << error.what();
    }
  }
}

}  // namespace
}  // namespace winnow::scraping
