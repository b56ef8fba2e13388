#include "winnow/inference/answer.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace winnow::inference {
namespace {

// The three tones in which an answer is given. Probabilities are calibrated: of the answers given at 0.95 or
// more, about one in twenty or fewer is wrong.
constexpr float kVeryConfident = 0.95F;
constexpr float kFairlySure = 0.75F;

// Six decimals: what float32 can say of a probability, without the noise of printing it as a double.
double rounded(float score) {
  return std::round(double{score} * 1e6) / 1e6;
}

}  // namespace

Answer make_answer(const Prediction& prediction, const model::Metadata& metadata, std::size_t top_k) {
  const std::vector<float>& p = prediction.probabilities;
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const std::size_t shown = std::clamp<std::size_t>(top_k, 1, p.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(shown), order.end(),
                    [&](std::size_t a, std::size_t b) { return p[a] != p[b] ? p[a] > p[b] : a < b; });

  Answer answer;
  for (std::size_t i = 0; i < shown; ++i) answer.scores.push_back({metadata.classes[order[i]], p[order[i]]});
  answer.label = answer.scores.front().label;
  answer.confidence = answer.scores.front().score;
  answer.unknown = metadata.unknown && prediction.similarity < metadata.unknown->threshold;
  answer.verdict = answer.unknown                        ? Verdict::kNoneOfThese
                   : answer.confidence >= kVeryConfident ? Verdict::kVeryConfident
                   : answer.confidence >= kFairlySure    ? Verdict::kFairlySure
                                                         : Verdict::kNotSure;
  return answer;
}

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::kVeryConfident:
      return "very_confident";
    case Verdict::kFairlySure:
      return "fairly_sure";
    case Verdict::kNotSure:
      return "not_sure";
    case Verdict::kNoneOfThese:
      return "none_of_these";
  }
  return "";
}

std::string_view to_phrase(Verdict verdict) {
  switch (verdict) {
    case Verdict::kVeryConfident:
      return "very confident";
    case Verdict::kFairlySure:
      return "fairly sure";
    case Verdict::kNotSure:
      return "not sure";
    case Verdict::kNoneOfThese:
      return "none of these";
  }
  return "";
}

Json to_json(const Answer& answer, std::string_view path) {
  Json scores = Json::array();
  for (const LabelScore& score : answer.scores)
    scores.push_back({{"label", score.label}, {"score", rounded(score.score)}});
  return {{"path", std::string(path)},
          {"label", answer.label},
          {"confidence", rounded(answer.confidence)},
          {"verdict", std::string(to_string(answer.verdict))},
          {"unknown", answer.unknown},
          {"scores", std::move(scores)}};
}

}  // namespace winnow::inference
