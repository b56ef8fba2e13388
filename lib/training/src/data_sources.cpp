#include "data_sources.hpp"

#include <unordered_map>

#include "winnow/core/error.hpp"
#include "winnow/core/json.hpp"

namespace winnow::training {
namespace {

struct Origin {
  std::string licence;
  std::string source;
};

}  // namespace

std::optional<DataSources> read_data_sources(const dataset::Dataset& data) {
  const std::filesystem::path file = data.root / "manifest.jsonl";
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) return std::nullopt;
  std::unordered_map<std::string, Origin> origins;
  try {
    read_json_lines(file, [&](const Json& row, std::size_t line) {
      if (line == 1 && row.value("format", "") != "winnow-manifest") {
        throw Error(ErrorKind::kInvalid, file.string(), "not the manifest of an image set");
      }
      if (row.value("outcome", "") != "kept") return;
      origins[row.value("file", "")] = {row.value("licence", ""), row.value("source", "")};
    });
  } catch (const Error&) {
    return std::nullopt;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
  DataSources result;
  for (const dataset::Sample& sample : data.samples) {
    const auto found = origins.find(sample.path);
    if (found == origins.end()) {
      ++result.unrecorded;
    } else {
      ++result.licences[found->second.licence];
      ++result.sources[found->second.source];
    }
  }
  return result;
}

}  // namespace winnow::training
