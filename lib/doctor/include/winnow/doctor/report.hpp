#pragma once

#include <string>
#include <vector>

#include "winnow/core/json.hpp"
#include "winnow/doctor/facts.hpp"
#include "winnow/doctor/findings.hpp"

namespace winnow::doctor {

// For people: what there is, what it is good for, and what stands in the way.
[[nodiscard]] std::string to_text(const Facts& facts, const std::vector<Use>& uses,
                                  const std::vector<Finding>& findings);

// The same for programs; docs/tools/doctor.md says what each member means. What is not known is null.
[[nodiscard]] Json to_json(const Facts& facts, const std::vector<Use>& uses,
                           const std::vector<Finding>& findings);

}  // namespace winnow::doctor
