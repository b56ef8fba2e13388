#include "winnow/model/onnx_summary.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/colour_network.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/random.hpp"
#include "winnow/model/onnx.hpp"

namespace winnow::model {
namespace {

using testing::HasSubstr;

TEST(OnnxSummary, SaysWhatTheGraphTakesAndGives) {
  const OnnxSummary summary = summarise_onnx(test::colour_model());
  EXPECT_EQ(summary.opset, 17);
  EXPECT_EQ(summary.ir_version, 8);
  EXPECT_THAT(summary.producer, HasSubstr("winnow "));
  ASSERT_EQ(summary.inputs.size(), 1U);
  EXPECT_EQ(summary.inputs[0].name, "images");
  EXPECT_EQ(summary.inputs[0].type, "uint8");
  EXPECT_EQ(summary.inputs[0].shape.front(), "n");
  EXPECT_EQ(summary.inputs[0].shape.back(), "3");
  EXPECT_EQ(summary.outputs.size(), 3U);
  EXPECT_EQ(summary.operators.at("Softmax"), 1U);
  EXPECT_FALSE(summary.constants.empty());
  EXPECT_EQ(summary.graph_sha256.size(), 64U);
  EXPECT_THAT(summary.metadata.at("winnow"), HasSubstr("classes"));
}

// Whatever the bytes are, there is an answer or an Error, and no more memory than they take.
TEST(OnnxSummary, SurvivesDamage) {
  const Bytes whole = test::colour_model();
  for (std::size_t length = 0; length < whole.size(); length += 1 + whole.size() / 97) {
    EXPECT_THROW((void)summarise_onnx(ByteSpan(whole).first(length)), Error) << length << " bytes";
  }
  for (int round = 0; round < 2000; ++round) {
    CounterRandom random(7, round);
    Bytes damaged = whole;
    for (int i = 0; i < 3; ++i) {
      const auto place = static_cast<std::size_t>(random.uniform(0, static_cast<double>(damaged.size())));
      damaged[place] = static_cast<std::uint8_t>(random.uniform(0, 256));
    }
    try {
      (void)summarise_onnx(damaged);
      (void)read_onnx_metadata(damaged);
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    }
  }
}

TEST(OnnxSummary, RefusesWhatIsNoModel) {
  EXPECT_THROW((void)summarise_onnx({}), Error);
  EXPECT_THROW((void)summarise_onnx(as_bytes("<html>")), Error);
}

}  // namespace
}  // namespace winnow::model
