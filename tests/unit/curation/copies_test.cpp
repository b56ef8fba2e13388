#include "copies.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/curation/draft_fixture.hpp"

namespace winnow::curation {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Copies : public testing::Test, public DraftFixture {
 protected:
  // All rows are one picture.
  std::vector<DuplicateGroup> settle_as_one() {
    return settle_copies(std::vector<int>(draft.sound.size(), 0), draft);
  }
};

TEST_F(Copies, RejectsPlaceholdersUnderAllTheirLabels) {
  for (const char* path : {"cat/1.jpg", "cat/2.jpg", "dog/1.jpg"}) add(path).sha256 = "not found";
  add("dog/2.jpg");
  reject_placeholders(tree, draft);
  for (const std::size_t i : {0u, 1u, 2u}) EXPECT_EQ(verdict(i), "-placeholder");
  EXPECT_EQ(draft.rows[0].issues[0].detail, "the same bytes stand 3 times under 2 labels");
  EXPECT_EQ(verdict(3), "");
}

TEST_F(Copies, TwoCopiesOrOneLabelMakeNoPlaceholder) {
  for (const char* path : {"cat/1.jpg", "cat/2.jpg", "cat/3.jpg"}) add(path).sha256 = "often";
  for (const char* path : {"cat/4.jpg", "dog/1.jpg"}) add(path).sha256 = "twice";
  reject_placeholders(tree, draft);
  EXPECT_EQ(draft.kept().size(), 5u);
}

TEST_F(Copies, APersonMayKeepAPlaceholder) {
  for (const char* path : {"cat/1.jpg", "cat/2.jpg", "dog/1.jpg"}) add(path).sha256 = "not found";
  decide(2);
  reject_placeholders(tree, draft);
  EXPECT_EQ(verdict(1), "-placeholder");
  EXPECT_EQ(verdict(2), "");
}

TEST_F(Copies, SaysHowAlikeCopiesAre) {
  add("cat/1.jpg").look = {0, 0};
  add("cat/2.jpg", 100, 90).look = {0xf, 0xf};
  add("cat/3.jpg", 90, 80).sha256 = draft.fingerprints[0]->sha256;
  draft.rows[2].sha256 = draft.fingerprints[0]->sha256;
  (void)settle_as_one();
  EXPECT_EQ(verdict(1), "-near_duplicate");
  EXPECT_DOUBLE_EQ(draft.rows[1].issues[0].score.value(), 1 - 4 / 64.0);
  EXPECT_EQ(verdict(2), "-exact_duplicate");
  EXPECT_EQ(draft.rows[2].issues[0].score.value(), 1);
}

TEST_F(Copies, TakesTheCosineWhereItSaysMore) {
  add("cat/1.jpg");
  add("cat/2.jpg");
  draft.embeddings = stats::Matrix(2, 2);
  draft.embeddings.row(0)[0] = 1;
  draft.embeddings.row(1)[0] = 0.96F;
  draft.embeddings.row(1)[1] = 0.28F;
  (void)settle_as_one();
  EXPECT_NEAR(draft.rows[1].issues.at(0).score.value(), 0.96, 1e-6);
}

TEST_F(Copies, APersonChoosesAmongCopies) {
  add("cat/large.jpg", 900, 900);
  add("cat/small.jpg");
  decide(1);
  const std::vector<DuplicateGroup> groups = settle_as_one();
  EXPECT_EQ(verdict(0), "-near_duplicate");
  EXPECT_EQ(verdict(1), "");
  EXPECT_THAT(groups.at(0).rows, ElementsAre(1, 0));
}

TEST_F(Copies, APersonSettlesAConflict) {
  add("cat/1.jpg");
  add("dog/1.jpg", 900, 900);
  add("dog/2.jpg");
  decide(0);
  const std::vector<DuplicateGroup> groups = settle_as_one();
  EXPECT_FALSE(groups.at(0).conflict);
  EXPECT_EQ(verdict(0), "");
  EXPECT_EQ(verdict(1), "-near_duplicate");
  EXPECT_EQ(verdict(2), "-near_duplicate");
}

TEST_F(Copies, APersonMayKeepBoth) {
  add("cat/1.jpg");
  add("cat/2.jpg");
  decide(0);
  decide(1);
  (void)settle_as_one();
  EXPECT_EQ(draft.kept().size(), 2u);
}

TEST_F(Copies, WhatIsRejectedAlreadyIsNobodysCopy) {
  add("cat/1.jpg", 900, 900);
  add("cat/2.jpg");
  reject(draft.rows[0], {kDropped});
  EXPECT_THAT(settle_as_one(), IsEmpty());
  EXPECT_EQ(verdict(1), "");
}

}  // namespace
}  // namespace winnow::curation
