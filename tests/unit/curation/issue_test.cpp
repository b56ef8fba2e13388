#include "winnow/curation/issue.hpp"

#include <gtest/gtest.h>

#include <set>

namespace winnow::curation {
namespace {

TEST(ReviewTypes, AreFoundByTheirCodes) {
  std::set<std::string_view> codes;
  for (const ReviewType& type : review_types()) {
    EXPECT_TRUE(codes.insert(type.code).second) << type.code;
    EXPECT_EQ(find_review_type(type.code), &type);
    EXPECT_FALSE(type.title.empty());
    EXPECT_TRUE(type.explanation.ends_with('.')) << type.code;
  }
}

TEST(ReviewTypes, AreNotReasonsToReject) {
  for (const char* code : {kExactDuplicate, kLabelConflict, kPlaceholder, kDropped, "truncated", ""}) {
    EXPECT_EQ(find_review_type(code), nullptr) << code;
  }
}

}  // namespace
}  // namespace winnow::curation
