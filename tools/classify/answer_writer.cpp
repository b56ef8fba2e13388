#include "classify/answer_writer.hpp"

#include <fmt/ostream.h>

#include <algorithm>
#include <ostream>

#include "winnow/core/text.hpp"

namespace winnow::tools {
namespace {

constexpr std::size_t kTableRowsAtATime = 200;

// RFC 4180.
std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string padded(const std::string& text, std::size_t width) {
  return text + std::string(width - std::min(width, display_width(text)), ' ');
}

// "tabby 12 %, fox 1 %": the classes after the first, as far as they count.
std::string describe_others(const inference::Answer& answer) {
  std::string text;
  for (std::size_t i = 1; i < answer.scores.size(); ++i) {
    if (answer.scores[i].score < 0.005F) break;
    text += fmt::format("{}{} {:.0f} %", text.empty() ? "" : ", ", printable(answer.scores[i].label),
                        100 * answer.scores[i].score);
  }
  return text;
}

}  // namespace

void AnswerWriter::write(const std::string& name, const inference::Answer& answer,
                         const std::string& expected) {
  if (format_ == AnswerFormat::kTable) {
    pending_.push_back({printable(name), answer, expected});
    if (pending_.size() == kTableRowsAtATime) write_table_rows();
    return;
  }
  if (format_ == AnswerFormat::kCsv) {
    if (written_ == 0)
      out_ << "path,label,confidence,verdict,unknown" << (expected.empty() ? "" : ",expected") << "\r\n";
    fmt::print(out_, "{},{},{:.6f},{},{}", csv_cell(name), csv_cell(answer.label), answer.confidence,
               to_string(answer.verdict), answer.unknown);
    if (!expected.empty()) out_ << ',' << csv_cell(expected);
    out_ << "\r\n";
  } else {
    Json json = inference::to_json(answer, name);
    if (!expected.empty()) json["expected"] = expected;
    if (format_ == AnswerFormat::kJson) out_ << (written_ == 0 ? "[\n  " : ",\n  ") << to_line(json);
    if (format_ == AnswerFormat::kJsonLines) out_ << to_line(json) << '\n';
  }
  ++written_;
}

void AnswerWriter::finish() {
  if (format_ == AnswerFormat::kTable) write_table_rows();
  if (format_ == AnswerFormat::kJson) out_ << (written_ == 0 ? "[]\n" : "\n]\n");
}

void AnswerWriter::write_table_rows() {
  for (const Row& row : pending_) {
    name_width_ = std::max(name_width_, display_width(row.name));
    label_width_ = std::max(label_width_, display_width(printable(row.answer.label)));
  }
  for (const Row& row : pending_) {
    std::string line =
        fmt::format("{}  {}  {:5.1f} %  {:<14}  {}", padded(row.name, name_width_),
                    padded(printable(row.answer.label), label_width_), 100 * row.answer.confidence,
                    to_phrase(row.answer.verdict), describe_others(row.answer));
    line.erase(line.find_last_not_of(' ') + 1);
    out_ << line;
    if (!row.expected.empty() && row.expected != row.answer.label)
      out_ << "  (expected " << printable(row.expected) << ")";
    out_ << '\n';
  }
  pending_.clear();
}

}  // namespace winnow::tools
