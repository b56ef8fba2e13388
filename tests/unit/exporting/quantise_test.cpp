#include "quantise.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "drawn_pictures.hpp"
#include "predictions.hpp"
#include "support/built.hpp"
#include "support/drawing.hpp"
#include "support/formula_weights.hpp"
#include "support/process.hpp"
#include "support/recording_context.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/core/json.hpp"
#include "winnow/inference/self_check.hpp"
#include "winnow/model/onnx.hpp"
#include "winnow/model/onnx_summary.hpp"

namespace winnow::exporting {
namespace {

using testing::HasSubstr;

class Int8 : public testing::Test {
 protected:
  Int8() { test::write_scene_tree(folder_ / "set", 16); }

  Source source(const std::string& name, int size) {
    Source result{"a test", {}};
    model::Metadata& metadata = result.checkpoint.metadata;
    metadata.architecture = name;
    metadata.classes = {"a", "b", "c"};
    metadata.preprocessing.size = size;
    const model::Architecture architecture = model::make_architecture(name, 3, size);
    result.checkpoint.tensors = test::formula_weights(architecture);
    // So that its answers are sure ones, of which some could be lost.
    for (float& weight : result.checkpoint.tensors.at(architecture.head + ".weight").values) weight *= 20;
    return result;
  }

  ExportedModel run(const Source& from, const std::string& name, bool int8 = true) {
    return export_onnx(from, folder_ / name, {.int8 = int8, .calibrate = int8 ? folder_ / "set" : ""},
                       context_);
  }

