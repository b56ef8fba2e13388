#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "odd_machines.hpp"
#include "winnow/doctor/findings.hpp"

namespace winnow::doctor {
namespace {

using Fitness = Use::Fitness;
using testing::HasSubstr;

std::map<std::string, Use> uses(const Facts& facts) {
  std::map<std::string, Use> all;
  for (const Use& use : judge_uses(facts)) all[use.name] = use;
  EXPECT_EQ(all.size(), 4U);
  return all;
}

TEST(Uses, AreAllGoodOnAGoodMachine) {
  const auto all = uses(good_machine());
  for (const auto& [name, use] : all) EXPECT_EQ(use.fitness, Fitness::kGood) << name;
  // 4 ms in the network and a quarter of 4 ms of decoding: 200 a second.
  EXPECT_THAT(all.at("serving").text, HasSubstr("about 200 classifications a second, 8.0 ms"));
  EXPECT_EQ(all.at("batch").text, "1,000 pictures in about 5.0 s, a million in 83 min");
  EXPECT_EQ(all.at("head").text, "1,000 pictures in about 7.0 s");
}

TEST(Uses, GoByTheModelThatIsNamed) {
  Facts facts = good_machine();
  facts.model = good_model();
  facts.model->speed.in_batch = 0.019;
  EXPECT_THAT(uses(facts).at("serving").text, HasSubstr("about 50 classifications"));
  EXPECT_THAT(uses(facts).at("head").text, HasSubstr("7.0 s"));  // which has another network
  facts.model->failure = "damaged";
  EXPECT_THAT(uses(facts).at("serving").text, HasSubstr("about 200 classifications"));
}

TEST(Uses, OfOneCoreAndHalfAGigabyte) {
  Facts facts = good_machine();
  facts.machine.processors = facts.machine.allowed = 1;
  facts.machine.memory = 500'000'000;
  const auto all = uses(facts);
  EXPECT_EQ(all.at("serving").fitness, Fitness::kSlow);
  EXPECT_THAT(all.at("serving").text, HasSubstr("little memory"));
  EXPECT_EQ(all.at("batch").fitness, Fitness::kGood);
  EXPECT_EQ(all.at("finetune").fitness, Fitness::kNo);
  EXPECT_THAT(all.at("finetune").text, HasSubstr("500.0 MB of memory"));
}

TEST(Uses, OfASlowProcessor) {
  Facts facts = good_machine();
  facts.machine.group.processors = 0.5;
  facts.speed->in_batch = 0.3;
  facts.speed->float32 = 0.3;
  const auto all = uses(facts);
  for (const char* name : {"serving", "batch", "head", "finetune"})
    EXPECT_EQ(all.at(name).fitness, Fitness::kSlow) << name;
  EXPECT_THAT(all.at("batch").text, HasSubstr("a million in 3.6 days"));
}

TEST(Uses, WithoutTheProgramsOrWithoutFigures) {
  Facts facts = good_machine();
  facts.installation.programs[2].is_there = false;
  EXPECT_EQ(uses(facts).at("head").fitness, Fitness::kNo);
  EXPECT_THAT(uses(facts).at("head").text, HasSubstr("install winnow-training"));
  EXPECT_EQ(uses(facts).at("serving").fitness, Fitness::kGood);
  facts = good_machine();
  facts.speed.reset();
  for (const auto& [name, use] : uses(facts)) EXPECT_EQ(use.fitness, Fitness::kUnknown) << name;
}

TEST(Uses, DoNotDivideByZero) {
  Facts facts = good_machine();
  facts.speed = Speed{.float32 = 0};
  for (const auto& [name, use] : uses(facts)) EXPECT_NE(use.text, "") << name;
}

}  // namespace
}  // namespace winnow::doctor
