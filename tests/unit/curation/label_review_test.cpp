#include "label_review.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "support/recording_context.hpp"
#include "unit/curation/draft_fixture.hpp"
#include "unit/stats/samples.hpp"
#include "winnow/stats/neighbours.hpp"

namespace winnow::curation {
namespace {

using testing::HasSubstr;

// Cats point one way, dogs another.
class LabelReview : public testing::Test, public DraftFixture {
 protected:
  static constexpr std::size_t kEach = 60;

  LabelReview() {
    for (const char* label : {"cat", "dog"}) {
      for (std::size_t i = 0; i < kEach; ++i) add(fmt::format("{}/{}.jpg", label, i));
    }
    draft.embeddings = stats::random_matrix(2 * kEach, 16, 1);
    for (std::size_t i = 0; i < 2 * kEach; ++i) draft.embeddings.row(i)[i / kEach] += 12;
    stats::normalise_rows(draft.embeddings);
  }

  // The picture shows the other animal.
  void turn(std::size_t i) { std::swap(draft.embeddings.row(i)[0], draft.embeddings.row(i)[1]); }

  // Cats and dogs are hard to tell apart: the lower, the harder.
  void tell_apart_by(float difference) {
    draft.embeddings = stats::random_matrix(2 * kEach, 16, 1);
    for (std::size_t i = 0; i < 2 * kEach; ++i) draft.embeddings.row(i)[i / kEach] += difference;
    stats::normalise_rows(draft.embeddings);
  }

  [[nodiscard]] std::vector<std::size_t> flagged() const {
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < draft.rows.size(); ++i) {
      if (verdict(i).find(kLabelError) != std::string::npos) rows.push_back(i);
    }
    return rows;
  }

  std::optional<LabelQuality> review() {
    std::vector<int> related(draft.sound.size());
    for (std::size_t i = 0; i < related.size(); ++i) related[i] = static_cast<int>(i);
    const std::vector<std::string> classes = {"cat", "dog"};
    return review_labels(classes, related, options, context, draft);
  }

