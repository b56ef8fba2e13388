#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "support/colour_network.hpp"
#include "winnow/core/error.hpp"
#include "winnow/inference/classifier.hpp"

namespace winnow::inference {
namespace {

using testing::HasSubstr;
using Input = test::ColourNetworkOptions::Input;

constexpr std::size_t kPlaces = std::size_t{32} * 32;

const ForeignModel kColours = {.labels = {"red", "green", "blue"},
                               .normalisation = ForeignModel::Normalisation{{10, 20, 30}, {16, 8, 4}}};

std::vector<std::uint8_t> one_colour(std::uint8_t red, std::uint8_t green, std::uint8_t blue) {
  std::vector<std::uint8_t> pixels;
  for (std::size_t i = 0; i < kPlaces; ++i) pixels.insert(pixels.end(), {red, green, blue});
  return pixels;
}

std::unique_ptr<Classifier> open(const test::ColourNetworkOptions& network, const ForeignModel& foreign) {
  return open_classifier(test::colour_network(network), "foreign.onnx", {.full_precision = true}, foreign);
}

std::string refusal(const test::ColourNetworkOptions& network, const ForeignModel& foreign) {
  try {
    (void)open(network, foreign);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
    return error.what();
  }
  return "none";
}

TEST(ForeignGraph, IsGivenNormalisedPixelsInItsOwnLayout) {
  for (const Input input : {Input::kFloatPlanes, Input::kFloatPixels}) {
    const auto classifier = open({.input = input, .softmax = false}, kColours);
    EXPECT_EQ(classifier->metadata().preprocessing.size, 32);
    const Prediction prediction = classifier->classify(one_colour(42, 28, 30)).front();
    ASSERT_EQ(prediction.logits.size(), 3u);
    EXPECT_NEAR(prediction.logits[0], 2, 1e-4);
    EXPECT_NEAR(prediction.logits[1], 1, 1e-4);
    EXPECT_NEAR(prediction.logits[2], 0, 1e-4);
    const double sum = std::exp(2) + std::exp(1) + 1;
    EXPECT_NEAR(prediction.probabilities[0], std::exp(2) / sum, 1e-4);
    EXPECT_TRUE(std::isnan(prediction.similarity));
  }
}

TEST(ForeignGraph, TakesPixelsAsTheyAreWhereTheGraphDoes) {
  const auto classifier = open({.softmax = false}, {.labels = kColours.labels});
  EXPECT_NEAR(classifier->classify(one_colour(32, 0, 16)).front().logits[0], 2, 1e-4);
}

TEST(ForeignGraph, KnowsProbabilitiesByTheirSoftmax) {
  const auto classifier = open({.input = Input::kFloatPlanes, .logits = false}, kColours);
  const Prediction prediction = classifier->classify(one_colour(42, 28, 30)).front();
  const double sum = std::exp(2) + std::exp(1) + 1;
  EXPECT_NEAR(prediction.probabilities[0], std::exp(2) / sum, 1e-4);
  EXPECT_NEAR(prediction.logits[0] - prediction.logits[1], 1, 1e-4);
}

TEST(ForeignGraph, AnswersForManyPicturesWhateverItsBatchIs) {
  for (const char* batch : {"n", "1"}) {
    const auto classifier = open({.input = Input::kFloatPlanes, .batch = batch, .softmax = false}, kColours);
    std::vector<std::uint8_t> pixels;
    for (std::uint8_t i = 0; i < 11; ++i) {
      const std::vector<std::uint8_t> one = one_colour(static_cast<std::uint8_t>(10 + 16 * i), 20, 30);
      pixels.insert(pixels.end(), one.begin(), one.end());
    }
    const std::vector<Prediction> predictions = classifier->classify(pixels);
    ASSERT_EQ(predictions.size(), 11u);
    for (std::size_t i = 0; i < 11; ++i) EXPECT_NEAR(predictions[i].logits[0], i, 1e-3);
  }
}

TEST(ForeignGraph, TakesASizeWhereTheGraphLeavesItOpen) {
  const test::ColourNetworkOptions open_size = {
      .input = Input::kFloatPlanes, .side = std::nullopt, .softmax = false};
  ForeignModel foreign = kColours;
  EXPECT_THAT(refusal(open_size, foreign),
              HasSubstr("foreign.onnx: its graph takes pictures of any size; give"));
  foreign.size = 32;
  EXPECT_NEAR(open(open_size, foreign)->classify(one_colour(42, 28, 30)).front().logits[0], 2, 1e-4);
  foreign.size = 64;
  EXPECT_THAT(refusal({.input = Input::kFloatPlanes, .softmax = false}, foreign),
              HasSubstr("its graph takes pictures of size 32; give --size 32"));
}

TEST(ForeignGraph, IsRefusedWithWhatToGive) {
  EXPECT_THAT(refusal({.input = Input::kFloatPlanes, .softmax = false}, {.labels = kColours.labels}),
              HasSubstr("say how they are scaled with --mean and --scale"));
  ForeignModel foreign = kColours;
  foreign.labels.emplace_back("white");
  EXPECT_THAT(refusal({.input = Input::kFloatPlanes, .softmax = false}, foreign),
              HasSubstr("none of its outputs ([?,3]) have one number for each of the 4 labels"));
  EXPECT_THAT(refusal({.input = Input::kFloatPlanes, .softmax = true}, kColours),
              HasSubstr("several of its outputs"));
  EXPECT_THAT(refusal({.input = Input::kFloatPlanes, .batch = "4", .softmax = false}, kColours),
              HasSubstr("takes 4 pictures at a time"));
}

}  // namespace
}  // namespace winnow::inference
