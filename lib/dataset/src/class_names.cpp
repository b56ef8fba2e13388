#include "class_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "winnow/core/error.hpp"
#include "winnow/core/json.hpp"
#include "winnow/core/text.hpp"

namespace winnow::dataset {
namespace {

constexpr std::size_t kLongestName = 200;  // a folder may have 255 bytes

bool can_be_folder(const std::string& name) {
  return !name.empty() && name.size() <= kLongestName && is_utf8(name) && !name.starts_with('.') &&
         std::none_of(name.begin(), name.end(),
                      [](unsigned char c) { return c < 0x20 || c == 0x7f || c == '/'; });
}

}  // namespace

Dataset with_class_names(const std::filesystem::path& root,
                         const std::vector<std::pair<std::string, std::string>>& labelled) {
  std::map<std::string, int> numbers;
  for (const auto& [path, name] : labelled) {
    if (numbers.emplace(name, 0).second && !can_be_folder(name)) {
      throw Error(ErrorKind::kInvalid, fmt::format("{}: {}", root.string(), printable(path)),
                  fmt::format("\"{}\" cannot be a label; it has to be fit for the name of a folder",
                              printable(name, 60)));
    }
  }
  Dataset dataset{.root = root, .classes = {}, .samples = {}};
  for (auto& [name, number] : numbers) {
    number = static_cast<int>(dataset.classes.size());
    dataset.classes.push_back(name);
  }
  dataset.samples.reserve(labelled.size());
  for (const auto& [path, name] : labelled) dataset.samples.push_back({path, numbers.at(name)});
  std::sort(dataset.samples.begin(), dataset.samples.end(),
            [](const Sample& a, const Sample& b) { return a.path < b.path; });
  return dataset;
}

}  // namespace winnow::dataset
