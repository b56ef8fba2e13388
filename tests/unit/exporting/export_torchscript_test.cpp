#include "winnow/exporting/export_torchscript.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/script.h>

#include <limits>

#include "support/built.hpp"
#include "support/formula_weights.hpp"
#include "support/recording_context.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/inference/classifier.hpp"

namespace winnow::exporting {
namespace {

using testing::FloatNear;
using testing::HasSubstr;
using testing::Pointwise;

const inference::EngineOptions kOptions = {
    .threads = 2, .full_precision = true, .activation_map = true, .torch_engine = test::torch_engine()};

class ExportTorchScript : public testing::Test {
 protected:
  ExportTorchScript() {
    const model::Architecture architecture = model::make_architecture("small_resnet", 2, 48);
    source_.name = "run/best.ckpt";
    model::Checkpoint& checkpoint = source_.checkpoint;
    checkpoint.tensors = test::formula_weights(architecture);
    checkpoint.metadata.architecture = architecture.name;
    checkpoint.metadata.classes = {"cat", "dog"};
    checkpoint.metadata.preprocessing.size = 48;
    checkpoint.metadata.temperature = 1.7;
    checkpoint.metadata.unknown = model::UnknownRule{2, 0.5F};
    model::Tensor& reference = checkpoint.tensors[model::kReferenceTensor];
    reference.shape = {4, architecture.embedding_size};
    for (int i = 0; i < 4 * architecture.embedding_size; ++i)
      reference.values.push_back(static_cast<float>(i % 7 - 2) / 40);
  }

  [[nodiscard]] std::string error_of_opening(const Bytes& bytes) const {
    try {
      (void)inference::open_classifier(bytes, "model.pt", kOptions);
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
      return error.what();
    }
    return "no error";
  }

  test::TemporaryFolder folder_;
  test::RecordingContext context_;
  Source source_;
};

TEST_F(ExportTorchScript, AnswersAsTheOnnxFile) {
  const ExportedModel exported = export_torchscript(source_, folder_ / "model.pt", context_);
  EXPECT_LE(exported.comparison.largest_difference, kMaxDifference);
  EXPECT_EQ(exported.bytes, std::filesystem::file_size(folder_ / "model.pt"));
  export_onnx(source_, folder_ / "model.onnx", {}, context_);
  const auto script = inference::open_classifier(folder_ / "model.pt", kOptions);
  const auto onnx = inference::open_classifier(folder_ / "model.onnx", kOptions);
  EXPECT_EQ(script->metadata().classes, onnx->metadata().classes);
  EXPECT_TRUE(script->metadata().metrics.contains("export"));
  for (const std::size_t count : {1, 3, 9}) {
    std::vector<std::uint8_t> pixels(count * 48 * 48 * 3);
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i * i % 251);
    const auto ours = script->classify(pixels);
    const auto theirs = onnx->classify(pixels);
    ASSERT_EQ(ours.size(), count);
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_THAT(ours[i].logits, Pointwise(FloatNear(1e-3F), theirs[i].logits));
      EXPECT_THAT(ours[i].probabilities, Pointwise(FloatNear(1e-3F), theirs[i].probabilities));
      EXPECT_NEAR(ours[i].similarity, theirs[i].similarity, 5e-3);  // ONNX holds it in 8 bits
      EXPECT_EQ(ours[i].activation_map.height, theirs[i].activation_map.height);
      EXPECT_THAT(ours[i].activation_map.values,
                  Pointwise(FloatNear(1e-3F), theirs[i].activation_map.values));
    }
  }
  EXPECT_THROW((void)script->classify(std::vector<std::uint8_t>(100)), Error);
}

TEST_F(ExportTorchScript, IsRefusedWhereItIsDamaged) {
  export_torchscript(source_, folder_ / "model.pt", context_);
  const Bytes whole = read_file(folder_ / "model.pt");
  for (std::size_t length = 4; length < whole.size(); length += 1 + whole.size() / 11) {
    EXPECT_THAT(error_of_opening(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length))),
                HasSubstr("model.pt: LibTorch cannot open the model"));
  }
  std::string newer(as_text(whole));
  const std::size_t format = newer.find("\"format\":1");
  ASSERT_NE(format, std::string::npos);
  newer[format + 9] = '9';  // the archive's check sum no longer holds
  const ByteSpan bytes = as_bytes(newer);
  EXPECT_NE(error_of_opening({bytes.begin(), bytes.end()}), "no error");
}

TEST_F(ExportTorchScript, IsRefusedWhereItIsNotOurs) {
  const auto save = [](const std::string& body, const torch::jit::ExtraFilesMap& extra) {
    torch::jit::Module module("m");
    module.register_attribute("training", c10::BoolType::get(), false);
    module.define("def forward(self, images):\n  " + body + "\n");
    std::ostringstream stream;
    module.save(stream, extra);
    const ByteSpan bytes = as_bytes(stream.view());
    return Bytes(bytes.begin(), bytes.end());
  };
  EXPECT_THAT(error_of_opening(save("return images", {})),
              HasSubstr("model.pt: not a TorchScript file of winnow-export"));
  Json about = model::to_json(source_.checkpoint.metadata);
  const std::string same = "return (images, images)";
  EXPECT_THAT(error_of_opening(save(same, {{"winnow.json", about.dump()}, {"outputs.json", "[\"logits\"]"}})),
              HasSubstr("its outputs and their names do not fit together"));
  EXPECT_THAT(error_of_opening(save("return images", {{"winnow.json", about.dump()}})),
              HasSubstr("LibTorch cannot run the model"));
  EXPECT_THAT(error_of_opening(save(
                  same, {{"winnow.json", about.dump()}, {"outputs.json", R"(["logits","probabilities"])"}})),
              HasSubstr("has no output \"similarity\""));
  about["format"] = 9;
  EXPECT_THAT(error_of_opening(save(same, {{"winnow.json", about.dump()}})),
              HasSubstr("has format 9, this winnow reads up to 1; use a newer winnow"));
}

TEST_F(ExportTorchScript, WritesNothingThatDiffers) {
  source_.checkpoint.tensors.at("head.weight").values[0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(export_torchscript(source_, folder_ / "model.pt", context_), Error);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "model.pt"));
}

}  // namespace
}  // namespace winnow::exporting
