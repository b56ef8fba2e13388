#include "winnow/model/onnx.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "unit/model/onnx_reader.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/random.hpp"

namespace winnow::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// One 1 x 1 convolution of two channels with normalisation, a mean, and a head of two classes.
Architecture toy_network() {
  Architecture net{.name = "toy",
                   .layers = {},
                   .input_size = 8,
                   .mean = {10, 11, 12},
                   .scale = {20, 21, 22},
                   .norm_epsilon = 0.5F,
                   .features = 0,
                   .embedding = 1,
                   .embedding_size = 2,
                   .classes = 2,
                   .head = "fc"};
  net.layers.push_back({.kind = Layer::Kind::kConvolution,
                        .inputs = {-1},
                        .name = "conv",
                        .norm = "bn",
                        .activation = Activation::kRelu6,
                        .in_channels = 3,
                        .out_channels = 2});
  net.layers.push_back({.kind = Layer::Kind::kMeanPool,
                        .inputs = {0},
                        .name = {},
                        .norm = {},
                        .in_channels = 2,
                        .out_channels = 2});
  net.layers.push_back({.kind = Layer::Kind::kLinear,
                        .inputs = {1},
                        .name = "fc",
                        .norm = {},
                        .in_channels = 2,
                        .out_channels = 2});
  return net;
}

Checkpoint toy_checkpoint() {
  Checkpoint checkpoint;
  checkpoint.metadata.architecture = "toy";
  checkpoint.metadata.classes = {"cat", "dog"};
  checkpoint.metadata.preprocessing.size = 8;
  checkpoint.metadata.temperature = 2;
  checkpoint.tensors = {{"conv.weight", {{2, 3, 1, 1}, {1, 2, 3, 4, 5, 6}}},
                        {"bn.weight", {{2}, {6, 1}}},
                        {"bn.bias", {{2}, {7, 8}}},
                        {"bn.running_mean", {{2}, {5, -2}}},
                        {"bn.running_var", {{2}, {3.5F, 0.5F}}},
                        {"fc.weight", {{2, 2}, {1, -3, 5, 7}}},
                        {"fc.bias", {{2}, {0.5F, -1}}}};
  return checkpoint;
}

Checkpoint with_reference(int neighbours) {
  Checkpoint checkpoint = toy_checkpoint();
  checkpoint.metadata.unknown = UnknownRule{neighbours, 0.5F};
  checkpoint.tensors[kReferenceTensor] = {{3, 2}, {1, 2, 3, 4, 5, 6}};
  return checkpoint;
}

// Tensors of the right shapes; values that no normalisation can object to.
Checkpoint random_checkpoint(const Architecture& net) {
  Checkpoint checkpoint;
  checkpoint.metadata.architecture = net.name;
  for (int i = 0; i < net.classes; ++i) checkpoint.metadata.classes.push_back("class " + std::to_string(i));
  checkpoint.metadata.preprocessing.size = net.input_size;
  CounterRandom random(1);
  for (const TensorSpec& spec : tensor_specs(net)) {
    std::int64_t size = 1;
    for (const std::int64_t extent : spec.shape) size *= extent;
    Tensor& tensor =
        checkpoint.tensors[spec.name] = {spec.shape, std::vector<float>(static_cast<std::size_t>(size))};
    for (float& value : tensor.values) value = static_cast<float>(random.uniform(0.5, 1.5));
  }
  return checkpoint;
}

