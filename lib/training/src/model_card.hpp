#pragma once

#include <string>

#include "run_record.hpp"

namespace winnow::training {

// What somebody who is handed the model has to know: what it is for, what it was made of, how good it is on
// which pictures, what it cannot do. Says only what was measured or recorded in this run. docs/formats/run.md
// describes the members. Mitchell et al. 2019, "Model Cards for Model Reporting", arXiv:1810.03993.
[[nodiscard]] Json make_model_card(const RunRecord& record);

// The same for people, in Markdown.
[[nodiscard]] std::string render_model_card(const Json& card);

}  // namespace winnow::training
