#include "winnow/inference/classifier.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <thread>

#include "support/built.hpp"
#include "support/colour_network.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/json.hpp"
#include "winnow/core/random.hpp"
#include "winnow/inference/embedder.hpp"
#include "winnow/model/onnx.hpp"

namespace winnow::inference {
namespace {

using testing::HasSubstr;

// A small network with random weights, three classes and a reference set of six pictures.
model::Checkpoint small_checkpoint(const std::string& name = "small_resnet", int size = 64) {
  const model::Architecture architecture = model::make_architecture(name, 3, size);
  model::Checkpoint checkpoint;
  CounterRandom random(1);
  for (const model::TensorSpec& spec : model::tensor_specs(architecture)) {
    model::Tensor& tensor = checkpoint.tensors[spec.name];
    tensor.shape = spec.shape;
    const auto count =
        std::accumulate(spec.shape.begin(), spec.shape.end(), std::int64_t{1}, std::multiplies<>());
    for (std::int64_t i = 0; i < count; ++i) {
      const bool positive = spec.name.ends_with("running_var") || spec.shape.size() == 1;
      tensor.values.push_back(
          static_cast<float>(positive ? random.uniform(0.5, 1.5) : random.uniform(-0.1, 0.1)));
    }
  }
  model::Tensor& reference = checkpoint.tensors[model::kReferenceTensor];
  reference.shape = {6, architecture.embedding_size};
  for (std::int64_t i = 0; i < 6 * architecture.embedding_size; ++i) {
    reference.values.push_back(1 / std::sqrt(static_cast<float>(architecture.embedding_size)));
  }
  checkpoint.metadata.architecture = architecture.name;
  checkpoint.metadata.classes = {"a", "b", "c"};
  checkpoint.metadata.preprocessing.size = size;
  checkpoint.metadata.temperature = 1.5;
  checkpoint.metadata.unknown = model::UnknownRule{.neighbours = 2, .threshold = 0.5F};
  return checkpoint;
}

Bytes small_model() {
  return model::write_onnx(model::make_architecture("small_resnet", 3), small_checkpoint());
}

std::vector<std::uint8_t> random_pictures(std::size_t count, std::size_t side) {
  CounterRandom random(2);
  std::vector<std::uint8_t> pixels(count * side * side * 3);
  for (std::uint8_t& value : pixels) value = static_cast<std::uint8_t>(random.below(256));
  return pixels;
}

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Classifier, AnswersForAnyNumberOfPicturesAlike) {
  const auto classifier = open_classifier(small_model(), "model", {.full_precision = true});
  constexpr std::size_t kPicture = 64 * 64 * 3;
  const std::vector<std::uint8_t> pixels = random_pictures(19, 64);
  const std::vector<Prediction> together = classifier->classify(pixels);
  ASSERT_EQ(together.size(), 19u);
  for (std::size_t i = 0; i < together.size(); ++i) {
    const Prediction alone = classifier->classify(std::span(pixels).subspan(i * kPicture, kPicture)).front();
    EXPECT_NEAR(std::accumulate(alone.probabilities.begin(), alone.probabilities.end(), 0.0), 1, 1e-4);
    for (std::size_t c = 0; c < 3; ++c)
      EXPECT_NEAR(together[i].probabilities[c], alone.probabilities[c], 1e-4);
    EXPECT_NEAR(together[i].similarity, alone.similarity, 1e-4);
  }
}

TEST(Classifier, ComputesInFloat32WhereANetworkNeedsIt) {
  const Bytes onnx =
      model::write_onnx(model::make_architecture("airbench", 3, 32), small_checkpoint("airbench", 32));
  const std::vector<std::uint8_t> pixels = random_pictures(1, 32);
  const Prediction chosen = open_classifier(onnx, "model")->classify(pixels).front();
  const Prediction precise =
      open_classifier(onnx, "model", {.full_precision = true})->classify(pixels).front();
  EXPECT_EQ(chosen.logits, precise.logits);
}

TEST(Classifier, CallersOnSeveralThreadsGetTheirOwnAnswers) {
  const auto classifier = open_classifier(small_model(), "model", {.threads = 2, .full_precision = true});
  const std::vector<std::uint8_t> pixels = random_pictures(4, 64);
  const std::vector<Prediction> expected = classifier->classify(pixels);
  std::vector<std::jthread> callers;
  for (std::size_t i = 0; i < 4; ++i) {
    callers.emplace_back([&, i] {
      for (int repeat = 0; repeat < 20; ++repeat) {
        const auto own = classifier->classify(std::span(pixels).subspan(i * 64 * 64 * 3, 64 * 64 * 3));
        EXPECT_NEAR(own[0].logits[0], expected[i].logits[0], 1e-4);
      }
    });
  }
}

TEST(Classifier, MeasuresSimilarityAsCosine) {
  const Bytes onnx = small_model();
  const auto classifier = open_classifier(onnx, "model", {.full_precision = true});
  const Embedder embedder(model::write_embedding_onnx(model::make_architecture("small_resnet", 0),
                                                      small_checkpoint().tensors, 64),
                          {.full_precision = true});
  const std::vector<std::uint8_t> pixels = random_pictures(1, 64);
  const std::vector<float> embedding = embedder.embed(pixels);
  ASSERT_EQ(embedding.size(), embedder.width());
  double sum = 0;
  double squares = 0;
  for (const float value : embedding) {
    sum += value;
    squares += double{value} * value;
  }
  const double cosine = sum / std::sqrt(squares * static_cast<double>(embedding.size()));
  EXPECT_NEAR(classifier->classify(pixels).front().similarity, cosine, 1e-4);
}

TEST(Classifier, GivesTheGoldenLogitsOfThePretrainedNetwork) {
  const model::Architecture architecture = model::make_architecture("efficientnet_lite0", 1000);
  model::Checkpoint checkpoint;
  checkpoint.tensors = model::read_safetensors(test::pretrained_weights()).tensors;
  checkpoint.metadata.architecture = architecture.name;
  for (int i = 0; i < 1000; ++i) checkpoint.metadata.classes.push_back(std::to_string(i));
  const auto classifier =
      open_classifier(model::write_onnx(architecture, checkpoint), "model", {.full_precision = true});
  std::vector<std::uint8_t> pixels;
  for (int y = 0; y < 224; ++y) {
    for (int x = 0; x < 224; ++x) {
      for (int c = 0; c < 3; ++c) pixels.push_back(static_cast<std::uint8_t>((7 * y + 3 * x + 11 * c) % 256));
    }
  }
  const std::vector<float> logits = classifier->classify(pixels).front().logits;
  const std::vector<float> expected = {-0.48470F, -1.05532F, 0.57535F, -1.31254F, -1.00889F};
  for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(logits[i], expected[i], 1e-3);
  EXPECT_NEAR(logits[905], 9.9148, 1e-3);
}

TEST(Classifier, RefusesPixelsOfAnotherSize) {
  const auto classifier = open_classifier(small_model(), "model");
  const std::vector<std::uint8_t> pixels(100);
  EXPECT_THAT(error_of([&] { (void)classifier->classify(pixels); }), HasSubstr("64 x 64"));
  EXPECT_THROW((void)classifier->classify({}), Error);
}

TEST(Classifier, SaysWhatIsWrongWithAFile) {
  const test::TemporaryFolder folder;
  EXPECT_THAT(error_of([&] { (void)open_classifier(folder / "no.onnx"); }),
              HasSubstr("no.onnx: No such file"));
  EXPECT_THAT(error_of([&] { (void)open_classifier(folder.write("text.onnx", "hello world")); }),
              HasSubstr("text.onnx: not an ONNX model"));
  EXPECT_THAT(error_of([&] { (void)open_classifier(folder.write("empty.onnx", "")); }),
              HasSubstr("empty.onnx: not an ONNX model"));
  EXPECT_THROW((void)open_classifier(folder.path()), Error);
}

TEST(Classifier, RefusesATruncatedModelAtAnyLength) {
  const Bytes whole = small_model();
  for (std::size_t length = 0; length < whole.size(); length += 1 + whole.size() / 97) {
    EXPECT_THROW((void)open_classifier(ByteSpan(whole).first(length), "model"), Error) << length << " bytes";
  }
}

// Names from the file stand in OpenVINO's messages.
TEST(Classifier, SaysInPlainTextWhatADamagedGraphIs) {
  std::string text(as_text(test::colour_model()));
  const std::size_t place = text.find("Softmax");
  ASSERT_NE(place, std::string::npos);
  text.replace(place, 7, "S\xe3\x1b[2J!");
  try {
    (void)open_classifier(as_bytes(text), "damaged.onnx");
    FAIL() << "it was opened";
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_THAT(message, HasSubstr("damaged.onnx: "));
    EXPECT_TRUE(is_utf8(message));
    EXPECT_EQ(message.find_first_of("\n\x1b"), std::string::npos);
  }
}

TEST(Classifier, RefusesAModelWithoutOurMetadata) {
  const Bytes foreign = model::write_embedding_onnx(model::make_architecture("small_resnet", 0),
                                                    small_checkpoint().tensors, 64);
  EXPECT_THAT(error_of([&] { (void)open_classifier(foreign, "foreign.onnx"); }),
              HasSubstr("foreign.onnx: an ONNX model, but not one of winnow-export"));
}

TEST(Classifier, RefusesPreprocessingThatDoesNotFitTheNetwork) {
  model::Checkpoint checkpoint = small_checkpoint();
  const Bytes onnx = model::write_onnx(model::make_architecture("small_resnet", 3), checkpoint);
  std::string text(as_text(onnx));
  const std::string size = "\"size\":64";
  ASSERT_NE(text.find(size), std::string::npos);
  text.replace(text.find(size), size.size(), "\"size\":32");
  EXPECT_THAT(error_of([&] { (void)open_classifier(as_bytes(text), "model"); }),
              HasSubstr("do not fit together"));
}

TEST(Classifier, RefusesMetadataThatDoesNotFitTheNetwork) {
  model::Checkpoint checkpoint = small_checkpoint();
  checkpoint.metadata.classes = {"a", "b", "c", "d"};
  EXPECT_THAT(error_of([&] {
                (void)open_classifier(
                    model::write_onnx(model::make_architecture("small_resnet", 3), checkpoint), "model");
              }),
              HasSubstr("do not fit together"));
}

TEST(Classifier, RefusesToExplainWithoutActivationMaps) {
  EXPECT_THAT(
      error_of([] { (void)open_classifier(test::colour_model({}), "old.onnx", {.activation_map = true}); }),
      HasSubstr("old.onnx: the model has no output \"activation_map\"; export it again"));
}

TEST(Classifier, GivesActivationMapsOnlyWhenAsked) {
  const Bytes model = test::colour_model({.activation_map = true});
  const std::vector<std::uint8_t> pixels = random_pictures(2, 32);
  const auto map_of = [&](bool asked) {
    return open_classifier(model, "m", {.activation_map = asked})->classify(pixels).at(1).activation_map;
  };
  EXPECT_EQ(map_of(false).values.size(), 0u);
  EXPECT_EQ(map_of(true).height, 4);
  EXPECT_EQ(map_of(true).width, 4);
  EXPECT_EQ(map_of(true).values.size(), 48u);
}

TEST(Classifier, AnswersTheSameFromItsCache) {
  const test::TemporaryFolder folder;
  const EngineOptions options{.full_precision = true, .cache_folder = folder.path()};
  const std::vector<std::uint8_t> pixels = random_pictures(1, 64);
  const std::vector<float> fresh = open_classifier(small_model(), "m", options)->classify(pixels)[0].logits;
  const std::vector<std::string> kept = test::list_files(folder.path());
  ASSERT_EQ(kept.size(), 2u);  // what the network is like, and the one for single pictures
  EXPECT_EQ(open_classifier(small_model(), "m", options)->classify(pixels)[0].logits, fresh);
  EXPECT_EQ(test::list_files(folder.path()), kept);

  for (const std::string& file : kept) folder.write(file, "damaged");
  EXPECT_EQ(open_classifier(small_model(), "m", options)->classify(pixels)[0].logits, fresh);
  for (const std::string& file : kept) EXPECT_NE(test::read_text(folder / file), "damaged");
}

TEST(Classifier, KeepsNetworksApartInItsCache) {
  const test::TemporaryFolder folder;
  const EngineOptions options{.full_precision = true, .cache_folder = folder.path()};
  const std::vector<std::uint8_t> pixels = random_pictures(1, 32);
  const auto first_logit = [&](const Bytes& model) {
    return open_classifier(model, "m", options)->classify(pixels)[0].logits.size();
  };
  EXPECT_EQ(first_logit(test::colour_model()), 3u);
  EXPECT_EQ(first_logit(test::colour_model({.classes = 2})), 2u);
}

TEST(OpenClassifier, SaysWhatTorchScriptNeeds) {
  const test::TemporaryFolder folder;
  const std::filesystem::path script = folder.write("model.pt", "PK\x03\x04 and so on");
  const std::string advice = "build winnow with LibTorch, or export the model as .onnx";
  EXPECT_THAT(error_of([&] { (void)open_classifier(script); }),
              testing::AllOf(HasSubstr("model.pt: a TorchScript file"), HasSubstr(advice)));
  const EngineOptions none{.torch_engine = folder / "none.so"};
  EXPECT_THAT(error_of([&] { (void)open_classifier(script, none); }),
              testing::AllOf(HasSubstr("none.so: cannot open shared object file"), HasSubstr(advice)));
  const EngineOptions damaged{.torch_engine = folder.write("damaged.so", "text")};
  EXPECT_THAT(error_of([&] { (void)open_classifier(script, damaged); }), HasSubstr(advice));
  EXPECT_THAT(error_of([&] { (void)open_classifier(small_model(), "m", {.device = Device::kCuda}); }),
              HasSubstr("m: an ONNX file, which runs on the processor; for a GPU export the model as .pt"));
}

}  // namespace
}  // namespace winnow::inference