Error error_of_writing(const Checkpoint& checkpoint) {
  try {
    (void)write_onnx(toy_network(), checkpoint);
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no Error was thrown";
  return {ErrorKind::kUsage, "", ""};
}

// What a reader of the file relies on: nothing is used before it is there, and every result has one source.
void expect_runnable(const ReadModel& model) {
  std::set<std::string> known;
  for (const ReadValue& input : model.inputs) known.insert(input.name);
  for (const auto& [name, tensor] : model.initializers) EXPECT_TRUE(known.insert(name).second) << name;
  for (const ReadNode& node : model.nodes) {
    for (const std::string& input : node.inputs)
      EXPECT_TRUE(known.contains(input)) << node.name << " needs " << input;
    for (const std::string& output : node.outputs) EXPECT_TRUE(known.insert(output).second) << output;
  }
  for (const ReadValue& output : model.outputs) EXPECT_TRUE(known.contains(output.name)) << output.name;
}

std::string describe(const ReadValue& value) {
  std::string text = value.name + ":" + std::to_string(value.type);
  for (const std::string& dimension : value.shape) text += " " + dimension;
  return text;
}

std::vector<std::string> describe(const std::vector<ReadValue>& values) {
  std::vector<std::string> texts;
  for (const ReadValue& value : values) texts.push_back(describe(value));
  return texts;
}

TEST(WriteOnnx, TakesPixelsAndGivesWhatTheHeaderSays) {
  const ReadModel model = read_onnx(write_onnx(toy_network(), toy_checkpoint()));
  EXPECT_THAT(describe(model.inputs), ElementsAre("images:2 n 8 8 3"));
  EXPECT_THAT(describe(model.outputs), ElementsAre("embedding:1 n 2", "logits:1 n 2", "probabilities:1 n 2",
                                                   "activation_map:1 n 2 8 8"));
  EXPECT_EQ(model.ir_version, 8);
  EXPECT_EQ(model.opset, 17);
  expect_runnable(model);
}

TEST(WriteOnnx, NormalisesPixelsInTheGraph) {
  const ReadModel model = read_onnx(write_onnx(toy_network(), toy_checkpoint()));
  const ReadNode& divide = model.node_of("normalised");
  EXPECT_EQ(divide.op, "Div");
  EXPECT_THAT(model.initializers.at(divide.inputs.at(1)).floats, ElementsAre(20, 21, 22));
  const ReadNode& subtract = model.node_of(divide.inputs.at(0));
  EXPECT_EQ(subtract.op, "Sub");
  EXPECT_THAT(model.initializers.at(subtract.inputs.at(1)).floats, ElementsAre(10, 11, 12));
  const ReadNode& cast = model.node_of(subtract.inputs.at(0));
  EXPECT_EQ(cast.op, "Cast");
  EXPECT_EQ(cast.attributes.at("to").number, 1);
  EXPECT_THAT(cast.inputs, ElementsAre("images"));
  const ReadNode& transpose = model.node_of("input");
  EXPECT_THAT(transpose.inputs, ElementsAre("normalised"));
  EXPECT_THAT(transpose.attributes.at("perm").numbers, ElementsAre(0, 3, 1, 2));
}

// By hand: 6 / sqrt(3.5 + 0.5) = 3 and 1 / sqrt(0.5 + 0.5) = 1; 7 - 5 * 3 = -8 and 8 + 2 * 1 = 10.
TEST(WriteOnnx, FoldsNormalisationIntoTheConvolution) {
  const ReadModel model = read_onnx(write_onnx(toy_network(), toy_checkpoint()));
  const ReadNode& convolution = model.node_of("conv/conv");
  EXPECT_EQ(convolution.op, "Conv");
  EXPECT_EQ(convolution.inputs.at(0), "input");
  EXPECT_THAT(model.initializers.at(convolution.inputs.at(1)).shape, ElementsAre(2, 3, 1, 1));
  EXPECT_THAT(model.initializers.at(convolution.inputs.at(1)).floats, ElementsAre(3, 6, 9, 4, 5, 6));
  EXPECT_THAT(model.initializers.at(convolution.inputs.at(2)).floats, ElementsAre(-8, 10));
}

TEST(WriteOnnx, KeepsTheBiasOfAConvolutionWithoutNormalisation) {
  Architecture net = toy_network();
  net.layers[0].norm.clear();
  net.layers[0].activation = Activation::kNone;
  Checkpoint checkpoint = toy_checkpoint();
  checkpoint.tensors["conv.bias"] = {{2}, {0.25F, -4}};
  const ReadModel model = read_onnx(write_onnx(net, checkpoint));
  const ReadNode& convolution = model.node_of("conv/conv");
  EXPECT_THAT(model.initializers.at(convolution.inputs.at(1)).floats, ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(model.initializers.at(convolution.inputs.at(2)).floats, ElementsAre(0.25F, -4));
  EXPECT_THAT(model.node_of("embedding/pool").inputs, ElementsAre("conv/conv"));
}

TEST(WriteOnnx, CutsAtZeroAndSix) {
  const ReadModel model = read_onnx(write_onnx(toy_network(), toy_checkpoint()));
  const ReadNode& pool = model.node_of("embedding/pool");
  EXPECT_EQ(pool.op, "GlobalAveragePool");
  const ReadNode& clip = model.node_of(pool.inputs.at(0));
  EXPECT_EQ(clip.op, "Clip");
  EXPECT_THAT(model.initializers.at(clip.inputs.at(1)).floats, ElementsAre(0));
  EXPECT_THAT(model.initializers.at(clip.inputs.at(2)).floats, ElementsAre(6));
  EXPECT_EQ(model.node_of("embedding").attributes.at("axis").number, 1);
}

TEST(WriteOnnx, DividesTheHeadByTheTemperature) {
  const ReadModel model = read_onnx(write_onnx(toy_network(), toy_checkpoint()));
  const ReadNode& head = model.node_of("logits");
  EXPECT_EQ(head.op, "Gemm");
  EXPECT_EQ(head.inputs.at(0), "embedding");
  EXPECT_EQ(head.attributes.at("transB").number, 1);
  EXPECT_THAT(model.initializers.at(head.inputs.at(1)).floats, ElementsAre(0.5F, -1.5F, 2.5F, 3.5F));
  EXPECT_THAT(model.initializers.at(head.inputs.at(2)).floats, ElementsAre(0.25F, -0.5F));
  EXPECT_EQ(model.node_of("probabilities").op, "Softmax");
  EXPECT_THAT(model.node_of("probabilities").inputs, ElementsAre("logits"));
}

TEST(WriteOnnx, PadsAsTensorFlowDoes) {
  Architecture net = make_architecture("efficientnet_lite0", 0);
  const ReadModel model = read_onnx(write_embedding_onnx(net, random_checkpoint(net).tensors, 224));
  const auto pads = [&](const std::string& name) {
    return model.node_of(name + "/conv").attributes.at("pads").numbers;
  };
  EXPECT_THAT(pads("_conv_stem"), ElementsAre(0, 0, 1, 1));
  EXPECT_THAT(pads("_blocks.0._depthwise_conv"), ElementsAre(1, 1, 1, 1));
  EXPECT_THAT(pads("_blocks.3._depthwise_conv"), ElementsAre(1, 1, 2, 2));
  EXPECT_THAT(pads("_blocks.4._depthwise_conv"), ElementsAre(2, 2, 2, 2));
  EXPECT_THAT(pads("_conv_head"), ElementsAre(0, 0, 0, 0));
  const ReadNode& depthwise = model.node_of("_blocks.3._depthwise_conv/conv");
  EXPECT_EQ(depthwise.attributes.at("group").number, 144);
  EXPECT_THAT(depthwise.attributes.at("strides").numbers, ElementsAre(2, 2));
  EXPECT_THAT(depthwise.attributes.at("kernel_shape").numbers, ElementsAre(5, 5));
}

// Padding follows the true size of the picture: of 225 pixels, half are 113, and no pixel is left over.
TEST(WriteOnnx, PadsByTheSizeOfThePictures) {
  Architecture net = make_architecture("efficientnet_lite0", 0);
  const ReadModel model = read_onnx(write_embedding_onnx(net, random_checkpoint(net).tensors, 225));
  EXPECT_THAT(model.node_of("_conv_stem/conv").attributes.at("pads").numbers, ElementsAre(1, 1, 1, 1));
  EXPECT_THAT(describe(model.inputs), ElementsAre("images:2 n 225 225 3"));
}

TEST(WriteOnnx, CountsTheNodesOfTheKnownNetwork) {
  Architecture net = make_architecture("efficientnet_lite0", 4);
  const ReadModel model = read_onnx(write_onnx(net, random_checkpoint(net)));
  std::map<std::string, int> counts;
  for (const ReadNode& node : model.nodes) ++counts[node.op];
  EXPECT_EQ(counts["Conv"], 50);  // one of them for the activation maps
  EXPECT_EQ(counts["Clip"], 33);
  EXPECT_EQ(counts["Add"], 9);
  EXPECT_EQ(counts["GlobalAveragePool"], 1);
  EXPECT_EQ(counts["Gemm"], 1);
}

TEST(WriteOnnx, WritesEveryKnownNetwork) {
  for (const std::string& name : architecture_names()) {
    const Architecture net = make_architecture(name, 3);
    const Checkpoint checkpoint = random_checkpoint(net);
    expect_runnable(read_onnx(write_onnx(net, checkpoint)));
    const ReadModel embedding = read_onnx(write_embedding_onnx(net, checkpoint.tensors, 96));
    expect_runnable(embedding);
    EXPECT_THAT(describe(embedding.outputs),
                ElementsAre("embedding:1 n " + std::to_string(net.embedding_size)));
    EXPECT_TRUE(embedding.metadata.empty());
  }
}

TEST(WriteOnnx, ComparesWithTheReferencePictures) {
  const ReadModel model = read_onnx(write_onnx(toy_network(), with_reference(2)));
  expect_runnable(model);
  EXPECT_EQ(describe(model.outputs).back(), "similarity:1 n");
  const ReadNode& nearest = model.node_of("nearest");
  EXPECT_EQ(nearest.op, "TopK");
  EXPECT_THAT(model.initializers.at(nearest.inputs.at(1)).integers, ElementsAre(2));
  const ReadNode& product = model.node_of(nearest.inputs.at(0));
  EXPECT_EQ(product.op, "MatMul");
  // (1, 2), (3, 4) and (5, 6) in 8 bits, as columns, each with what gives it its length back.
  const ReadNode& reference = model.node_of(product.inputs.at(1));
  EXPECT_EQ(reference.op, "DequantizeLinear");
  EXPECT_EQ(reference.attributes.at("axis").number, 1);
  const ReadTensor& steps = model.initializers.at(reference.inputs.at(0));
  EXPECT_THAT(steps.shape, ElementsAre(2, 3));
  EXPECT_THAT(steps.integers, ElementsAre(64, 95, 106, 127, 127, 127));
  const std::vector<float>& scales = model.initializers.at(reference.inputs.at(1)).floats;
  ASSERT_EQ(scales.size(), 3U);
  EXPECT_FLOAT_EQ(scales[0], std::sqrt(5 / (64.0F * 64 + 127 * 127)));
  EXPECT_EQ(model.node_of("similarity").op, "ReduceMin");
  EXPECT_EQ(model.node_of("similarity").attributes.at("keepdims").number, 0);
}

TEST(WriteOnnx, NeedsReferencePicturesForTheUnknown) {
  Checkpoint missing = with_reference(2);
  missing.tensors.erase(kReferenceTensor);
  Checkpoint flat = with_reference(2);
  flat.tensors[kReferenceTensor].shape = {6};
  Checkpoint narrow = with_reference(2);
  narrow.tensors[kReferenceTensor] = {{6, 1}, {1, 2, 3, 4, 5, 6}};
  for (const Checkpoint& checkpoint : {missing, flat, narrow, with_reference(4)}) {
    EXPECT_EQ(error_of_writing(checkpoint).kind(), ErrorKind::kInvalid);
  }
  EXPECT_NO_THROW((void)write_onnx(toy_network(), with_reference(3)));
}

TEST(WriteOnnx, NeedsEveryTensorInItsShape) {
  const Checkpoint whole = toy_checkpoint();
  for (const auto& [name, tensor] : whole.tensors) {
    Checkpoint missing = whole;
    missing.tensors.erase(name);
    const Error error = error_of_writing(missing);
    EXPECT_EQ(error.kind(), ErrorKind::kInvalid) << name;
    EXPECT_THAT(error.what(), HasSubstr(name));
    Checkpoint reshaped = whole;
    reshaped.tensors[name].shape.push_back(1);
    EXPECT_EQ(error_of_writing(reshaped).kind(), ErrorKind::kInvalid) << name;
  }
}

TEST(WriteOnnx, RefusesAVarianceBelowZero) {
  for (const float variance : {-1.0F, std::nanf("")}) {
    Checkpoint checkpoint = toy_checkpoint();
    checkpoint.tensors["bn.running_var"].values[1] = variance;
    const Error error = error_of_writing(checkpoint);
    EXPECT_EQ(error.kind(), ErrorKind::kInvalid);
    EXPECT_THAT(error.what(), HasSubstr("bn.running_var"));
  }
}

TEST(WriteOnnx, WritesTheSameBytesEachTime) {
  EXPECT_EQ(write_onnx(toy_network(), with_reference(2)), write_onnx(toy_network(), with_reference(2)));
}

TEST(ReadOnnxMetadata, GivesBackWhatWasWritten) {
  const Checkpoint checkpoint = with_reference(2);
  const std::optional<Metadata> metadata = read_onnx_metadata(write_onnx(toy_network(), checkpoint));
  ASSERT_TRUE(metadata);
  EXPECT_EQ(to_json(*metadata), to_json(checkpoint.metadata));
}

TEST(ReadOnnxMetadata, FindsNothingInAModelOfSomebodyElse) {
  EXPECT_FALSE(read_onnx_metadata(write_embedding_onnx(toy_network(), toy_checkpoint().tensors, 8)));
}

Error error_of_reading(ByteSpan bytes) {
  try {
    (void)read_onnx_metadata(bytes);
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no Error was thrown";
  return {ErrorKind::kUsage, "", ""};
}

TEST(ReadOnnxMetadata, RefusesWhatIsNoModel) {
  for (const std::string_view bytes :
       {"", "<!doctype html>", "\xff\xd8\xff\xe0 JFIF", "PK\x03\x04", "winnow"}) {
    EXPECT_EQ(error_of_reading(as_bytes(bytes)).kind(), ErrorKind::kInvalid) << bytes;
  }
  // Valid protobuf, but without a graph, or without a version.
  EXPECT_EQ(error_of_reading(as_bytes("\x08\x08")).kind(), ErrorKind::kInvalid);
  EXPECT_EQ(error_of_reading(as_bytes(std::string_view("\x3a\x00", 2))).kind(), ErrorKind::kInvalid);
}

TEST(ReadOnnxMetadata, RefusesAModelCutShort) {
  const Bytes whole = write_onnx(toy_network(), toy_checkpoint());
  for (std::size_t length = 0; length < whole.size(); ++length) {
    ASSERT_EQ(error_of_reading(ByteSpan(whole).first(length)).kind(), ErrorKind::kInvalid) << length;
  }
}

// A model with a graph and this as its metadata.
std::string model_with(const std::string& text) {
  const std::string entry = "\x0a\x06winnow\x12" + std::string(1, static_cast<char>(text.size())) + text;
  return std::string("\x08\x08\x3a\x00\x72", 5) + static_cast<char>(entry.size()) + entry;
}

TEST(ReadOnnxMetadata, RefusesDamagedMetadata) {
  for (const char* text : {"{", "[]", "{}", "7", "\xff"}) {
    EXPECT_EQ(error_of_reading(as_bytes(model_with(text))).kind(), ErrorKind::kInvalid) << text;
  }
  EXPECT_EQ(error_of_reading(as_bytes(model_with("{\"format\":2}"))).kind(), ErrorKind::kUnsupported);
}

// Field 14, and the key inside it, as numbers instead of text.
TEST(ReadOnnxMetadata, PassesOverFieldsOfAnotherKind) {
  for (const std::string_view field : {"\x70\x05", "\x72\x02\x08\x05", "\x75\x01\x02\x03\x04"}) {
    EXPECT_FALSE(read_onnx_metadata(as_bytes(std::string("\x08\x08\x3a\x00", 4) + std::string(field))));
  }
}

TEST(ReadOnnxMetadata, SurvivesAnyDamage) {
  const Bytes whole = write_onnx(toy_network(), toy_checkpoint());
  int read = 0;
  for (std::uint64_t round = 0; round < 20'000; ++round) {
    CounterRandom random(round);
    Bytes bytes = whole;
    for (std::uint64_t i = 0; i <= random.below(3); ++i) {
      bytes[random.below(bytes.size())] = static_cast<std::uint8_t>(random.next());
    }
    try {
      (void)read_onnx_metadata(bytes);
      ++read;
    } catch (const Error&) {
    }
  }
  EXPECT_GT(read, 1000) << "the damage was too great to say anything";
  EXPECT_LT(read, 19'000);
}

}  // namespace
}  // namespace winnow::model
