#include "classify/foreign.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/core/text.hpp"

namespace winnow::tools {
namespace {

std::array<float, 3> per_channel(const char* option, const std::vector<float>& values) {
  if (values.size() != 1 && values.size() != 3) {
    throw Error(ErrorKind::kUsage, option, "takes one number, or three: red,green,blue");
  }
  if (!std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); })) {
    throw Error(ErrorKind::kUsage, option, "takes numbers");
  }
  return {values.front(), values[values.size() / 2], values.back()};
}

std::vector<std::string> read_labels(const std::filesystem::path& file) {
  constexpr std::uint64_t kMaxBytes = 10'000'000;
  const Bytes bytes = read_file(file, kMaxBytes);
  std::vector<std::string> labels;
  for (const std::string_view line : split(as_text(bytes), '\n')) {
    labels.emplace_back(trim(line));
  }
  while (!labels.empty() && labels.back().empty()) labels.pop_back();
  std::set<std::string> distinct(labels.begin(), labels.end());
  if (distinct.contains(""))
    throw Error(ErrorKind::kInvalid, file.string(), "has an empty line between labels");
  if (labels.size() < 2)
    throw Error(ErrorKind::kInvalid, file.string(), "needs two or more labels, one a line");
  return labels;
}

}  // namespace

std::optional<inference::ForeignModel> foreign_model(const ForeignOptions& options) {
  if (options.labels.empty()) return std::nullopt;
  inference::ForeignModel model = options.model;
  model.labels = read_labels(options.labels);
  if (options.mean.empty() != options.scale.empty()) {
    throw Error(ErrorKind::kUsage, "--mean", "goes with --scale; give both");
  }
  if (!options.mean.empty()) {
    model.normalisation = {per_channel("--mean", options.mean), per_channel("--scale", options.scale)};
    const auto& scale = model.normalisation->scale;
    if (!std::all_of(scale.begin(), scale.end(), [](float value) { return value > 0; })) {
      throw Error(ErrorKind::kUsage, "--scale", "has to be above 0");
    }
  }
  return model;
}

}  // namespace winnow::tools
