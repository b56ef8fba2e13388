// What the providers of pictures say about training data, in one place.
#pragma once

#include <span>
#include <string_view>

namespace winnow::scraping {

enum class TrainingTerms {
  kAllowed,
  kLicenceDependent,            // each picture has a licence of its own that decides
  kForbiddenWithoutPermission,  // the provider's terms rule it out unless it has agreed
  kUnknown,                     // the provider does not know who has the rights
};

struct SourceTerms {
  std::string_view name;  // as in --source and in the manifest
  TrainingTerms terms;
  bool needs_key;
  std::string_view why;  // one line for people
};

// In the order in which people should consider them.
[[nodiscard]] std::span<const SourceTerms> source_terms();
// Null if there is no such source.
[[nodiscard]] const SourceTerms* find_source(std::string_view name);
// "licence_dependent".
[[nodiscard]] std::string_view terms_name(TrainingTerms terms);

}  // namespace winnow::scraping
