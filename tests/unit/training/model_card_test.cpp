#include "model_card.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temporary_folder.hpp"

namespace winnow::training {
namespace {

using dataset::Split;
using testing::HasSubstr;
using testing::Not;

// A finished run of three classes, of which the last has no test pictures.
class ModelCard : public testing::Test {
 protected:
  ModelCard() {
    data_.root = folder_.path();
    data_.classes = {"cat", "dog", "lama | *glama*"};
    for (int i = 0; i < 12; ++i) {
      data_.samples.push_back({"p" + std::to_string(i), i % 3, i < 8 ? Split::kTrain : Split::kTest, i});
    }
    model::Metadata& metadata = finished_.checkpoint.metadata;
    metadata.architecture = "drawn";
    metadata.classes = data_.classes;
    metadata.temperature = 1.5;
    metadata.provenance = {{"recipe", "probe"},
                           {"seed", 4},
                           {"command", "winnow-train set -o run"},
                           {"weights", {{"file", "net.safetensors"}, {"licence", "Apache-2.0"}}}};
    finished_.calibration_samples = 50;
  }

  void add_evaluation() {
    Evaluation test{.name = kTestSet, .pictures = {}};
    test.confusion = stats::Confusion(3);
    test.confusion.add(0, 0);
    test.confusion.add(0, 1);
    test.confusion.add(1, 1);
    finished_.evaluations.push_back(std::move(test));
    finished_.checkpoint.metadata.metrics[kTestSet] = {{"images", 3},
                                                       {"accuracy", 2.0 / 3},
                                                       {"interval_95", {0.2, 0.9}},
                                                       {"balanced_accuracy", 0.75},
                                                       {"nll", 0.5},
                                                       {"calibration_error", 0.1},
                                                       {"calibration_error_before", 0.2},
                                                       {"recognised", 2},
                                                       {"set_coverage", 1.0},
                                                       {"set_size", 1.5}};
  }

  Json card() {
    return make_model_card({.data = data_,
                            .options = options_,
                            .architecture = architecture_,
                            .finished = finished_,
                            .external = nullptr,
                            .skipped = skipped_,
                            .probe_steps = steps_,
                            .epochs = epochs_,
                            .trials = {"probe: loss 0.1", "fine-tuning: loss 0.2; the probe is kept"},
                            .name = "run",
                            .command_line = "winnow-train set -o run",
                            .duration = std::chrono::seconds(12)});
  }

  test::TemporaryFolder folder_;
  dataset::Dataset data_;
  const TrainingOptions options_;
  const model::Architecture architecture_{.name = "drawn", .layers = {}, .head = {}};
  Finished finished_;
  const std::vector<SkippedImage> skipped_;
  const std::vector<stats::PenaltyStep> steps_;
  const std::vector<EpochResult> epochs_;
};

TEST_F(ModelCard, SaysWhatWasMeasured) {
  add_evaluation();
  finished_.checkpoint.metadata.unknown = model::UnknownRule{5, 0.75F};
  finished_.checkpoint.metadata.conformal = model::ConformalRule{0.9, 0.25F};
  const Json json = card();
  EXPECT_EQ(json.at("data").at("classes").at(0).at("train"), 3);
  EXPECT_EQ(json.at("classes").at(0).at("recall").at("value"), 0.5);
  EXPECT_TRUE(json.at("classes").at(2).at("recall").is_null());
  EXPECT_EQ(json.at("calibration").at("unknown").at("neighbours"), 5);
  EXPECT_EQ(json.at("training").at("weights").at("licence"), "Apache-2.0");

  const std::string text = render_model_card(json);
  EXPECT_THAT(text, HasSubstr("| test | 3 | 66.7 % | 20.0 to 90.0 % |"));
  EXPECT_THAT(text, HasSubstr("| cat | 2 | 50.0 % |"));
  EXPECT_THAT(text, HasSubstr("| 0 | – | – | 0 | – | – |"));
  EXPECT_THAT(text, HasSubstr("Measured on test: 100.0 % hold the true class, 1.50 classes each."));
  EXPECT_THAT(text, HasSubstr("Measured on test: 2 of 3 are kept."));
  EXPECT_THAT(text, HasSubstr("licence: Apache-2.0"));
  EXPECT_THAT(text, HasSubstr("fine-tuning: loss 0.2; the probe is kept"));
  EXPECT_THAT(text, HasSubstr("    winnow-train set -o run\n"));
}

TEST_F(ModelCard, ClaimsNothingThatWasNotMeasured) {
  const Json json = card();
  EXPECT_FALSE(json.contains("classes"));
  EXPECT_FALSE(json.at("calibration").contains("unknown"));
  const std::string text = render_model_card(json);
  EXPECT_THAT(text, Not(HasSubstr("## Measured")));
  EXPECT_THAT(text, Not(HasSubstr("Prediction sets")));
  EXPECT_THAT(text, HasSubstr("There were no test pictures"));
  EXPECT_THAT(text, HasSubstr("It does not say"));
  EXPECT_THAT(text, HasSubstr("under which licences was not recorded"));
}

TEST_F(ModelCard, NamesCannotBreakTheTable) {
  const std::string text = render_model_card(card());
  EXPECT_THAT(text, HasSubstr("| lama \\| \\*glama\\* | 2 | 0 | 2 |"));
}

TEST_F(ModelCard, TellsSourcesAndWhatCurationRejected) {
  folder_.write("manifest.jsonl",
                "{\"format\":\"winnow-manifest\",\"version\":1}\n"
                "{\"outcome\":\"kept\",\"file\":\"p0\",\"licence\":\"CC0\",\"source\":\"commons\"}\n");
  data_.curation = {{"rejected", {{"truncated", 2}, {"exact_duplicate", 5}}},
                    {"labels", {{"out_of_fold_accuracy", 0.98}, {"estimated_noise", 0.01}}}};
  const Json json = card();
  EXPECT_EQ(json.at("data").at("licences").at("CC0"), 1);
  EXPECT_EQ(json.at("data").at("without_record"), 11);
  const std::string text = render_model_card(json);
  EXPECT_THAT(text, HasSubstr("Licences: CC0 1. Sources: commons 1. Without a record: 11."));
  EXPECT_THAT(text, HasSubstr("rejected: truncated 2, exact\\_duplicate 5."));
  EXPECT_THAT(text, HasSubstr("estimated to be wrong: 1.0 %"));
}

}  // namespace
}  // namespace winnow::training
