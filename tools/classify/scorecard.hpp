#pragma once

#include <map>
#include <string>

#include "winnow/core/log.hpp"
#include "winnow/inference/answer.hpp"

namespace winnow::tools {

// Counts how many answers are right, class by class. Right is the expected label, and for pictures that are
// expected to be none of these (kNoneOfThese), that the answer is unknown.
class Scorecard {
 public:
  [[nodiscard]] static bool is_right(const inference::Answer& answer, const std::string& expected);

  void add(const inference::Answer& answer, const std::string& expected);
  // "who: 97 of 100 right: ..." with the interval in which the accuracy lies; who may be empty.
  void report_total(const std::string& who, Logger& log) const;
  // The classes with the lowest recall, and what they are taken for.
  void report_classes(Logger& log) const;

 private:
  struct Row {
    std::size_t total = 0;
    std::size_t right = 0;
    std::size_t unknown = 0;
    std::map<std::string, std::size_t> taken_for;
  };

  std::map<std::string, Row> classes_;  // by what was expected
  std::size_t total_ = 0;
  std::size_t right_ = 0;
};

}  // namespace winnow::tools