  CurationOptions options;
  test::RecordingContext context{1};
};

TEST_F(LabelReview, SuggestsTheOtherLabel) {
  turn(3);
  const std::optional<LabelQuality> quality = review();
  ASSERT_TRUE(quality.has_value());
  EXPECT_GT(quality->accuracy, 0.97);
  EXPECT_LT(quality->noise_rate, 0.05);
  EXPECT_TRUE(quality->trusted);
  EXPECT_TRUE(draft.rows[3].keep);
  ASSERT_THAT(verdict(3), HasSubstr(kLabelError));
  const dataset::Issue& issue = draft.rows[3].issues.back();
  EXPECT_EQ(issue.suggested_label, "dog");
  EXPECT_LT(issue.score.value(), 0.5);
  EXPECT_EQ(issue.detail, "looks like dog");
}

TEST_F(LabelReview, RejectsOnlyIfAskedTo) {
  turn(3);
  options.reject_label_errors = true;
  (void)review();
  EXPECT_FALSE(draft.rows[3].keep);
  EXPECT_EQ(context.messages(), "");
}

TEST_F(LabelReview, DoesNotRejectByPredictionsThatFailTooOften) {
  for (std::size_t i = 0; i < 2 * kEach; i += 4) turn(i);
  options.reject_label_errors = true;
  const std::optional<LabelQuality> quality = review();
  EXPECT_FALSE(quality->trusted);
  EXPECT_EQ(draft.kept().size(), 2 * kEach);
  EXPECT_THAT(context.messages(), HasSubstr("are listed, not rejected"));
}

// Labels that are wrong themselves hide others: once they are gone, more is seen.
TEST_F(LabelReview, LooksOnceMoreAtWhatIsLeft) {
  for (std::size_t i = 0; i < 5; ++i) turn(13 * i);
  const stats::Matrix embeddings = draft.embeddings;
  (void)review();
  const std::vector<std::size_t> first = flagged();
  ASSERT_FALSE(first.empty());
  for (dataset::CuratedRow& row : draft.rows) row.issues.clear();
  for (const std::size_t i : first) reject(draft.rows[i], {kDropped});
  draft.embeddings = embeddings;
  (void)review();
  std::vector<std::size_t> expected = flagged();
  ASSERT_FALSE(expected.empty());
  expected.insert(expected.end(), first.begin(), first.end());

  for (dataset::CuratedRow& row : draft.rows) row = {.path = row.path, .label = row.label};
  draft.embeddings = embeddings;
  options.reject_label_errors = true;
  const std::optional<LabelQuality> quality = review();
  EXPECT_THAT(flagged(), testing::UnorderedElementsAreArray(expected));
  for (const std::size_t i : expected) {
    EXPECT_EQ(verdict(i), "-label_error");
    EXPECT_EQ(i % 13, 0U) << "was labelled rightly";
  }
  EXPECT_EQ(draft.embeddings.rows(), 2 * kEach - expected.size());
  EXPECT_GT(quality->noise_rate, 0) << "is not that of the labels as they came";
}

TEST_F(LabelReview, ListsATwentiethWherePredictionsAreUnsure) {
  tell_apart_by(1.5);
  const std::optional<LabelQuality> quality = review();
  ASSERT_FALSE(quality->trusted);
  ASSERT_GT(quality->noise_rate, 0.1);
  for (const std::size_t first : {std::size_t{0}, kEach}) {
    std::vector<double> margins;
    for (const std::size_t i : flagged()) {
      if (i - first < kEach) margins.push_back(draft.rows[i].issues.back().score.value());
    }
    EXPECT_GE(margins.size(), 3U);  // of 60
    if (margins.size() > 3) {
      EXPECT_LE(*std::ranges::max_element(margins), 1.0 / 3);
    }
  }
  // Less than is believed to be wrong, which alone would all be listed.
  EXPECT_LT(static_cast<double>(flagged().size()), 0.75 * quality->noise_rate * 2 * kEach);
}

TEST_F(LabelReview, ListsAllThatIsClearlyWrong) {
  for (std::size_t i = 0; i < 2 * kEach; i += 8) turn(i);
  const std::optional<LabelQuality> quality = review();
  ASSERT_FALSE(quality->trusted);
  EXPECT_GT(flagged().size(), 10U);  // of 15
  for (const std::size_t i : flagged()) EXPECT_EQ(i % 8, 0U);
}

TEST_F(LabelReview, LeavesAloneWhatAPersonDecided) {
  turn(3);
  decide(3);
  (void)review();
  EXPECT_EQ(verdict(3), "");
}

TEST_F(LabelReview, NotesWhatBelongsNowhere) {
  for (float& value : draft.embeddings.row(7)) value = 0;
  draft.embeddings.row(7)[15] = -1;
  (void)review();
  EXPECT_THAT(verdict(7), HasSubstr(kOutlier));
  EXPECT_LT(draft.rows[7].issues[0].score.value(), 0.3);
}

TEST_F(LabelReview, KeepsTheEmbeddingsOfWhatItLookedAt) {
  reject(draft.rows[0], {kExactDuplicate});
  (void)review();
  EXPECT_EQ(draft.embeddings.rows(), 2 * kEach - 1);
}

TEST_F(LabelReview, SaysNothingOfOneClass) {
  for (std::size_t i = kEach; i < 2 * kEach; ++i) reject(draft.rows[i], {kDropped});
  EXPECT_FALSE(review().has_value());
}

TEST_F(LabelReview, SaysNothingOfAHandful) {
  for (std::size_t i = 5; i < 2 * kEach; ++i) reject(draft.rows[i], {kDropped});
  EXPECT_FALSE(review().has_value());
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(verdict(i), "");
}

}  // namespace
}  // namespace winnow::curation
