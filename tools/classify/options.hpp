#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "winnow/dataset/dataset.hpp"
#include "winnow/image/decode.hpp"

namespace winnow::tools {

enum class AnswerFormat { kTable, kJson, kJsonLines, kCsv };

struct ClassifyOptions {
  static constexpr const char* kName = "winnow-classify";
  static constexpr const char* kSummary =
      "Says what is on pictures, how sure it is, and when a picture is unlike anything the model has "
      "learned.";
  static constexpr const char* kExample =
      "Examples:\n  winnow-classify pets.onnx holiday.jpg\n  winnow-classify pets.onnx photos/ --format csv "
      "> answers.csv\n"
      "  curl -s https://example.org/cat.jpg | winnow-classify pets.onnx -\n"
      "  winnow-classify pets.onnx --expect curated.jsonl --split test";

  std::filesystem::path model;
  std::vector<std::string>
      inputs;                    // files, folders, "-" for image bytes on stdin, "@FILE" for a list of names
  std::filesystem::path expect;  // a labelled data set
  std::optional<dataset::Split> split;
  std::size_t top = 3;
  AnswerFormat format = AnswerFormat::kTable;
  image::DecodeOptions limits;
};

void add_options(CLI::App& app, ClassifyOptions& options);

}  // namespace winnow::tools
