#pragma once

#include <optional>
#include <string>
#include <vector>

#include "draft.hpp"

namespace winnow::curation {

// Notes on the kept pictures what their pixels and sizes speak against. An issue that more than a tenth of
// them has is returned as a property of the set instead. Pictures decided by a person are left alone.
[[nodiscard]] std::vector<SetProperty> review_pictures(Draft& draft);

// The rarest class, if it has less than a tenth of an equal share of the kept pictures.
[[nodiscard]] std::optional<SetProperty> find_imbalance(const std::vector<std::string>& classes,
                                                        const Draft& draft);

}  // namespace winnow::curation