  test::TemporaryFolder folder_;
  test::RecordingContext context_;
};

// The same file in OpenVINO, ONNX Runtime and OpenCV, and before the onnx checker. Networks with depthwise
// convolutions and with sums. (OpenCV 5.0 cannot run the int8 file of airbench, whose max pools read
// float32.)
TEST_F(Int8, AndFloat32SayTheSameInOtherEngines) {
  for (const char* network : {"efficientnet_lite0", "small_resnet"}) {
    const Source from = source(network, 64);
    run(from, "float.onnx", false);
    const ExportedModel exported = run(from, "int8.onnx");
    ASSERT_TRUE(exported.int8);
    EXPECT_LE(exported.int8->accuracy_before - exported.int8->accuracy_after, kMaxAccuracyLost) << network;
    EXPECT_LT(std::filesystem::file_size(folder_ / "int8.onnx"),
              std::filesystem::file_size(folder_ / "float.onnx") * 2 / 5);
    const std::vector<std::uint8_t> pixels = draw_waves(3, 64);
    folder_.write("pixels.raw", as_text(pixels));
    // Float32 is computed alike to the last digits; rounded values may fall to either side.
    for (const auto& [file, tolerance] : {std::pair{"float.onnx", 1e-3}, {"int8.onnx", 0.1}}) {
      const Predictions ours = predict(read_file(folder_ / file), pixels, context_);
      float largest = 0;
      for (const float logit : ours.logits.values()) largest = std::max(largest, std::abs(logit));
      const test::Finished theirs = test::run(
          {test::peers_python().string(), test::script("compare_engines.py").string(), file, "pixels.raw"},
          folder_.path());
      ASSERT_EQ(theirs.exit_code, 0) << network << " " << file << ": " << theirs.err;
      const Json said = Json::parse(theirs.out);
      for (const char* engine : {"onnxruntime", "opencv"}) {
        for (std::size_t i = 0; i < 3; ++i) {
          for (std::size_t c = 0; c < 3; ++c) {
            EXPECT_NEAR(said.at(engine).at(i).at(c).get<double>(), ours.logits.row(i)[c],
                        tolerance * std::max(1.0F, largest))
                << network << " " << file << " " << engine;
          }
        }
      }
      for (const Json& sum : said.at("probability_sums")) EXPECT_NEAR(sum.get<double>(), 1, 1e-5);
    }
  }
}

TEST_F(Int8, CarriesWhatItLostAndChecksItself) {
  const ExportedModel exported = run(source("small_resnet", 64), "int8.onnx");
  const Bytes onnx = read_file(folder_ / "int8.onnx");
  const auto metadata = model::read_onnx_metadata(onnx);
  ASSERT_TRUE(metadata);
  EXPECT_EQ(metadata->metrics.at("int8").at("pictures").get<std::size_t>(), 12U);  // of 48, every fourth
  EXPECT_EQ(metadata->metrics.at("int8").at("calibration_pictures").get<std::size_t>(), 36U);
  EXPECT_EQ(metadata->metrics.at("int8").at("accuracy_int8").get<double>(), exported.int8->accuracy_after);
  EXPECT_TRUE(inference::self_check(onnx, 2).holds());
  EXPECT_EQ(model::summarise_onnx(onnx).operators.contains("Clip"), false);
}

// One channel a thousand times as large as the others, and read a thousand times less: in float32 the network
// is what it was, but 256 steps leave nothing of the other channels.
TEST_F(Int8, LeavesInFloat32WhatWouldLoseTooMuch) {
  Source from = source("doom68", 68);
  const model::Architecture architecture = model::make_architecture("doom68", 3, 68);
  model::TensorMap& tensors = from.checkpoint.tensors;
  // A network of such weights says nearly the same of all pictures; what differs is made to decide.
  run(from, "float.onnx", false);
  const QuantisationPictures pictures = find_pictures(from, folder_ / "set", context_);
  const Predictions said = predict(read_file(folder_ / "float.onnx"), pictures.held_out.pixels, context_);
  std::vector<float>& bias = tensors.at(architecture.head + ".bias").values;
  for (std::size_t i = 0; i < said.logits.rows(); ++i) {
    for (std::size_t c = 0; c < 3; ++c) {
      bias[c] -= said.logits.row(i)[c] / static_cast<float>(said.logits.rows());
    }
  }
  for (float& value : bias) value *= 20;
  for (float& value : tensors.at(architecture.head + ".weight").values) value *= 20;
  constexpr float kFactor = 1000;
  const model::Layer& first = architecture.layers[0];
  std::size_t second = 1;
  while (architecture.layers[second].kind != model::Layer::Kind::kConvolution) ++second;
  model::Tensor& weight = tensors.at(first.name + ".weight");
  const std::size_t per_channel = weight.values.size() / static_cast<std::size_t>(weight.shape[0]);
  for (std::size_t i = 0; i < per_channel; ++i) weight.values[i] *= kFactor;
  tensors.at(first.name + ".bias").values[0] *= kFactor;
  model::Tensor& next = tensors.at(architecture.layers[second].name + ".weight");
  const auto places = static_cast<std::size_t>(next.shape[2] * next.shape[3]);
  const auto inputs = static_cast<std::size_t>(next.shape[1]);
  for (std::size_t c = 0; c < static_cast<std::size_t>(next.shape[0]); ++c) {
    for (std::size_t k = 0; k < places; ++k) next.values[c * inputs * places + k] /= kFactor;
  }
  const ExportedModel exported = run(from, "int8.onnx");
  EXPECT_THAT(exported.int8->in_float, testing::Contains(first.name));
  EXPECT_LT(exported.int8->in_float.size(), exported.int8->layers);
  EXPECT_LE(exported.int8->accuracy_before - exported.int8->accuracy_after, kMaxAccuracyLost);
  EXPECT_TRUE(inference::self_check(read_file(folder_ / "int8.onnx"), 2).holds());
}

TEST_F(Int8, NeedsPictures) {
  const Source from = source("small_resnet", 64);
  const auto error_of = [&](const std::filesystem::path& folder) -> std::string {
    try {
      export_onnx(from, folder_ / "int8.onnx", {.int8 = true, .calibrate = folder}, context_);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_THAT(error_of(""), HasSubstr("those of the run are not where they were"));
  EXPECT_THAT(error_of(folder_ / "set/discs"), HasSubstr("there are 12 and 4"));
  EXPECT_THAT(error_of(folder_ / "nothing"), HasSubstr("nothing"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "int8.onnx"));
}

}  // namespace
}  // namespace winnow::exporting
