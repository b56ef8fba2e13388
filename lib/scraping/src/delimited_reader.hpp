#pragma once

#include <cstddef>
#include <istream>
#include <string>
#include <vector>

namespace winnow::scraping {

// Reads records of fields by RFC 4180: fields may be quoted, quotes in them are doubled, and a quoted field
// may hold separators and line ends. LF and CRLF both end a record; blank lines are passed over.
class DelimitedReader {
 public:
  // where stands before the line number in errors.
  DelimitedReader(std::istream& in, char separator, std::string where)
      : in_(in), separator_(separator), where_(std::move(where)) {}

  // False at the end. Throws Error{kInvalid} "where:line: ...".
  bool next(std::vector<std::string>& fields);
  // The line on which the record read last begins, from 1.
  [[nodiscard]] std::size_t line() const { return line_; }

 private:
  enum class End { kField, kRecord };
  int get();
  int peek() { return in_.rdbuf()->sgetc(); }
  End read_field(std::string& field);
  End read_quoted(std::string& field);
  End end_of_field(int c);
  void append(std::string& field, int c);
  [[noreturn]] void fail(const std::string& message) const;

  std::istream& in_;
  const char separator_;
  const std::string where_;
  std::size_t line_ = 0;
  std::size_t next_line_ = 1;
  std::size_t record_bytes_ = 0;
};

}  // namespace winnow::scraping
