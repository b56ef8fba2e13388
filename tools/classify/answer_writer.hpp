#pragma once

#include <iosfwd>
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

  void write(const std::string& name, const inference::Answer& answer, const std::string& expected);
  // Ends the document. Call once.
  void finish();

 private:
  struct Row {
    std::string name;
    inference::Answer answer;
    std::string expected;
  };
  void write_table_rows();

  const AnswerFormat format_;
  std::ostream& out_;
  std::vector<Row> pending_;  // of the table
  std::size_t name_width_ = 0;
  std::size_t label_width_ = 0;
  std::size_t written_ = 0;
};

}  // namespace winnow::tools
