#include "winnow/exporting/self_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "drawn_pictures.hpp"
#include "support/colour_network.hpp"
#include "support/recording_context.hpp"
#include "winnow/core/error.hpp"

namespace winnow::exporting {
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
  const test::RecordingContext context;
  try {
    (void)self_check(test::colour_model(), context);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
    EXPECT_THAT(error.what(), testing::HasSubstr("holds no reference pictures"));
  }
}

TEST(DrawnPictures, AreSmallAndTheSameEachTime) {
  const auto pictures = draw_reference_pictures();
  ASSERT_EQ(pictures.size(), 3U);
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    EXPECT_LT(pictures[i].file.size(), 10'000U) << pictures[i].name;
    EXPECT_EQ(pictures[i].file, draw_reference_pictures()[i].file);
  }
}

}  // namespace
}  // namespace winnow::exporting
