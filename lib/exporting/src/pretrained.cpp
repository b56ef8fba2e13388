#include "winnow/exporting/pretrained.hpp"

#include <algorithm>

#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/core/text.hpp"
#include "winnow/embedding/backbone.hpp"

namespace winnow::exporting {
namespace {

namespace fs = std::filesystem;

constexpr int kClasses = 1000;

// Lines of "n01440764 tench"; those that begin with # say where the names are from.
std::vector<std::string> read_class_names(const fs::path& file) {
  constexpr std::uint64_t kMaxBytes = 1'000'000;
  const Bytes bytes = read_file(file, kMaxBytes);
  std::vector<std::string> names;
  for (const std::string_view line : split(as_text(bytes), '\n')) {
    if (line.empty() || line.front() == '#') continue;
    names.emplace_back(trim(line.substr(std::min(line.find(' '), line.size()))));
  }
  if (names.size() != kClasses) {
    throw Error(ErrorKind::kInvalid, file.string(), "does not hold 1,000 names; build winnow again");
  }
  return names;
}

}  // namespace

Source open_pretrained(const std::string& architecture, const fs::path& data_folder) {
  const fs::path weights = data_folder / (architecture + ".safetensors");
  embedding::Backbone network = embedding::read_backbone(weights, architecture, 0, kClasses);
  model::Checkpoint checkpoint;
  checkpoint.metadata.architecture = architecture;
  checkpoint.metadata.classes = read_class_names(data_folder / "imagenet_classes.txt");
  checkpoint.metadata.preprocessing = embedding::preprocessing_for(network.architecture);
  checkpoint.metadata.provenance = {
      {"recipe", "pretrained"}, {"data", "ILSVRC 2012 (ImageNet)"}, {"weights", network.source}};
  checkpoint.tensors = std::move(network.tensors);
  return {weights.string(), std::move(checkpoint)};
}

}  // namespace winnow::exporting
