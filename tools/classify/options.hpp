#pragma once

#include <CLI/App.hpp>
#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "winnow/dataset/dataset.hpp"
#include "winnow/image/decode.hpp"
#include "winnow/inference/classifier.hpp"
#include "winnow/inference/foreign_model.hpp"

namespace winnow::tools {

enum class AnswerFormat { kTable, kJson, kJsonLines, kCsv };

// What stands in the place of a label for pictures unlike anything the model has learned: the folder they are
// filed into, and the folder that --expect takes them from.
inline constexpr const char* kNoneOfThese = "none_of_these";

// What the command line says of a model that does not say it itself.
struct ForeignOptions {
  std::filesystem::path labels;  // a file, one label a line
  std::vector<float> mean;       // one, or three: red, green, blue
  std::vector<float> scale;
  inference::ForeignModel model;  // its size and how pictures are fitted
};

struct ClassifyOptions {
  static constexpr const char* kName = "winnow-classify";
  static constexpr const char* kSummary =
      "Says what is on pictures, how sure it is, and when a picture is unlike anything the model has "
      "learned.";
  static constexpr const char* kExample =
      "Examples:\n  winnow-classify pets.onnx holiday.jpg\n  winnow-classify pets.onnx photos/ --format csv "
      "> answers.csv\n"
      "  curl -s https://example.org/cat.jpg | winnow-classify pets.onnx -\n"
      "  winnow-classify pets.onnx --fetch https://example.org/cat.jpg\n"
      "  winnow-classify pets.onnx photos/ --sort-into sorted\n"
      "  winnow-classify pets.onnx --expect curated.jsonl --split test";

  std::filesystem::path model;
  // Files, folders, patterns, addresses, "-" for a picture on stdin, "@FILE" for a list of such, "@-" for one
  // on stdin.
  std::vector<std::string> inputs;
  bool fetch = false;
  bool allow_private = false;
  std::filesystem::path expect;  // a labelled data set
  std::optional<dataset::Split> split;
  std::filesystem::path compare;    // a second model
  std::filesystem::path sort_into;  // folders of pictures by label
  std::filesystem::path explain;    // a folder of heat maps
  ForeignOptions foreign;
  std::size_t top = 3;
  AnswerFormat format = AnswerFormat::kTable;
  image::DecodeOptions limits;
  inference::Device device = inference::Device::kCpu;
  std::filesystem::path cache;  // of compiled networks
  bool no_cache = false;
};

void add_options(CLI::App& app, ClassifyOptions& options);

}  // namespace winnow::tools
