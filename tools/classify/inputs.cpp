#include "classify/inputs.hpp"

#include <algorithm>
#include <fstream>

#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/core/text.hpp"
#include "winnow/image/format.hpp"

namespace winnow::tools {
namespace {

namespace fs = std::filesystem;

// By its name, or else by its first bytes.
bool looks_like_image(const fs::path& file) {
  for (const image::Format format : {image::Format::kJpeg, image::Format::kPng, image::Format::kWebp,
                                     image::Format::kGif, image::Format::kAvif, image::Format::kBmp}) {
    if (image::extension_matches(file.filename().string(), format)) return true;
  }
  std::ifstream stream(file, std::ios::binary);
  Bytes head(1024);
  stream.read(reinterpret_cast<char*>(head.data()), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(stream.gcount()));
  return image::is_decodable(image::detect_format(head));
}

void add_folder(const fs::path& folder, std::vector<InputImage>& images) {
  for (const fs::path& file : dataset::files_below(folder)) {
    if (looks_like_image(file)) images.push_back({file, file.string(), {}});
  }
}

void add_list(const fs::path& list, std::vector<InputImage>& images) {
  const Bytes bytes = read_file(list);
  for (const std::string_view line : split(as_text(bytes), '\n')) {
    const std::string_view name = trim(line);
    if (!name.empty()) images.push_back({fs::path(name), std::string(name), {}});
  }
}

void add_expected(const ClassifyOptions& options, std::vector<InputImage>& images) {
  const dataset::Dataset data = dataset::open_dataset(options.expect);
  if (options.split && !data.has_splits) {
    throw Error(ErrorKind::kUsage, "--split",
                options.expect.string() + " has no splits; name a curated manifest");
  }
  if (data.archive) {
    throw Error(
        ErrorKind::kUsage, options.expect.string(),
        "holds its pictures in archives; name a folder of files, such as winnow-curate --apply writes");
  }
  for (const dataset::Sample& sample : data.samples) {
    if (options.split && sample.split != *options.split) continue;
    const fs::path file = data.root / sample.path;
    images.push_back({file, file.string(), data.classes[static_cast<std::size_t>(sample.label)]});
  }
}

}  // namespace

InputImages collect_inputs(const ClassifyOptions& options) {
  InputImages inputs;
  for (const std::string& input : options.inputs) {
    std::error_code error;  // what cannot be looked at will be named when it cannot be read
    if (input == "-") {
      inputs.from_stdin = true;
    } else if (input.starts_with('@')) {
      add_list(input.substr(1), inputs.files);
    } else if (fs::is_directory(input, error)) {
      add_folder(input, inputs.files);
    } else {
      inputs.files.push_back({input, input, {}});
    }
  }
  if (!options.expect.empty()) add_expected(options, inputs.files);
  if (inputs.from_stdin && (!inputs.files.empty() || options.inputs.size() > 1)) {
    throw Error(ErrorKind::kUsage, "-", "standard input holds one image; name it alone");
  }
  if (!inputs.from_stdin && inputs.files.empty()) {
    throw Error(ErrorKind::kUsage, "",
                "no images to classify; name files or folders, or - for standard input");
  }
  return inputs;
}

}  // namespace winnow::tools
