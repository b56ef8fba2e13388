// What facts mean. Pure functions, so that tests can tell of machines that are not there.
#pragma once

#include <string>
#include <vector>

#include "winnow/doctor/facts.hpp"

namespace winnow::doctor {

// Three parts of one line: what there is, why that matters, what to do.
struct Finding {
  bool blocks = false;  // something will not work; else it works, but less well
  std::string code;     // a stable word: "clock_behind"
  std::string what;
  std::string why;
  std::string remedy;
};

// Those that block first, then in the order of the report.
[[nodiscard]] std::vector<Finding> examine(const Facts& facts);

// What a machine is to do.
struct Use {
  enum class Fitness { kGood, kSlow, kNo, kUnknown };
  std::string name;  // "serving", "batch", "head", "finetune"
  Fitness fitness = Fitness::kUnknown;
  std::string text;  // with figures where something was measured, or why not
};

[[nodiscard]] std::vector<Use> judge_uses(const Facts& facts);

// What the programs hold in memory at most, as measured (docs/benchmarks.md, docs/packages.md).
inline constexpr std::uint64_t kAnswerMemory = 200'000'000;      // winnow-classify, winnow-curate --quick
inline constexpr std::uint64_t kServeMemory = 512'000'000;       // under load, while a model is replaced
inline constexpr std::uint64_t kHeadMemory = 700'000'000;        // winnow-train --recipe probe
inline constexpr std::uint64_t kFinetuneMemory = 2'000'000'000;  // winnow-train --recipe finetune

}  // namespace winnow::doctor
