#include "winnow/inference/answer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace winnow::inference {
namespace {

using testing::ElementsAre;
using testing::Field;

model::Metadata metadata_of(std::vector<std::string> classes) {
  model::Metadata metadata;
  metadata.classes = std::move(classes);
  return metadata;
}

TEST(Answer, OrdersScoresAndKeepsTheTop) {
  const Answer answer = make_answer({.probabilities = {0.2F, 0.5F, 0.3F}}, metadata_of({"a", "b", "c"}), 2);
  EXPECT_EQ(answer.label, "b");
  EXPECT_FLOAT_EQ(answer.confidence, 0.5F);
  EXPECT_THAT(answer.scores, ElementsAre(Field(&LabelScore::label, "b"), Field(&LabelScore::label, "c")));
}

TEST(Answer, NamesAtLeastOneClassAndAtMostAll) {
  const Prediction prediction{.probabilities = {0.4F, 0.6F}};
  EXPECT_EQ(make_answer(prediction, metadata_of({"a", "b"}), 0).scores.size(), 1u);
  EXPECT_EQ(make_answer(prediction, metadata_of({"a", "b"}), 99).scores.size(), 2u);
}

TEST(Answer, GivesTheThreeTones) {
  const auto verdict_at = [](float p) {
    return make_answer({.probabilities = {p, 1 - p}}, metadata_of({"a", "b"}), 1).verdict;
  };
  EXPECT_EQ(verdict_at(0.99F), Verdict::kVeryConfident);
  EXPECT_EQ(verdict_at(0.80F), Verdict::kFairlySure);
  EXPECT_EQ(verdict_at(0.60F), Verdict::kNotSure);
}

TEST(Answer, IsNoneOfTheseBelowTheThresholdHoweverConfident) {
  model::Metadata metadata = metadata_of({"a", "b"});
  metadata.unknown = model::UnknownRule{.neighbours = 5, .threshold = 0.6F};
  const Answer stranger = make_answer({.probabilities = {1, 0}, .similarity = 0.59F}, metadata, 1);
  EXPECT_TRUE(stranger.unknown);
  EXPECT_EQ(stranger.verdict, Verdict::kNoneOfThese);
  EXPECT_FALSE(make_answer({.probabilities = {1, 0}, .similarity = 0.61F}, metadata, 1).unknown);
}

TEST(Answer, IsNeverUnknownWithoutARule) {
  const float nothing = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(
      make_answer({.probabilities = {1, 0}, .similarity = nothing}, metadata_of({"a", "b"}), 1).unknown);
}

TEST(Answer, BecomesTheDocumentedJson) {
  const Answer answer = make_answer({.probabilities = {0.9842F, 0.0158F}}, metadata_of({"cat", "dog"}), 2);
  EXPECT_EQ(to_line(to_json(answer, "x.jpg")),
            R"({"path":"x.jpg","label":"cat","confidence":0.9842,"verdict":"very_confident","unknown":false,)"
            R"("scores":[{"label":"cat","score":0.9842},{"label":"dog","score":0.0158}]})");
}

}  // namespace
}  // namespace winnow::inference
