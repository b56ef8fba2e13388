#pragma once

#include "batcher.hpp"
#include "models.hpp"
#include "winnow/serving/site.hpp"

namespace winnow::serving {

// What every protocol answers with.
struct Backend {
  const SiteOptions& options;
  const Models& models;
  Batcher& batcher;
};

// The model of a request as its path or query names it; version: digits, or empty for none.
// Nothing if the version is no number above 0.
[[nodiscard]] std::optional<ModelChoice> choose_model(std::string name, std::string_view version,
                                                      std::string label = "");

}  // namespace winnow::serving
