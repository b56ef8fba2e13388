#include "winnow/model/reference_vector.hpp"

#include <gtest/gtest.h>

#include "winnow/core/error.hpp"

namespace winnow::model {
namespace {

ReferenceVector small_vector() {
  return {"an engine", 0.5, {{"a.png", "nothing", {1, 2, 3}, "00", Bytes(768, 7), {1.5F, -2.25F}}}};
}

TEST(SampleGrid, TakesThePixelsThatTheHeaderNames) {
  constexpr std::size_t kSide = 40;
  std::vector<std::uint8_t> pixels(kSide * kSide * 3);
  for (std::size_t y = 0; y < kSide; ++y) {
    for (std::size_t x = 0; x < kSide; ++x) {
      pixels[3 * (y * kSide + x)] = static_cast<std::uint8_t>(y);
      pixels[3 * (y * kSide + x) + 1] = static_cast<std::uint8_t>(x);
    }
  }
  const Bytes grid = sample_grid(pixels, kSide);
  ASSERT_EQ(grid.size(), 768U);
  EXPECT_EQ(grid[0], 1);  // row 40 / 32
  EXPECT_EQ(grid[1], 1);
  EXPECT_EQ(grid[3 * (16 * 15 + 3)], 38);     // row 31 * 40 / 32
  EXPECT_EQ(grid[3 * (16 * 15 + 3) + 1], 8);  // column 7 * 40 / 32
}

TEST(ReferenceVector, ComesBackAsItWas) {
  const ReferenceVector back = reference_vector_from_json(to_json(small_vector()));
  EXPECT_EQ(back.engine, "an engine");
  EXPECT_EQ(back.logit_tolerance, 0.5);
  ASSERT_EQ(back.pictures.size(), 1U);
  EXPECT_EQ(back.pictures[0].name, "a.png");
  EXPECT_EQ(back.pictures[0].file, (Bytes{1, 2, 3}));
  EXPECT_EQ(back.pictures[0].grid, Bytes(768, 7));
  EXPECT_EQ(back.pictures[0].logits, (std::vector<float>{1.5F, -2.25F}));
}

TEST(ReferenceVector, RefusesWhatIsDamagedOrNewer) {
  const auto kind_of = [](const Json& json) {
    try {
      (void)reference_vector_from_json(json);
    } catch (const Error& error) {
      return error.kind();
    }
    return ErrorKind::kCancelled;
  };
  const Json whole = to_json(small_vector());
  Json newer = whole;
  newer["format"] = 2;
  EXPECT_EQ(kind_of(newer), ErrorKind::kUnsupported);
  for (const char* member : {"format", "engine", "logit_tolerance", "pictures"}) {
    Json missing = whole;
    missing.erase(member);
    EXPECT_EQ(kind_of(missing), ErrorKind::kInvalid) << member;
  }
  for (const char* member : {"name", "shows", "file", "pixels_sha256", "grid", "logits"}) {
    Json wrong = whole;
    wrong["pictures"][0][member] = member == std::string("logits") ? Json("x") : Json(1);
    EXPECT_EQ(kind_of(wrong), ErrorKind::kInvalid) << member;
  }
  Json short_grid = whole;
  short_grid["pictures"][0]["grid"] = "AAAA";
  EXPECT_EQ(kind_of(short_grid), ErrorKind::kInvalid);
  EXPECT_EQ(kind_of(Json::parse("not json", nullptr, false)), ErrorKind::kInvalid);
}

}  // namespace
}  // namespace winnow::model
