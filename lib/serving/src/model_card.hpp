#pragma once

#include <string>

#include "served_model.hpp"

namespace winnow::serving {

// A page on what a model is: what it was measured to do, on which data, where its weights come from. It
// stands one folder below the start; stylesheet and icon are named from there.
[[nodiscard]] std::string model_card(const ServedModel& model, const std::string& stylesheet,
                                     const std::string& icon);

}  // namespace winnow::serving
