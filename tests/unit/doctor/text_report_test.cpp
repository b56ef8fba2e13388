#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "odd_machines.hpp"
#include "winnow/doctor/report.hpp"

namespace winnow::doctor {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string report(const Facts& facts) {
  return to_text(facts, judge_uses(facts), examine(facts));
}

TEST(TextReport, OfAGoodMachine) {
  const std::string text = report(good_machine());
  EXPECT_THAT(text, HasSubstr("  cores           4 of 4; winnow uses 4 threads\n"));
  EXPECT_THAT(text, HasSubstr("  winnow-serve    0.1.0\n"));
  EXPECT_THAT(text, HasSubstr("  OpenVINO        computes in f32\n"));
  EXPECT_THAT(text, HasSubstr("4.00 ms a picture, 250 a second; 200 with decoding"));
  EXPECT_THAT(text, HasSubstr("\nnothing stands in the way\n"));
  EXPECT_THAT(text, Not(HasSubstr("\nnetwork\n")));
}

TEST(TextReport, OfAMachineOfWhichNothingIsKnown) {
  const std::string text = report(Facts{});
  EXPECT_THAT(text, HasSubstr("  memory          unknown; unknown free; no swap\n"));
  EXPECT_THAT(text, HasSubstr("\nin the way\n"));  // there is no program
  EXPECT_THAT(text, Not(HasSubstr("\nspeed\n")));
}

TEST(TextReport, SaysWhatIsWrong) {
  Facts facts = good_machine();
  facts.machine.group.processors = 0.5;
  facts.machine.group.memory = 400'000'000;
  facts.installation.programs[0].failure = "no library";
  facts.folders[0].writable = false;
  facts.hosts = {{.name = "https://a.example", .failure_code = "dns", .failure = "cannot resolve"}};
  facts.model = good_model();
  facts.model->failure = "no such file";
  const std::string text = report(facts);
  EXPECT_THAT(text, HasSubstr("4 of 4, 0.5 by the control group"));
  EXPECT_THAT(text, HasSubstr("400.0 MB by the control group"));
  EXPECT_THAT(text, HasSubstr("winnow-scrape   DOES NOT START: no library"));
  EXPECT_THAT(text, HasSubstr("cannot be written"));
  EXPECT_THAT(text, HasSubstr("https://a.example: cannot resolve"));
  EXPECT_THAT(text, HasSubstr("\nin the way\n  winnow-scrape does not start: no library; install"));
  EXPECT_THAT(text, HasSubstr("  pets.onnx cannot be opened: no such file; "));
  EXPECT_THAT(text, HasSubstr("\nadvice\n  only 0.5 of a core"));
  EXPECT_THAT(text, Not(HasSubstr("nothing stands")));
}

TEST(TextReport, ShowsAModel) {
  Facts facts = good_machine();
  facts.model = good_model();
  EXPECT_THAT(report(facts), HasSubstr("  model           pets.onnx, 2 classes\n  self-test       holds\n"));
}

}  // namespace
}  // namespace winnow::doctor
