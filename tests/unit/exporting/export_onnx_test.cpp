#include "winnow/exporting/export_onnx.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <numeric>

#include "support/drawing.hpp"
#include "support/formula_weights.hpp"
#include "support/recording_context.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/dataset/curated_manifest.hpp"
#include "winnow/image/encode.hpp"
#include "winnow/inference/classifier.hpp"
#include "winnow/model/checkpoint.hpp"
#include "winnow/model/onnx.hpp"
#include "winnow/model/onnx_summary.hpp"
#include "winnow/nn/network.hpp"

namespace winnow::exporting {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Export : public testing::Test {
 protected:
  Export() {
    torch::manual_seed(1);
    nn::Network network(model::make_architecture("small_resnet", 2));
    checkpoint_.tensors = network.state();
    checkpoint_.metadata.architecture = "small_resnet";
    checkpoint_.metadata.classes = {"cat", "dog"};
    checkpoint_.metadata.preprocessing.size = 64;
    checkpoint_.metadata.temperature = 1.7;
  }

  ExportedModel run(const std::filesystem::path& source) {
    return export_onnx(open_run(source), folder_ / "model.onnx", {}, context_);
  }

  std::string error_of(const std::filesystem::path& source) {
    try {
      run(source);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  test::TemporaryFolder folder_;
  test::RecordingContext context_;
  model::Checkpoint checkpoint_;
};

TEST_F(Export, WritesAModelThatAgreesWithTheNetwork) {
  std::filesystem::create_directories(folder_ / "run");
  model::write_checkpoint(folder_ / "run/best.ckpt", checkpoint_);
  const ExportedModel exported = run(folder_ / "run");
  EXPECT_LE(exported.comparison.largest_difference, kMaxDifference);
  EXPECT_EQ(exported.comparison.pictures_from, "drawn");
  EXPECT_EQ(exported.comparison.same_answers, exported.comparison.pictures);
  EXPECT_EQ(exported.bytes, std::filesystem::file_size(folder_ / "model.onnx"));
  const auto metadata = model::read_onnx_metadata(read_file(folder_ / "model.onnx"));
  ASSERT_TRUE(metadata);
  EXPECT_THAT(metadata->classes, ElementsAre("cat", "dog"));
  EXPECT_EQ(metadata->metrics.at("export").at("pictures").get<std::size_t>(), exported.comparison.pictures);
}

// The pictures that a run was trained on are found by the list beside its checkpoint.
TEST_F(Export, ComparesOnTheValidationPicturesOfTheRun) {
  for (int i = 0; i < 6; ++i) {
    const std::string name = "set/" + std::string(i % 2 == 0 ? "cat/" : "dog/") + std::to_string(i) + ".jpg";
    folder_.write(name,
                  as_text(image::encode_jpeg(test::draw_scene("discs", static_cast<std::uint64_t>(i)))));
  }
  dataset::CuratedManifest list{.root = folder_ / "set", .rows = {}};
  for (int i = 0; i < 6; ++i) {
    const std::string label = i % 2 == 0 ? "cat" : "dog";
    list.rows.push_back({.path = label + "/" + std::to_string(i) + ".jpg",
                         .label = label,
                         .issues = {},
                         .sha256 = {},
                         .group = i,
                         .split = i < 2 ? dataset::Split::kTrain : dataset::Split::kValidation});
  }
  std::filesystem::create_directories(folder_ / "run");
  dataset::write_curated_manifest(folder_ / "run/pictures.jsonl", list);
  folder_.write("run/model-card.json", R"({"intended_use": "to test"})");
  model::write_checkpoint(folder_ / "run/best.ckpt", checkpoint_);
  const ExportedModel exported = run(folder_ / "run");
  EXPECT_EQ(exported.comparison.pictures_from, "validation");
  EXPECT_EQ(exported.comparison.pictures, 4U);
  const model::OnnxSummary summary = model::summarise_onnx(read_file(folder_ / "model.onnx"));
  EXPECT_EQ(summary.metadata.at(model::kModelCardKey), R"({"intended_use":"to test"})");

  std::filesystem::remove_all(folder_ / "set");
  EXPECT_EQ(run(folder_ / "run").comparison.pictures_from, "drawn");
}

// Every kind of layer, activation and padding, in OpenVINO and in LibTorch.
TEST_F(Export, WritesEveryNetworkAsItRuns) {
  for (const std::string& name : model::architecture_names()) {
    // Odd sizes, and one at which small_resnet halves less often.
    for (const int size : {47, 65}) {
      checkpoint_.metadata.architecture = name;
      checkpoint_.metadata.preprocessing.size = size;
      checkpoint_.tensors = test::formula_weights(model::make_architecture(name, 2, size));
      model::write_checkpoint(folder_ / "last.ckpt", checkpoint_);
      EXPECT_EQ(error_of(folder_ / "last.ckpt"), "no error") << name << " " << size;
    }
  }
}

// The mean over the places of a class's map is its logit without the bias, whatever the picture shows.
TEST_F(Export, WritesMapsWhoseMeanIsTheEvidence) {
  const auto bias = checkpoint_.tensors.at("head.bias").values;
  model::write_checkpoint(folder_ / "last.ckpt", checkpoint_);
  run(folder_ / "last.ckpt");
  const auto classifier =
      inference::open_classifier(folder_ / "model.onnx", {.full_precision = true, .activation_map = true});
  std::vector<std::uint8_t> pixels(std::size_t{64} * 64 * 3);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i * i % 251);
  const inference::Prediction answer = classifier->classify(pixels).at(0);
  const std::vector<float>& values = answer.activation_map.values;
  const std::size_t places = values.size() / 2;
  EXPECT_GT(places, 1U);
  for (std::size_t c = 0; c < 2; ++c) {
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(c * places);
    const double mean = std::accumulate(begin, begin + static_cast<std::ptrdiff_t>(places), 0.0) /
                        static_cast<double>(places);
    EXPECT_NEAR(mean + bias[c] / checkpoint_.metadata.temperature, answer.logits[c], 1e-3);
  }
}

TEST_F(Export, TakesACheckpointByName) {
  model::write_checkpoint(folder_ / "last.ckpt", checkpoint_);
  EXPECT_NO_THROW(run(folder_ / "last.ckpt"));
}

TEST_F(Export, SaysWhenARunIsMissingOrUnfinished) {
  EXPECT_THAT(error_of(folder_ / "nothing"), HasSubstr("nothing: No such file"));
  std::filesystem::create_directories(folder_ / "run");
  EXPECT_THAT(error_of(folder_ / "run"), HasSubstr("is not a run of winnow-train"));
  model::write_checkpoint(folder_ / "run/last.ckpt", checkpoint_);
  EXPECT_THAT(error_of(folder_ / "run"), HasSubstr("the run did not come to its end; name its last.ckpt"));
}

TEST_F(Export, RefusesWhatIsNoCheckpointAndWritesNothing) {
  EXPECT_THAT(error_of(folder_.write("text.ckpt", "hello")), HasSubstr("text.ckpt: not a safetensors file"));
  model::write_safetensors(folder_ / "weights.safetensors", {checkpoint_.tensors, {}});
  EXPECT_THAT(error_of(folder_ / "weights.safetensors"), HasSubstr("is not a checkpoint of winnow-train"));
  checkpoint_.tensors.erase("head.bias");
  model::write_checkpoint(folder_ / "headless.ckpt", checkpoint_);
  EXPECT_THAT(error_of(folder_ / "headless.ckpt"), HasSubstr("head.bias is missing"));
  checkpoint_.metadata.architecture = "newer_net";
  model::write_checkpoint(folder_ / "newer.ckpt", checkpoint_);
  EXPECT_THAT(error_of(folder_ / "newer.ckpt"), HasSubstr("newer_net: no such network"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "model.onnx"));
}

TEST_F(Export, RefusesATruncatedCheckpointAtAnyLength) {
  model::write_checkpoint(folder_ / "whole.ckpt", checkpoint_);
  const std::string whole = test::read_text(folder_ / "whole.ckpt");
  for (std::size_t length = 0; length < whole.size(); length += 1 + whole.size() / 23) {
    EXPECT_THROW(run(folder_.write("cut.ckpt", whole.substr(0, length))), Error) << length << " bytes";
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ / "model.onnx"));
}

TEST_F(Export, RefusesWeightsThatAreNotNumbers) {
  checkpoint_.tensors["head.weight"].values[0] = std::numeric_limits<float>::quiet_NaN();
  model::write_checkpoint(folder_ / "nan.ckpt", checkpoint_);
  EXPECT_THAT(error_of(folder_ / "nan.ckpt"), HasSubstr("differs from the trained one by nan"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "model.onnx"));
}

TEST_F(Export, LeavesAnOldModelWhereItCannotWrite) {
  model::write_checkpoint(folder_ / "good.ckpt", checkpoint_);
  EXPECT_THROW(
      export_onnx(open_run(folder_ / "good.ckpt"), folder_ / "no/such/folder/model.onnx", {}, context_),
      Error);
  EXPECT_THAT(test::list_files(folder_.path()), ElementsAre("good.ckpt"));
}

}  // namespace
}  // namespace winnow::exporting
