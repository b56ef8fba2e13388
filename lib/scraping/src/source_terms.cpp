#include "winnow/scraping/source_terms.hpp"

#include <algorithm>
#include <array>

namespace winnow::scraping {
namespace {

// As the providers' own pages said in September 2026.
constexpr std::array<SourceTerms, 7> kSources = {{
    {"commons", TrainingTerms::kLicenceDependent, false, "Wikimedia Commons; every file has its licence"},
    {"openverse", TrainingTerms::kLicenceDependent, false,
     "Openverse; open licences only, 240 for each query"},
    {"flickr", TrainingTerms::kLicenceDependent, true,
     "Flickr; every photo has its licence, 4000 for each query"},
    {"serpapi", TrainingTerms::kUnknown, true, "Google Images through SerpApi; paid, rights unknown"},
    {"pixabay", TrainingTerms::kForbiddenWithoutPermission, true,
     "Pixabay's terms rule out systematic mass downloads"},
    {"pexels", TrainingTerms::kForbiddenWithoutPermission, true,
     "Pexels' terms rule out data sets for training"},
    {"unsplash", TrainingTerms::kForbiddenWithoutPermission, true,
     "Unsplash's terms rule out the training of models"},
}};

}  // namespace

std::span<const SourceTerms> source_terms() {
  return kSources;
}

const SourceTerms* find_source(std::string_view name) {
  const auto found =
      std::find_if(kSources.begin(), kSources.end(), [&](const SourceTerms& s) { return s.name == name; });
  return found == kSources.end() ? nullptr : &*found;
}

std::string_view terms_name(TrainingTerms terms) {
  switch (terms) {
    case TrainingTerms::kAllowed:
      return "allowed";
    case TrainingTerms::kLicenceDependent:
      return "licence_dependent";
    case TrainingTerms::kForbiddenWithoutPermission:
      return "forbidden_without_permission";
    case TrainingTerms::kUnknown:
      break;
  }
  return "unknown";
}

}  // namespace winnow::scraping
