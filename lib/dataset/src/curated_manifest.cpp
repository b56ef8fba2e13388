#include "winnow/dataset/curated_manifest.hpp"

#include <fmt/format.h>

#include <cmath>

#include "winnow/core/atomic_file.hpp"
#include "winnow/core/error.hpp"

namespace winnow::dataset {
namespace {

constexpr const char* kFormat = "winnow-curated";
constexpr int kVersion = 1;

namespace fs = std::filesystem;

fs::path folder_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : ".";
}

Json to_json(const Issue& issue) {
  Json json = {{"issue", issue.code}, {"detail", issue.detail}};
  // Four digits rank as well as seventeen, and read better.
  if (issue.score) json["score"] = std::round(*issue.score * 1e4) / 1e4;
  if (!issue.suggested_label.empty()) json["suggested_label"] = issue.suggested_label;
  return json;
}

Issue issue_from_json(const Json& json) {
  Issue issue{json.at("issue").get<std::string>(), json.value("detail", "")};
  if (json.contains("score")) issue.score = json["score"].get<double>();
  issue.suggested_label = json.value("suggested_label", "");
  return issue;
}

Json to_json(const CuratedRow& row) {
  Json json = {{"path", row.path}, {"label", row.label}, {"keep", row.keep}};
  if (!row.issues.empty()) {
    Json& issues = json["issues"] = Json::array();
    for (const Issue& issue : row.issues) issues.push_back(to_json(issue));
  }
  if (!row.sha256.empty()) json["sha256"] = row.sha256;
  if (row.width > 0) {
    json["width"] = row.width;
    json["height"] = row.height;
  }
  if (row.keep) {
    json["group"] = row.group;
    json["split"] = std::string(to_string(row.split));
  }
  return json;
}

CuratedRow row_from_json(const Json& json, const std::string& where) {
  CuratedRow row;
  row.path = json.at("path").get<std::string>();
  row.label = json.at("label").get<std::string>();
  row.keep = json.at("keep").get<bool>();
  for (const Json& issue : json.value("issues", Json::array())) {
    row.issues.push_back(issue_from_json(issue));
  }
  row.sha256 = json.value("sha256", "");
  row.width = json.value("width", 0);
  row.height = json.value("height", 0);
  if (row.keep) {
    row.group = json.at("group").get<int>();
    try {
      row.split = split_from_string(json.at("split").get<std::string>());
    } catch (const Error& error) {
      throw Error(error.kind(), where, error.what());
    }
  }
  return row;
}

// folder/root without "..", unless that leads elsewhere: behind a linked folder, ".." is not where one came
// from.
fs::path resolve(const fs::path& folder, const fs::path& root) {
  const fs::path exact = folder / root;
  const fs::path plain = exact.lexically_normal();
  std::error_code error;
  if (!fs::exists(exact, error)) return plain;
  return fs::exists(plain, error) && fs::equivalent(plain, exact, error) ? plain : exact;
}

}  // namespace

void write_curated_manifest(const fs::path& file, const CuratedManifest& manifest) {
  std::error_code error;
  const fs::path root = fs::relative(manifest.root, folder_of(file), error);
  AtomicFile out(file);
  out.write(
      to_line({{"format", kFormat},
               {"version", kVersion},
               {"root", error || root.empty() ? fs::absolute(manifest.root).string() : root.string()}}) +
      "\n");
  for (const CuratedRow& row : manifest.rows) out.write(to_line(to_json(row)) + "\n");
  out.write(to_line({{"summary", manifest.summary}}) + "\n");
  out.commit();
}

CuratedManifest read_curated_manifest(const fs::path& file) {
  CuratedManifest manifest;
  bool complete = false;
  read_json_lines(file, [&](const Json& json, std::size_t line) {
    if (line == 1) {
      if (!json.is_object() || json.value("format", "") != kFormat) {
        throw Error(ErrorKind::kInvalid, file.string(),
                    "not a curated manifest; winnow-curate writes them, or name a folder with one subfolder "
                    "per class");
      }
      if (json.value("version", 0) != kVersion) {
        throw Error(ErrorKind::kUnsupported, file.string(),
                    "is of another version; run this winnow's winnow-curate again");
      }
      const fs::path root = json.at("root").get<std::string>();
      manifest.root = root.is_absolute() ? root : resolve(folder_of(file), root);
    } else if (json.contains("summary")) {
      manifest.summary = json["summary"];
      complete = true;
    } else {
      manifest.rows.push_back(row_from_json(json, fmt::format("{}:{}", file.string(), line)));
    }
  });
  if (!complete) {
    throw Error(ErrorKind::kInvalid, file.string(), "not a whole curated manifest; run winnow-curate again");
  }
  return manifest;
}

}  // namespace winnow::dataset
