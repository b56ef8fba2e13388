#include <gtest/gtest.h>

#include "odd_machines.hpp"
#include "winnow/doctor/report.hpp"

namespace winnow::doctor {
namespace {

TEST(JsonReport, HasTheSameFacts) {
  Facts facts = good_machine();
  facts.model = good_model();
  Json json = to_json(facts, judge_uses(facts), examine(facts));
  EXPECT_EQ(json["ok"], true);
  EXPECT_EQ(json["machine"]["vector_path"], "AVX2");
  EXPECT_TRUE(json["machine"]["processor_quota"].is_null());
  EXPECT_EQ(json["installation"]["programs"][5]["name"], "winnow-serve");
  EXPECT_EQ(json["model"]["self_test"], "holds");
  EXPECT_EQ(json["good_for"]["serving"]["fitness"], "good");
  EXPECT_TRUE(json["findings"].empty());
  facts.model->failure = "damaged";
  json = to_json(facts, judge_uses(facts), examine(facts));
  EXPECT_EQ(json["ok"], false);
  EXPECT_EQ(json["findings"][0]["code"], "model_not_opened");
  EXPECT_EQ(json["findings"][0]["blocks"], true);
  EXPECT_EQ(to_json(Facts{}, {}, {})["machine"]["memory_bytes"], nullptr);
}

}  // namespace
}  // namespace winnow::doctor
