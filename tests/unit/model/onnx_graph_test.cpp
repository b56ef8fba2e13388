#include "onnx_graph.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/model/onnx_reader.hpp"

namespace winnow::model {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(OnnxGraph, SaysWhatItIs) {
  const ReadModel model =
      read_onnx(OnnxGraph().serialise("toy", {{"key", "value"}, {"other", std::string("a\0b", 3)}}));
  EXPECT_EQ(model.ir_version, 8);
  EXPECT_EQ(model.opset_domain, "");
  EXPECT_EQ(model.opset, 17);
  EXPECT_EQ(model.producer, "winnow");
  EXPECT_EQ(model.graph_name, "toy");
  EXPECT_EQ(model.metadata.at("key"), "value");
  EXPECT_EQ(model.metadata.at("other").size(), 3u);
}

TEST(OnnxGraph, WritesNodesInTheirOrder) {
  OnnxGraph graph;
  EXPECT_EQ(graph.node("Relu", {"x"}, "y"), "y");
  graph.node("TopK", {"y", "k"}, "best", {}, {"index"});
  const ReadModel model = read_onnx(graph.serialise("toy", {}));
  ASSERT_EQ(model.nodes.size(), 2u);
  EXPECT_EQ(model.nodes[0].op, "Relu");
  EXPECT_EQ(model.nodes[0].name, "y");
  EXPECT_THAT(model.nodes[0].inputs, ElementsAre("x"));
  EXPECT_THAT(model.nodes[0].outputs, ElementsAre("y"));
  EXPECT_THAT(model.nodes[0].attributes, IsEmpty());
  EXPECT_THAT(model.nodes[1].inputs, ElementsAre("y", "k"));
  EXPECT_THAT(model.nodes[1].outputs, ElementsAre("best", "index"));
}

TEST(OnnxGraph, WritesEveryKindOfAttribute) {
  OnnxGraph graph;
  graph.node("Toy", {}, "y",
             {{"number", std::int64_t{-3}}, {"real", 0.5F}, {"list", std::vector<std::int64_t>{0, 3, 1, 2}}});
  const ReadModel model = read_onnx(graph.serialise("toy", {}));
  const std::map<std::string, ReadAttribute>& attributes = model.nodes.at(0).attributes;
  EXPECT_EQ(attributes.at("number").type, 2);
  EXPECT_EQ(attributes.at("number").number, -3);
  EXPECT_EQ(attributes.at("real").type, 1);
  EXPECT_EQ(attributes.at("real").real, 0.5F);
  EXPECT_EQ(attributes.at("list").type, 7);
  EXPECT_THAT(attributes.at("list").numbers, ElementsAre(0, 3, 1, 2));
}

TEST(OnnxGraph, WritesConstants) {
  OnnxGraph graph;
  const float floats[] = {1, -2.5F, 3, 4, 5, 6};
  const std::int64_t integers[] = {7, -8};
  EXPECT_EQ(graph.floats("w", {2, 3}, floats), "w");
  graph.floats("scalar", {}, std::span(floats, 1));
  graph.integers("k", integers);
  const ReadModel model = read_onnx(graph.serialise("toy", {}));
  EXPECT_EQ(model.initializers.at("w").type, 1);
  EXPECT_THAT(model.initializers.at("w").shape, ElementsAre(2, 3));
  EXPECT_THAT(model.initializers.at("w").floats, ElementsAre(1, -2.5F, 3, 4, 5, 6));
  EXPECT_THAT(model.initializers.at("scalar").shape, IsEmpty());
  EXPECT_THAT(model.initializers.at("k").shape, ElementsAre(2));
  EXPECT_THAT(model.initializers.at("k").integers, ElementsAre(7, -8));
}

TEST(OnnxGraph, WritesWhatGoesInAndOut) {
  OnnxGraph graph;
  graph.input("images", OnnxType::kUint8, {"n", 224, 3});
  graph.output("y", OnnxType::kFloat, {"n"});
  const ReadModel model = read_onnx(graph.serialise("toy", {}));
  ASSERT_EQ(model.inputs.size(), 1u);
  EXPECT_EQ(model.inputs[0].name, "images");
  EXPECT_EQ(model.inputs[0].type, 2);
  EXPECT_THAT(model.inputs[0].shape, ElementsAre("n", "224", "3"));
  ASSERT_EQ(model.outputs.size(), 1u);
  EXPECT_EQ(model.outputs[0].name, "y");
  EXPECT_EQ(model.outputs[0].type, 1);
  EXPECT_THAT(model.outputs[0].shape, ElementsAre("n"));
}

}  // namespace
}  // namespace winnow::model
