#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "draft.hpp"
#include "winnow/core/context.hpp"

namespace winnow::curation {

// Notes on the kept pictures which are outliers and which labels are probably wrong, by embeddings and
// out-of-fold predictions; draft.embeddings must be there and loses the rows of pictures that are not kept.
// related: [sound], groups that do not vouch for each other. Rejects label errors if asked to and if the
// predictions can be trusted with it, and looks once more at what is left; warns if they cannot. Predictions
// that are not trusted list of each class the worst twentieth and what they are sure of. Pictures decided by
// a person are left alone. The quality returned is that of the labels before anything was rejected. Returns
// nothing with fewer than two classes or too few pictures to learn from.
[[nodiscard]] std::optional<LabelQuality> review_labels(std::span<const std::string> classes,
                                                        std::span<const int> related,
                                                        const CurationOptions& options,
                                                        const Context& context, Draft& draft);

}  // namespace winnow::curation
