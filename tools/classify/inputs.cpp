#include "classify/inputs.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "classify/fetch.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/core/glob.hpp"
#include "winnow/core/text.hpp"
#include "winnow/dataset/loader.hpp"
#include "winnow/image/format.hpp"

namespace winnow::tools {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStandardInput = "-";

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

Bytes read_standard_input(const Context& context) {
  return read_stream(STDIN_FILENO, "standard input", dataset::LoaderOptions{}.max_file_bytes, context.stop);
}

// Adds what a word of the command line, or a line of a list, stands for.
void add_named(const std::string& name, const ClassifyOptions& options, std::vector<InputImage>& images) {
  std::error_code error;  // what cannot be looked at will be named when it cannot be read
  if (fs::is_directory(name, error)) {
    for (const fs::path& file : dataset::files_below(name)) {
      if (looks_like_image(file)) images.push_back({file, file.string(), {}});
    }
  } else if (is_address(name)) {
    if (!options.fetch) {
      throw Error(ErrorKind::kUsage, printable(name), "is an address; add --fetch to have it fetched");
    }
    images.push_back({{}, name, {}});
  } else if (is_glob(name) && !fs::exists(name, error)) {
    const std::vector<fs::path> files = expand_glob(name);
    if (files.empty()) throw Error(ErrorKind::kNotFound, printable(name), "no file matches this pattern");
    for (const fs::path& file : files) images.push_back({file, file.string(), {}});
  } else {
    images.push_back({name, name, {}});
  }
}

void add_list(std::string_view text, const ClassifyOptions& options, std::vector<InputImage>& images) {
  for (const std::string_view line : split(text, '\n')) {
    const std::string_view name = trim(line);
    if (!name.empty()) add_named(std::string(name), options, images);
  }
}

void add_expected(const ClassifyOptions& options, std::vector<InputImage>& images) {
  const dataset::Dataset data = dataset::open_dataset(options.expect);
  if (options.split && !data.has_splits) {
    throw Error(ErrorKind::kUsage, "--split",
                options.expect.string() + " has no splits; name a curated manifest");
  }
  for (const dataset::Sample& sample : data.samples) {
    if (options.split && sample.split != *options.split) continue;
    const fs::path file = data.root / sample.path;
    const std::string& label = data.classes[static_cast<std::size_t>(sample.label)];
    images.push_back({data.archive ? fs::path() : file, file.string(), label, data.archive, sample.path});
  }
}

}  // namespace

std::vector<InputImage> collect_inputs(const ClassifyOptions& options, const Context& context) {
  std::vector<InputImage> images;
  int readers = 0;  // of standard input
  for (const std::string& input : options.inputs) {
    if (input == kStandardInput) {
      ++readers;
      images.push_back({{}, input, {}});
    } else if (input == "@-") {
      if (++readers == 1) add_list(as_text(read_standard_input(context)), options, images);
    } else if (input.starts_with('@')) {
      add_list(as_text(read_file(input.substr(1))), options, images);
    } else {
      add_named(input, options, images);
    }
  }
  if (readers > 1) {
    throw Error(ErrorKind::kUsage, "-", "standard input can be read once; name it once, as - or as @-");
  }
  if (!options.expect.empty()) add_expected(options, images);
  if (images.empty()) {
    throw Error(ErrorKind::kUsage, "",
                "no images to classify; name files or folders, or - for standard input");
  }
  return images;
}

bool is_elsewhere(const InputImage& image) {
  return image.file.empty();
}

std::vector<InputFailure> bring_in(std::vector<InputImage>& images, const TemporaryFolder& folder,
                                   const ClassifyOptions& options, const Context& context) {
  std::vector<InputFailure> failures;
  std::vector<std::string> addresses;
  for (InputImage& image : images) {
    throw_if_stopped(context.stop);
    if (!is_elsewhere(image)) continue;
    if (image.archive) {
      const Result<Bytes> bytes = image.archive->read(image.member, dataset::kMaxPictureBytes);
      if (bytes) {
        image.file = keep_picture(*bytes, folder.path(), fs::path(image.member).filename().string());
      } else {
        failures.push_back({image.name, bytes.failure().message});
      }
    } else if (image.name == kStandardInput) {
      image.file = keep_picture(read_standard_input(context), folder.path(), "standard-input");
    } else {
      addresses.push_back(image.name);
    }
  }
  std::erase_if(images, [](const InputImage& image) { return image.archive && is_elsewhere(image); });
  if (addresses.empty()) return failures;
  std::vector<Result<fs::path>> fetched = fetch_pictures(addresses, folder.path(), options, context);
  auto next = fetched.begin();
  std::erase_if(images, [&](InputImage& image) {
    if (!is_elsewhere(image)) return false;
    const Result<fs::path>& result = *next++;
    if (result) {
      image.file = *result;
    } else {
      failures.push_back({image.name, result.failure().message});
    }
    return !result;
  });
  return failures;
}

}  // namespace winnow::tools
