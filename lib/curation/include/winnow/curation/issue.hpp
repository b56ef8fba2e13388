// What curation can say of a picture, or of the whole set.
#pragma once

#include <span>
#include <string_view>

namespace winnow::curation {

// Issue codes, besides those of image::decode for files that cannot be read.
inline constexpr const char* kUnreadableName = "unreadable_name";
inline constexpr const char* kPlaceholder = "placeholder";
inline constexpr const char* kExactDuplicate = "exact_duplicate";
inline constexpr const char* kNearDuplicate = "near_duplicate";
inline constexpr const char* kLabelConflict = "label_conflict";
inline constexpr const char* kDropped = "dropped";
inline constexpr const char* kRelabelled = "relabelled";
inline constexpr const char* kWrongExtension = "wrong_extension";
inline constexpr const char* kLabelError = "label_error";
inline constexpr const char* kOutlier = "outlier";
inline constexpr const char* kDark = "dark";
inline constexpr const char* kLight = "light";
inline constexpr const char* kBlurry = "blurry";
inline constexpr const char* kLowInformation = "low_information";
inline constexpr const char* kOddAspectRatio = "odd_aspect_ratio";
inline constexpr const char* kOddSize = "odd_size";
inline constexpr const char* kTooSmall = "too_small";
inline constexpr const char* kGrey = "grey";
inline constexpr const char* kAnimated = "animated";
inline constexpr const char* kClassImbalance = "class_imbalance";  // of the set

// What a person may want to look at: these never reject a picture of themselves.
struct ReviewType {
  std::string_view code;
  std::string_view title;        // "Dark"
  std::string_view explanation;  // for people who see pictures of it
  bool of_the_picture;           // by its pixels alone; if most pictures are so, it is a property of the set
};

// In the order of a report.
[[nodiscard]] std::span<const ReviewType> review_types();
// nullptr for codes of another kind.
[[nodiscard]] const ReviewType* find_review_type(std::string_view code);

}  // namespace winnow::curation
