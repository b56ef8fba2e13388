#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include "winnow/core/atomic_file.hpp"
#include "winnow/core/json.hpp"

namespace winnow::training {

// metrics.jsonl: rewritten whole after each row, so a reader never sees half of one.
class MetricsFile {
 public:
  explicit MetricsFile(std::filesystem::path file) : file_(std::move(file)) {}

  // Throws Error{kIo}.
  void add(const Json& row) {
    text_ += to_line(row) + "\n";
    write_file_atomically(file_, text_);
  }

 private:
  std::filesystem::path file_;
  std::string text_;
};

}  // namespace winnow::training
