#pragma once

#include <string>

#include "run_record.hpp"

namespace winnow::training {

// One HTML file that opens offline. docs/tools/train.md shows one.
[[nodiscard]] std::string render_run_report(const RunRecord& record, const Context& context);

}  // namespace winnow::training
