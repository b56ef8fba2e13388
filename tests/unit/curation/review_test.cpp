#include "review.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/curation/draft_fixture.hpp"

namespace winnow::curation {
namespace {

using testing::IsEmpty;

class Review : public testing::Test, public DraftFixture {
 protected:
  void add_ordinary(std::size_t count, const std::string& label = "cat") {
    for (std::size_t i = 0; i < count; ++i) {
      add(fmt::format("{}/ordinary{}.jpg", label, i), 300 + static_cast<int>(i), 200);
    }
  }
};

TEST_F(Review, NotesWhatThePixelsSpeakAgainst) {
  add_ordinary(60);
  add("cat/dark.jpg").quality.dark = 0.1F;
  add("cat/light.jpg").quality.light = 0.01F;
  add("cat/blurry.jpg").quality.blurry = 0.2F;
  add("cat/blank.jpg").quality.low_information = 0;
  add("cat/strip.jpg").quality.odd_aspect_ratio = 0.2F;
  add("cat/grey.jpg").quality.grey = true;
  add("cat/moving.gif").info.animated = true;
  add("cat/icon.jpg", 300, 32);
  add("cat/huge.jpg", 3000, 2000);
  EXPECT_THAT(review_pictures(draft), IsEmpty());
  for (std::size_t i = 0; i < 60; ++i) EXPECT_EQ(verdict(i), "") << i;
  const char* const expected[] = {kDark, kLight, kBlurry, kLowInformation, kOddAspectRatio, kGrey, kAnimated};
  for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(verdict(60 + i), expected[i]);
  EXPECT_EQ(verdict(67), "odd_size too_small");
  EXPECT_EQ(verdict(68), "odd_size");
  EXPECT_NEAR(draft.rows[60].issues[0].score.value(), 0.1, 1e-6);
  EXPECT_EQ(draft.rows[60].issues[0].detail, "0.10, below 0.32");
  EXPECT_EQ(draft.rows[67].issues[1].score.value(), 0.5);
  EXPECT_FALSE(draft.rows[65].issues[0].score.has_value());
}

TEST_F(Review, WhatATenthHasIsAPropertyOfTheSet) {
  add_ordinary(40);
  for (int i = 0; i < 10; ++i) add(fmt::format("cat/grey{}.jpg", i)).quality.grey = true;
  add("cat/dark.jpg").quality.dark = 0;
  const std::vector<SetProperty> properties = review_pictures(draft);
  ASSERT_EQ(properties.size(), 1u);
  EXPECT_EQ(properties[0].issue, kGrey);
  EXPECT_EQ(properties[0].count, 10u);
  EXPECT_NEAR(properties[0].share, 10 / 51.0, 1e-9);
  EXPECT_EQ(verdict(45), "");
  EXPECT_EQ(verdict(50), "dark");
}

TEST_F(Review, AFewOfFewAreNoProperty) {
  add_ordinary(8);
  for (int i = 0; i < 3; ++i) add(fmt::format("cat/grey{}.jpg", i)).quality.grey = true;
  EXPECT_THAT(review_pictures(draft), IsEmpty());
  EXPECT_EQ(verdict(9), "grey");
}

TEST_F(Review, LeavesAloneWhatIsRejectedOrDecided) {
  add_ordinary(5);
  add("cat/dropped.jpg").quality.dark = 0;
  add("cat/seen.jpg").quality.dark = 0;
  reject(draft.rows[5], {kDropped});
  decide(6);
  (void)review_pictures(draft);
  EXPECT_EQ(verdict(5), "-dropped");
  EXPECT_EQ(verdict(6), "");
}

TEST_F(Review, EqualSizesAreNeverOdd) {
  for (int i = 0; i < 20; ++i) add(fmt::format("cat/{}.jpg", i));
  add("cat/large.jpg", 1000, 1000);
  (void)review_pictures(draft);
  EXPECT_EQ(verdict(20), "");
}

TEST_F(Review, HasNothingToSayOfNothing) {
  EXPECT_THAT(review_pictures(draft), IsEmpty());
}

TEST_F(Review, TellsARareClass) {
  add_ordinary(200, "cat");
  add_ordinary(4, "dog");
  const auto imbalance = find_imbalance(tree.classes, draft);
  ASSERT_TRUE(imbalance.has_value());
  EXPECT_EQ(imbalance->issue, kClassImbalance);
  EXPECT_EQ(imbalance->count, 4u);
}

TEST_F(Review, AThirdIsNotRare) {
  add_ordinary(20, "cat");
  add_ordinary(10, "dog");
  EXPECT_FALSE(find_imbalance(tree.classes, draft).has_value());
  EXPECT_FALSE(find_imbalance({"cat"}, draft).has_value());
}

}  // namespace
}  // namespace winnow::curation
