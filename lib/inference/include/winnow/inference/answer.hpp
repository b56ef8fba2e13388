// What a prediction means to a person. winnow-classify prints it and POST /api/classify returns it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "winnow/core/json.hpp"
#include "winnow/inference/classifier.hpp"

namespace winnow::inference {

enum class Verdict { kVeryConfident, kFairlySure, kNotSure, kNoneOfThese };

struct LabelScore {
  std::string label;
  float score;
};

struct Answer {
  std::string label;  // the most probable class, even when unknown
  float confidence = 0;
  Verdict verdict = Verdict::kNotSure;
  bool unknown = false;            // unlike anything the model was trained on
  std::vector<LabelScore> scores;  // the top_k, in falling order
};

[[nodiscard]] Answer make_answer(const Prediction& prediction, const model::Metadata& metadata,
                                 std::size_t top_k);

// "very_confident", "fairly_sure", "not_sure", "none_of_these".
[[nodiscard]] std::string_view to_string(Verdict verdict);
// "very confident", "fairly sure", "not sure", "none of these".
[[nodiscard]] std::string_view to_phrase(Verdict verdict);

// {"path", "label", "confidence", "verdict", "unknown", "scores": [{"label", "score"}, ...]}
[[nodiscard]] Json to_json(const Answer& answer, std::string_view path);

}  // namespace winnow::inference
