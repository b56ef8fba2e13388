#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "winnow/core/json.hpp"

namespace winnow::scraping {

enum class RowOutcome {
  kKept,
  kDuplicate,      // the same bytes as a picture that was kept
  kNearDuplicate,  // looks like one
  kDuplicateUrl,   // the address had been met before
  kFailed,
  kRemoved,     // was kept, and has been taken out of the set for good
  kPageFailed,  // a page in which pictures were looked for could not be read
};

// One attempt, one line of manifest.jsonl; docs/formats/image-set.md describes the fields. Empty strings and
// zeros stand for what is not known and are left out of the file.
struct ManifestRow {
  std::string url{};
  std::string page_url{};
  std::string label{};
  RowOutcome outcome = RowOutcome::kFailed;
  std::string reason{};
  std::string detail{};
  std::string file{};
  std::string duplicate_of{};
  std::string sha256{};
  std::string fetched_sha256{};
  std::string phash{};
  std::uint64_t bytes = 0;
  int width = 0;
  int height = 0;
  std::string image_format{};
  std::string licence{};
  std::string creator{};
  std::string title{};
  std::string source{};
  std::string retrieved_at{};
  std::string licence_url{};
  std::string creator_url{};
  std::string source_id{};
  std::string query{};
  std::string permission{};

  friend bool operator==(const ManifestRow&, const ManifestRow&) = default;
};

inline constexpr std::string_view kManifestFormat = "winnow-manifest";
inline constexpr int kManifestVersion = 1;

[[nodiscard]] std::string_view outcome_name(RowOutcome outcome);

[[nodiscard]] Json to_json(const ManifestRow& row);
// Unknown members are passed over. Throws Error{kInvalid, where} for a row without url, label or a known
// outcome, and for members of the wrong type.
[[nodiscard]] ManifestRow row_from_json(const Json& json, const std::string& where);

}  // namespace winnow::scraping
