#include "review.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "winnow/stats/neighbours.hpp"

namespace winnow::curation {
namespace {

using dataset::Fingerprint;
using dataset::Issue;

constexpr double kPropertyShare = 0.1;
constexpr std::size_t kPropertyCount = 5;  // of ten pictures, two dark ones are two dark pictures
constexpr int kMinSide = 64;
constexpr double kOddSizeThreshold = 0.5;
constexpr float kOddSizeSpread = 3;
constexpr double kImbalance = 0.1;

double side_of(const Fingerprint& picture) {
  return std::sqrt(static_cast<double>(picture.info.width) * picture.info.height);
}

// What counts as a usual size: [low, high], as CleanVision has it.
struct UsualSize {
  double low = 0;
  double high = 0;

  [[nodiscard]] double score(double side) const {
    if (high <= low) return 1;
    return 1 - std::min(1.0, std::abs(side - (low + high) / 2) / (high - low));
  }
};

UsualSize usual_size(const Draft& draft, const std::vector<std::size_t>& kept) {
  std::vector<float> sides;
  for (const std::size_t i : kept) sides.push_back(static_cast<float>(side_of(*draft.fingerprints[i])));
  const float low = stats::quantile(sides, 0.25);
  const float high = stats::quantile(sides, 0.75);
  const float spread = kOddSizeSpread * (high - low);
  return {low - spread, high + spread};
}

std::vector<Issue> review(const Fingerprint& picture, const UsualSize& usual) {
  std::vector<Issue> issues;
  const image::Quality& limit = image::kQualityThresholds;
  const auto check = [&](const char* code, double score, double threshold) {
    if (score < threshold)
      issues.push_back({code, fmt::format("{:.2f}, below {:.2f}", score, threshold), score});
  };
  check(kDark, picture.quality.dark, limit.dark);
  check(kLight, picture.quality.light, limit.light);
  check(kBlurry, picture.quality.blurry, limit.blurry);
  check(kLowInformation, picture.quality.low_information, limit.low_information);
  check(kOddAspectRatio, picture.quality.odd_aspect_ratio, limit.odd_aspect_ratio);
  check(kOddSize, usual.score(side_of(picture)), kOddSizeThreshold);
  const int side = std::min(picture.info.width, picture.info.height);
  if (side < kMinSide) {
    issues.push_back({kTooSmall, fmt::format("the shorter side has {} pixels", side),
                      static_cast<double>(side) / kMinSide});
  }
  if (picture.quality.grey) issues.push_back({kGrey, "no pixel has a colour"});
  if (picture.info.animated) issues.push_back({kAnimated, "the first frame is used"});
  return issues;
}

void note_spreads(const std::vector<std::size_t>& kept, Draft& draft) {
  struct Measure {
    const char* code;
    float image::Quality::*score;
  };
  for (const auto& [code, score] :
       {Measure{kDark, &image::Quality::dark}, Measure{kLight, &image::Quality::light},
        Measure{kBlurry, &image::Quality::blurry}, Measure{kLowInformation, &image::Quality::low_information},
        Measure{kOddAspectRatio, &image::Quality::odd_aspect_ratio}}) {
    ScoreSpread spread{std::string(find_review_type(code)->title), {}, image::kQualityThresholds.*score};
    for (const std::size_t i : kept) spread.scores.push_back(draft.fingerprints[i]->quality.*score);
    draft.spreads.push_back(std::move(spread));
  }
}

}  // namespace

std::vector<SetProperty> review_pictures(Draft& draft) {
  const std::vector<std::size_t> kept = draft.kept();
  const UsualSize usual = usual_size(draft, kept);
  note_spreads(kept, draft);
  std::vector<std::vector<Issue>> found;
  std::map<std::string_view, std::size_t> counts;
  for (const std::size_t i : kept) {
    found.push_back(review(*draft.fingerprints[i], usual));
    for (const Issue& issue : found.back()) ++counts[find_review_type(issue.code)->code];
  }
  std::vector<SetProperty> properties;
  for (const ReviewType& type : review_types()) {
    const std::size_t count = counts[type.code];
    const double share =
        static_cast<double>(count) / static_cast<double>(std::max<std::size_t>(1, kept.size()));
    if (share > kPropertyShare && count >= kPropertyCount) {
      properties.push_back({std::string(type.code), count, share});
    }
  }
  for (std::size_t k = 0; k < kept.size(); ++k) {
    if (draft.is_decided(kept[k])) continue;
    for (Issue& issue : found[k]) {
      const bool of_the_set =
          std::any_of(properties.begin(), properties.end(),
                      [&](const SetProperty& property) { return property.issue == issue.code; });
      if (!of_the_set) draft.row_of_sound(kept[k]).issues.push_back(std::move(issue));
    }
  }
  return properties;
}

std::optional<SetProperty> find_imbalance(const std::vector<std::string>& classes, const Draft& draft) {
  std::map<std::string, std::size_t> counts;
  for (const std::string& label : classes) counts[label] = 0;
  const std::vector<std::size_t> kept = draft.kept();
  for (const std::size_t i : kept) ++counts[draft.row_of_sound(i).label];
  if (counts.size() < 2 || kept.empty()) return std::nullopt;
  const auto rarest = std::min_element(counts.begin(), counts.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
  const double share = static_cast<double>(rarest->second) / static_cast<double>(kept.size());
  if (share >= kImbalance / static_cast<double>(counts.size())) return std::nullopt;
  return SetProperty{kClassImbalance, rarest->second, share};
}

}  // namespace winnow::curation
