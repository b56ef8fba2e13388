#include "finish.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/recording_context.hpp"
#include "winnow/core/random.hpp"

namespace winnow::training {
namespace {

using dataset::Split;
using testing::ElementsAre;
using testing::HasSubstr;

// Three classes as clouds around three axes of the embedding, with a head that reads the axes.
class Finish : public testing::Test {
 protected:
  static constexpr std::size_t kClasses = 3;
  static constexpr std::size_t kWidth = 4;

  void add(Split split, std::size_t per_class) {
    for (std::size_t i = 0; i < per_class * kClasses; ++i) {
      const auto count = static_cast<int>(data_.samples.size());
      data_.samples.push_back(
          {"picture" + std::to_string(count), static_cast<int>(i % kClasses), split, count});
    }
  }

  Finished finish_run() {
    data_.classes = {"a", "b", "c"};
    data_.has_splits = true;
    stats::Matrix embeddings(data_.samples.size(), kWidth);
    for (std::size_t i = 0; i < data_.samples.size(); ++i) {
      CounterRandom random(7, i);
      for (float& value : embeddings.row(i)) value = static_cast<float>(random.uniform());
      embeddings.row(i)[static_cast<std::size_t>(data_.samples[i].label)] += 0.7F;
    }
    stats::LinearModel head{stats::Matrix(kClasses, kWidth), std::vector<float>(kClasses)};
    for (std::size_t c = 0; c < kClasses; ++c) head.weights.row(c)[c] = 30;  // far too sure of itself
    return finish({.architecture = architecture_,
                   .preprocessing = {},
                   .backbone = {},
                   .head = head,
                   .embeddings = embeddings,
                   .held_out_logits = stats::Matrix(0, kClasses),
                   .held_out_labels = {}},
                  data_, nullptr, context_);
  }

  const model::Architecture architecture_{.name = "drawn", .layers = {}, .head = "head"};
  dataset::Dataset data_;
  test::RecordingContext context_;
};

TEST_F(Finish, CalibratesAndMeasuresEachSplit) {
  add(Split::kTrain, 20);
  add(Split::kValidation, 60);
  add(Split::kTest, 200);
  const Finished finished = finish_run();
  const model::Metadata& metadata = finished.checkpoint.metadata;
  EXPECT_GT(metadata.temperature, 2);
  EXPECT_EQ(finished.calibration_samples, 180u);
  ASSERT_TRUE(metadata.unknown);
  ASSERT_TRUE(metadata.conformal);
  EXPECT_EQ(metadata.conformal->coverage, 0.9);

  ASSERT_EQ(finished.evaluations.size(), 2u);
  EXPECT_EQ(finished.evaluations[0].name, "val");
  const Evaluation& test = finished.evaluations[1];
  EXPECT_EQ(test.name, "test");
  EXPECT_EQ(test.pictures.samples.front().path, "picture240");
  EXPECT_LT(test.nll, test.nll_before);
  EXPECT_LT(test.calibration_error, test.calibration_error_before);

  const Json& measured = metadata.metrics.at("test");
  EXPECT_EQ(measured.at("images"), 600);
  // Of 600, given 180 to choose by: 0.9 with a standard error of about 0.026.
  EXPECT_NEAR(measured.at("set_coverage").get<double>(), 0.9, 0.1);
  EXPECT_GE(measured.at("set_size").get<double>(), measured.at("set_coverage").get<double>());
  EXPECT_GT(measured.at("recognised").get<double>(), 500);
}

TEST_F(Finish, WithoutPicturesToChooseByItPromisesNothing) {
  add(Split::kTrain, 20);
  add(Split::kTest, 10);
  const Finished finished = finish_run();
  EXPECT_EQ(finished.checkpoint.metadata.temperature, 1);
  EXPECT_FALSE(finished.checkpoint.metadata.unknown);
  EXPECT_FALSE(finished.checkpoint.metadata.conformal);
  EXPECT_FALSE(finished.checkpoint.metadata.metrics.at("test").contains("recognised"));
  EXPECT_FALSE(finished.checkpoint.metadata.metrics.at("test").contains("set_size"));
  EXPECT_THAT(context_.messages(), HasSubstr("no validation images"));
}

TEST_F(Finish, TooFewValidationPicturesGiveNoPredictionSets) {
  add(Split::kTrain, 20);
  add(Split::kValidation, 2);  // six; 90 % need nine
  const Finished finished = finish_run();
  EXPECT_TRUE(finished.checkpoint.metadata.unknown);
  EXPECT_FALSE(finished.checkpoint.metadata.conformal);
}

TEST_F(Finish, MeasuresOnlyWhatThereIs) {
  add(Split::kTrain, 20);
  EXPECT_TRUE(finish_run().evaluations.empty());
}

}  // namespace
}  // namespace winnow::training
