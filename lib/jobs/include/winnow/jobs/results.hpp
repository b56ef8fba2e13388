// The results of a job, as one object: a tar of results.jsonl, sheet.html and log.txt.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "winnow/core/atomic_file.hpp"
#include "winnow/core/bytes.hpp"
#include "winnow/core/json.hpp"

namespace winnow::jobs {

inline constexpr std::string_view kResultLines = "results.jsonl";
inline constexpr std::string_view kContactSheet = "sheet.html";
inline constexpr std::string_view kJobLog = "log.txt";

// Writes them picture by picture. Not thread-safe.
class ResultWriter {
 public:
  // folder: for what is in the making. title: of the contact sheet. Throws Error{kIo}.
  ResultWriter(const std::filesystem::path& folder, const std::string& title);
  ~ResultWriter();
  ResultWriter(const ResultWriter&) = delete;
  ResultWriter& operator=(const ResultWriter&) = delete;

  // name: of the picture. line: what the model says, or {"error": why not}.
  void add(const std::string& name, const Json& line, ByteSpan thumbnail);
  void log(std::string_view line);

  // Returns the file of the whole; it goes with the folder.
  [[nodiscard]] std::filesystem::path finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// One of the parts, of a file that ResultWriter wrote. Throws Error{kInvalid | kIo | kNotFound}.
[[nodiscard]] std::string read_result(const std::filesystem::path& file, std::string_view part);

// Lines of results as CSV (RFC 4180), with a header: path,label,confidence,verdict,unknown,error.
[[nodiscard]] std::string to_csv(std::string_view lines);

}  // namespace winnow::jobs
