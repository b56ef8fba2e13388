#include "winnow/inference/self_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/colour_network.hpp"
#include "winnow/core/error.hpp"

namespace winnow::inference {
namespace {

CheckedPicture good() {
  return {.name = "a", .failure = {}, .same_pixels = true, .pixel_difference = 0, .logit_difference = 0.1};
}

bool holds(const CheckedPicture& picture, bool graph_is_intact = true) {
  return SelfCheck{
      .graph_is_intact = graph_is_intact, .engine = {}, .logit_tolerance = 0.2, .pictures = {good(), picture}}
      .holds();
}

TEST(SelfCheck, HoldsUnlessOnePictureOrTheGraphDoesNot) {
  EXPECT_TRUE(holds(good()));
  EXPECT_FALSE(holds(good(), false));
  CheckedPicture picture = good();
  picture.logit_difference = 0.3;
  EXPECT_FALSE(holds(picture));
  picture.logit_difference = std::nan("");
  EXPECT_FALSE(holds(picture));
  picture.same_pixels = false;  // then its logits say nothing of the engine
  picture.pixel_difference = 2;
  EXPECT_TRUE(holds(picture));
  picture.pixel_difference = 3;
  EXPECT_FALSE(holds(picture));
  picture = good();
  picture.failure = "truncated";
  EXPECT_FALSE(holds(picture));
}

TEST(SelfCheck, NeedsReferencePictures) {
  try {
    (void)self_check(test::colour_model(), 1);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
    EXPECT_THAT(error.what(), testing::HasSubstr("holds no reference pictures"));
  }
}

}  // namespace
}  // namespace winnow::inference
