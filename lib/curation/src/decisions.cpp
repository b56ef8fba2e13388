#include "winnow/curation/decisions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "winnow/core/error.hpp"
#include "winnow/core/json.hpp"

namespace winnow::curation {
namespace {

constexpr const char* kFormat = "winnow-decisions";
constexpr int kVersion = 1;

void check_header(const Json& json, const std::filesystem::path& file) {
  if (!json.is_object() || json.value("format", "") != kFormat) {
    throw Error(ErrorKind::kInvalid, file.string(),
                "holds no decisions; the page of winnow-curate --report saves them");
  }
  if (json.value("version", 0) != kVersion) {
    throw Error(ErrorKind::kUnsupported, file.string(),
                "is of another version; save it again from a report of this winnow");
  }
}

class Reader {
 public:
  Reader(const std::filesystem::path& file, const dataset::Dataset& tree) : file_(file), tree_(tree) {
    for (const dataset::Sample& sample : tree.samples) paths_.insert(sample.path);
  }

  void add(const Json& json, std::size_t line) {
    const auto fail = [&](const std::string& what) {
      throw Error(ErrorKind::kInvalid, fmt::format("{}:{}", file_.string(), line), what);
    };
    const std::string path = json.at("path").get<std::string>();
    const std::string verdict = json.at("decision").get<std::string>();
    if (!paths_.contains(path)) fail(fmt::format("{} is not in {}", path, tree_.root.string()));
    if (verdict == "keep") {
      decisions_[path] = {Verdict::kKeep};
    } else if (verdict == "drop") {
      decisions_[path] = {Verdict::kDrop};
    } else if (verdict == "relabel") {
      const std::string label = json.at("label").get<std::string>();
      if (!std::binary_search(tree_.classes.begin(), tree_.classes.end(), label)) {
        fail(fmt::format("{} has no folder for the label {}; make one, or correct the label",
                         tree_.root.string(), label));
      }
      decisions_[path] = {Verdict::kRelabel, label};
    } else {
      fail(fmt::format("\"{}\" is no decision; it is keep, drop or relabel", verdict));
    }
  }

  [[nodiscard]] Decisions take() { return std::move(decisions_); }

 private:
  const std::filesystem::path& file_;
  const dataset::Dataset& tree_;
  std::set<std::string> paths_;
  Decisions decisions_;
};

}  // namespace

Decisions read_decisions(const std::filesystem::path& file, const dataset::Dataset& tree) {
  Reader reader(file, tree);
  bool is_empty = true;
  read_json_lines(file, [&](const Json& json, std::size_t line) {
    is_empty = false;
    if (line == 1) {
      check_header(json, file);
    } else {
      reader.add(json, line);
    }
  });
  if (is_empty) check_header(Json(), file);
  return reader.take();
}

}  // namespace winnow::curation
