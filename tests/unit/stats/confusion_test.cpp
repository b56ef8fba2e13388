#include "winnow/stats/confusion.hpp"

#include <gtest/gtest.h>

namespace winnow::stats {
namespace {

// Of class 0 three are right and one is taken for class 2; of class 1 both are taken for 0; class 2 never
// occurs.
Confusion example() {
  const int truths[] = {0, 0, 0, 0, 1, 1};
  const int predictions[] = {0, 0, 2, 0, 0, 0};
  return confusion(truths, predictions, 3);
}

TEST(Confusion, CountsTruthsInRows) {
  const Confusion matrix = example();
  EXPECT_EQ(matrix.classes(), 3u);
  EXPECT_EQ(matrix.count(0, 0), 3u);
  EXPECT_EQ(matrix.count(0, 2), 1u);
  EXPECT_EQ(matrix.count(2, 0), 0u);
  EXPECT_EQ(matrix.count(1, 0), 2u);
  EXPECT_EQ(matrix.count(0, 1), 0u);
}

TEST(Confusion, SumsUp) {
  const Confusion matrix = example();
  EXPECT_EQ(matrix.total(), 6u);
  EXPECT_EQ(matrix.correct(), 3u);
  EXPECT_EQ(matrix.truths(0), 4u);
  EXPECT_EQ(matrix.truths(2), 0u);
  EXPECT_EQ(matrix.predictions(0), 5u);
  EXPECT_EQ(matrix.predictions(1), 0u);
}

TEST(Confusion, Rates) {
  const Confusion matrix = example();
  EXPECT_DOUBLE_EQ(matrix.accuracy(), 0.5);
  EXPECT_DOUBLE_EQ(matrix.precision(0), 0.6);
  EXPECT_DOUBLE_EQ(matrix.recall(0), 0.75);
  EXPECT_DOUBLE_EQ(matrix.recall(1), 0);
}

TEST(Confusion, BalancesOverTheClassesThatOccur) {
  EXPECT_DOUBLE_EQ(example().balanced_accuracy(), 0.375);
}

TEST(Confusion, IsZeroWhereNothingWasCounted) {
  const Confusion nothing(2);
  EXPECT_EQ(nothing.accuracy(), 0);
  EXPECT_EQ(nothing.balanced_accuracy(), 0);
  EXPECT_EQ(example().precision(1), 0);
  EXPECT_EQ(example().recall(2), 0);
}

}  // namespace
}  // namespace winnow::stats
