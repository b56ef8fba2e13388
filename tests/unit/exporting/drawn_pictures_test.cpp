#include "drawn_pictures.hpp"

#include <gtest/gtest.h>

namespace winnow::exporting {
namespace {

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
