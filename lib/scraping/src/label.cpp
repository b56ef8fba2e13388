#include "winnow/scraping/label.hpp"

#include "winnow/core/error.hpp"
#include "winnow/core/json.hpp"
#include "winnow/core/text.hpp"

namespace winnow::scraping {
namespace {

constexpr std::size_t kMaxLabelBytes = 200;  // file systems allow 255 for a name

}  // namespace

std::string label_problem(std::string_view label) {
  if (label.empty()) return "a label cannot be empty";
  if (label.size() > kMaxLabelBytes) return "a label cannot be longer than 200 bytes";
  if (label.front() == '.') return "a label cannot begin with a dot";
  if (trim(label) != label) return "a label cannot begin or end with a space";
  if (label.find_first_of("/\\") != std::string_view::npos) return "a label cannot hold a slash";
  if (printable(label, label.size()) != label) return "a label cannot hold control characters";
  if (!is_utf8(label)) return "a label has to be UTF-8";
  if (label == "manifest.jsonl" || label == "ATTRIBUTION.md") return "an image set has a file of this name";
  return {};
}

void check_label(const std::string& where, std::string_view label) {
  const std::string problem = label_problem(label);
  if (!problem.empty()) throw Error(ErrorKind::kUsage, where, problem + "; it becomes the name of a folder");
}

}  // namespace winnow::scraping
