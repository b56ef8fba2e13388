#include "plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "winnow/core/error.hpp"

namespace winnow::training {
namespace {

using testing::HasSubstr;

dataset::Dataset make_data(const std::vector<int>& counts) {
  dataset::Dataset data;
  for (std::size_t c = 0; c < counts.size(); ++c) {
    data.classes.push_back(std::to_string(c));
    for (int i = 0; i < counts[c]; ++i) data.samples.push_back({.path = {}, .label = static_cast<int>(c)});
  }
  return data;
}

TEST(Plan, TakesDefaultsByRecipeAndLetsThePersonOverrule) {
  TrainingOptions options;
  const dataset::Dataset data = make_data({10, 10});
  const TrainerOptions finetune = plan_trainer(Recipe::kFinetune, options, 160, data);
  EXPECT_EQ(finetune.epochs, kFinetuneEpochs);
  EXPECT_EQ(finetune.learning_rate, kFinetuneRate);
  EXPECT_TRUE(finetune.freeze_statistics);
  EXPECT_EQ(finetune.mix.mixup_alpha, 0);
  const TrainerOptions scratch = plan_trainer(Recipe::kScratch, options, 96, data);
  EXPECT_EQ(scratch.epochs, kScratchEpochs);
  EXPECT_FALSE(scratch.freeze_statistics);
  options.epochs = 3;
  options.learning_rate = 0.5;
  const TrainerOptions own = plan_trainer(Recipe::kScratch, options, 96, data);
  EXPECT_EQ(own.epochs, 3);
  EXPECT_EQ(own.learning_rate, 0.5);
  EXPECT_EQ(own.mix.cutmix_alpha, 0) << "three epochs are too few to learn from mixed pictures";
}

TEST(Plan, ShowsAllOfAThumbnailFromScratch) {
  const dataset::Dataset data = make_data({10, 10});
  EXPECT_EQ(plan_trainer(Recipe::kScratch, {}, kThumbnailSide, data).augment.crop, CropRule::kShifted);
  EXPECT_EQ(plan_trainer(Recipe::kScratch, {}, kThumbnailSide + 1, data).augment.crop,
            CropRule::kRandomResized);
  EXPECT_EQ(plan_trainer(Recipe::kFinetune, {}, kThumbnailSide, data).augment.crop, CropRule::kRandomResized);
}

TEST(Plan, OthersOfATeamPlanWhatTheFirstDecided) {
  const dataset::Dataset data = make_data({10, 10});
  TrainingOptions options;
  options.learning_rate = 0.01;
  TrainerOptions first = plan_trainer(Recipe::kFinetune, options, 160, data);
  first.epochs = 5;
  first.precision = Precision::kBFloat16;
  EXPECT_EQ(to_json(plan_from(decisions_of(first), options, 160, data)), to_json(first));
}

TEST(Plan, DrawsRareClassesMoreOften) {
  EXPECT_EQ(plan_trainer(Recipe::kFinetune, {}, 160, make_data({30, 10})).balance, 0);
  EXPECT_GT(plan_trainer(Recipe::kFinetune, {}, 160, make_data({31, 10})).balance, 0);
}

TEST(Plan, AProbeIsEnoughWhenFewMistakesAreLeft) {
  EXPECT_TRUE(why_the_probe_is_enough(0, 5, 1000));
  EXPECT_TRUE(why_the_probe_is_enough(5, 20, 1000));
  EXPECT_FALSE(why_the_probe_is_enough(6, 10, 1000)) << "six mistakes less would tell";
  EXPECT_FALSE(why_the_probe_is_enough(3, 30, 1000)) << "few validation pictures are no proof";
  EXPECT_FALSE(why_the_probe_is_enough(0, 0, 0));
}

TEST(Plan, NamesWhatForbidsToResume) {
  const Json earlier = {{"lr", 0.002}, {"classes", {"a", "b"}}, {"data_sha256", std::string(64, 'a')}};
  EXPECT_NO_THROW(check_resumable(earlier, earlier, "last.ckpt"));
  const auto message = [&](const char* name, const Json& value) -> std::string {
    Json now = earlier;
    now[name] = value;
    try {
      check_resumable(earlier, now, "run/last.ckpt");
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(message("lr", 0.003),
            "run/last.ckpt: cannot resume: lr was 0.002 and is 0.003 now; give the same data and options, or "
            "leave out --resume");
  EXPECT_THAT(message("classes", {"a", "c"}), HasSubstr("cannot resume: its classes were others"));
  EXPECT_THAT(message("data_sha256", std::string(64, 'b')),
              HasSubstr("cannot resume: its pictures were others"));
}

}  // namespace
}  // namespace winnow::training
