#include "winnow/scraping/manifest_row.hpp"

#include <array>
#include <utility>

#include "winnow/core/error.hpp"

namespace winnow::scraping {
namespace {

constexpr std::array<std::pair<RowOutcome, std::string_view>, 7> kOutcomes = {{
    {RowOutcome::kKept, "kept"},
    {RowOutcome::kDuplicate, "duplicate"},
    {RowOutcome::kNearDuplicate, "near_duplicate"},
    {RowOutcome::kDuplicateUrl, "duplicate_url"},
    {RowOutcome::kFailed, "failed"},
    {RowOutcome::kRemoved, "removed"},
    {RowOutcome::kPageFailed, "page_failed"},
}};

// Every plain member once: calls visit(name, member) for each, in the order of the file.
template <class Row, class Visit>
void visit_members(Row& row, const Visit& visit) {
  visit("reason", row.reason);
  visit("detail", row.detail);
  visit("file", row.file);
  visit("duplicate_of", row.duplicate_of);
  visit("sha256", row.sha256);
  visit("fetched_sha256", row.fetched_sha256);
  visit("phash", row.phash);
  visit("bytes", row.bytes);
  visit("width", row.width);
  visit("height", row.height);
  visit("image_format", row.image_format);
  visit("licence", row.licence);
  visit("creator", row.creator);
  visit("title", row.title);
  visit("page_url", row.page_url);
  visit("source", row.source);
  visit("retrieved_at", row.retrieved_at);
  visit("licence_url", row.licence_url);
  visit("creator_url", row.creator_url);
  visit("source_id", row.source_id);
  visit("query", row.query);
  visit("permission", row.permission);
}

}  // namespace

std::string_view outcome_name(RowOutcome outcome) {
  for (const auto& [known, name] : kOutcomes) {
    if (known == outcome) return name;
  }
  return "unknown";
}

Json to_json(const ManifestRow& row) {
  Json json = {{"url", row.url}, {"label", row.label}, {"outcome", outcome_name(row.outcome)}};
  visit_members(row, [&](const char* name, const auto& member) {
    if (member != std::remove_cvref_t<decltype(member)>{}) json[name] = member;
  });
  return json;
}

ManifestRow row_from_json(const Json& json, const std::string& where) {
  ManifestRow row;
  try {
    row.url = json.at("url").get<std::string>();
    row.label = json.at("label").get<std::string>();
    const auto name = json.at("outcome").get<std::string>();
    bool known = false;
    for (const auto& [outcome, text] : kOutcomes) {
      if (text != name) continue;
      row.outcome = outcome;
      known = true;
    }
    if (!known) throw Error(ErrorKind::kInvalid, where, "has an outcome that is not known here: " + name);
    visit_members(row, [&](const char* member_name, auto& member) {
      if (const auto found = json.find(member_name); found != json.end()) found->get_to(member);
    });
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::kInvalid, where, std::string("is not a row of a manifest (") + error.what() + ")");
  }
  return row;
}

}  // namespace winnow::scraping
