#include "classify/answer_writer.hpp"

#include <fmt/ostream.h>

#include <algorithm>
#include <ostream>

#include "winnow/core/csv.hpp"
#include "winnow/core/text.hpp"

namespace winnow::tools {
namespace {

constexpr std::size_t kTableRowsAtATime = 200;

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

std::string csv_fields(const inference::Answer& answer) {
  return fmt::format("{},{:.6f},{},{}", csv_cell(answer.label), answer.confidence, to_string(answer.verdict),
                     answer.unknown);
}

// "cat   98.4 %  very confident".
std::string table_fields(const inference::Answer& answer, std::size_t label_width) {
  return fmt::format("{}  {:5.1f} %  {:<14}", padded(printable(answer.label), label_width),
                     100 * answer.confidence, to_phrase(answer.verdict));
}

}  // namespace

bool agree(const inference::Answer& a, const inference::Answer& b) {
  return a.unknown == b.unknown && (a.unknown || a.label == b.label);
}

void AnswerWriter::write(const std::string& name, const inference::Answer& answer,
                         const std::string& expected, const inference::Answer* other) {
  Row row{name, answer, expected, other == nullptr ? std::nullopt : std::optional(*other)};
  if (format_ == AnswerFormat::kTable) {
    row.name = printable(name);
    pending_.push_back(std::move(row));
    if (pending_.size() == kTableRowsAtATime) write_table_rows();
    return;
  }
  format_ == AnswerFormat::kCsv ? write_csv(row) : write_json(row);
  ++written_;
}

void AnswerWriter::finish() {
  if (format_ == AnswerFormat::kTable) write_table_rows();
  if (format_ == AnswerFormat::kJson) out_ << (written_ == 0 ? "[]\n" : "\n]\n");
}

void AnswerWriter::write_csv(const Row& row) {
  if (written_ == 0) {
    out_ << "path,label,confidence,verdict,unknown"
         << (row.other ? ",other_label,other_confidence,other_verdict,other_unknown,agree" : "")
         << (row.expected.empty() ? "" : ",expected") << "\r\n";
  }
  out_ << csv_cell(row.name) << ',' << csv_fields(row.answer);
  if (row.other) fmt::print(out_, ",{},{}", csv_fields(*row.other), agree(row.answer, *row.other));
  if (!row.expected.empty()) out_ << ',' << csv_cell(row.expected);
  out_ << "\r\n";
}

void AnswerWriter::write_json(const Row& row) {
  Json json = inference::to_json(row.answer, row.name);
  if (row.other) {
    Json other = inference::to_json(*row.other, row.name);
    other.erase("path");
    json["other"] = std::move(other);
    json["agree"] = agree(row.answer, *row.other);
  }
  if (!row.expected.empty()) json["expected"] = row.expected;
  if (format_ == AnswerFormat::kJson) out_ << (written_ == 0 ? "[\n  " : ",\n  ") << to_line(json);
  if (format_ == AnswerFormat::kJsonLines) out_ << to_line(json) << '\n';
}

void AnswerWriter::write_table_rows() {
  for (const Row& row : pending_) {
    name_width_ = std::max(name_width_, display_width(row.name));
    label_width_ = std::max(label_width_, display_width(printable(row.answer.label)));
    if (row.other) {
      other_label_width_ = std::max(other_label_width_, display_width(printable(row.other->label)));
    }
  }
  for (const Row& row : pending_) {
    std::string line =
        fmt::format("{}  {}  ", padded(row.name, name_width_), table_fields(row.answer, label_width_));
    if (row.other) {
      line += fmt::format("{}  {}", agree(row.answer, *row.other) ? " |" : "!=",
                          table_fields(*row.other, other_label_width_));
    } else {
      line += describe_others(row.answer);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out_ << line;
    if (!row.expected.empty() && row.expected != row.answer.label)
      out_ << "  (expected " << printable(row.expected) << ")";
    out_ << '\n';
  }
  pending_.clear();
}

}  // namespace winnow::tools
