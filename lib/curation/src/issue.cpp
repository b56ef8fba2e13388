#include "winnow/curation/issue.hpp"

#include <algorithm>
#include <array>

namespace winnow::curation {
namespace {

constexpr std::array kTypes = {
    ReviewType{kLabelError, "Probably a wrong label",
               "Networks that had not seen the picture are confident that it shows something else.", false},
    ReviewType{kOutlier, "Unlike everything else",
               "Far from its nearest neighbours: logos, drawings, collages, pictures of no class.", false},
    ReviewType{kDark, "Dark", "Even the brightest spots are dim.", true},
    ReviewType{kLight, "Light", "Even the darkest spots are bright.", true},
    ReviewType{kBlurry, "Blurry", "There are hardly any edges.", true},
    ReviewType{kLowInformation, "Little to see", "Few different colours: blank pictures, plain graphics.",
               true},
    ReviewType{kOddAspectRatio, "Odd shape", "Much longer than wide, or wider than high: banners, strips.",
               true},
    ReviewType{kOddSize, "Odd size", "Much larger or smaller than the others.", true},
    ReviewType{kTooSmall, "Too small", "The shorter side has fewer than 64 pixels.", true},
    ReviewType{kGrey, "Without colour", "Grey, or nearly so.", true},
    ReviewType{kAnimated, "Animated", "Only the first frame is used.", true},
};

}  // namespace

std::span<const ReviewType> review_types() {
  return kTypes;
}

const ReviewType* find_review_type(std::string_view code) {
  const auto* found =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const ReviewType& type) { return type.code == code; });
  return found == kTypes.end() ? nullptr : found;
}

}  // namespace winnow::curation
