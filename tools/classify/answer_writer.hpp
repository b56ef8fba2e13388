#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "classify/options.hpp"
#include "winnow/inference/answer.hpp"

namespace winnow::tools {

// Prints answers in one of the four forms. Rows appear as they come, except in a table, whose columns are
// aligned for `rows` lines at a time.
class AnswerWriter {
 public:
  AnswerWriter(AnswerFormat format, std::ostream& out) : format_(format), out_(out) {}

  // expected: the picture's label, or "" if that is not known. other: what a second model says, or null; on
  // each call or on none.
  void write(const std::string& name, const inference::Answer& answer, const std::string& expected,
             const inference::Answer* other = nullptr);
  // Ends the document. Call once.
  void finish();

 private:
  struct Row {
    std::string name;
    inference::Answer answer;
    std::string expected;
    std::optional<inference::Answer> other;
  };
  void write_csv(const Row& row);
  void write_json(const Row& row);
  void write_table_rows();

  const AnswerFormat format_;
  std::ostream& out_;
  std::vector<Row> pending_;  // of the table
  std::size_t name_width_ = 0;
  std::size_t label_width_ = 0;
  std::size_t other_label_width_ = 0;
  std::size_t written_ = 0;
};

// Whether two answers mean the same: one label, or none of these.
[[nodiscard]] bool agree(const inference::Answer& a, const inference::Answer& b);

}  // namespace winnow::tools
