#include "winnow/exporting/triton.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/built.hpp"
#include "support/colour_network.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/json.hpp"
#include "winnow/model/onnx_summary.hpp"

namespace winnow::exporting {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Triton : public testing::Test {
 protected:
  std::string error_of(const std::string& name, const Bytes& onnx) {
    try {
      add_to_triton_repository(onnx, name, folder_ / "repository");
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  test::TemporaryFolder folder_;
  const Bytes model_ = test::colour_model({.activation_map = true});
};

// What Triton's own client reads in the configuration, beside what is in the ONNX file.
TEST_F(Triton, IsToldWhatTheModelTakesAndGives) {
  EXPECT_EQ(add_to_triton_repository(model_, "colours-1.0", folder_ / "repository"),
            folder_ / "repository/colours-1.0");
  EXPECT_THAT(test::list_files(folder_ / "repository"),
              ElementsAre("colours-1.0/1/model.onnx", "colours-1.0/config.pbtxt", "colours-1.0/labels.txt"));
  const test::Finished read =
      test::run({test::peers_python().string(), test::script("read_triton_config.py").string(),
                 (folder_ / "repository/colours-1.0").string()});
  ASSERT_EQ(read.exit_code, 0) << read.err;
  const Json config = Json::parse(read.out);
  EXPECT_EQ(config["name"], "colours-1.0");
  EXPECT_EQ(config["backend"], "onnxruntime");
  EXPECT_TRUE(config["dynamic_batching"].get<bool>());
  EXPECT_GT(config["max_batch_size"].get<int>(), 1);

  // [-1] + dims, reshaped where asked for, is the shape in the file.
  const model::OnnxSummary summary = model::summarise_onnx(model_);
  const auto expect_values = [&](const Json& declared, const auto& values) {
    ASSERT_EQ(declared.size(), values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      EXPECT_EQ(declared[i]["name"], values[i].name);
      EXPECT_EQ(declared[i]["type"], values[i].type == "uint8" ? "TYPE_UINT8" : "TYPE_FP32");
      std::vector<std::string> shape(values[i].shape.begin() + 1, values[i].shape.end());
      EXPECT_EQ(declared[i]["shape"].get<std::vector<std::string>>(), shape) << values[i].name;
      const bool has_labels = values[i].name == "logits" || values[i].name == "probabilities";
      EXPECT_EQ(declared[i]["labels"],
                Json(has_labels ? Json::array({"red", "green", "blue"}) : Json::array()));
    }
  };
  expect_values(config["inputs"], summary.inputs);
  expect_values(config["outputs"], summary.outputs);
  ASSERT_EQ(summary.outputs.size(), 4u);
}

TEST_F(Triton, ReplacesNothing) {
  folder_.write("repository/colours/config.pbtxt", "mine");
  EXPECT_THAT(error_of("colours", model_), HasSubstr("repository/colours: is there already"));
  EXPECT_EQ(test::read_text(folder_ / "repository/colours/config.pbtxt"), "mine");
}

TEST_F(Triton, RefusesNamesAndFilesThatItCannotTake) {
  for (const char* name : {"", "..", ".hidden", "a/b", "with space", "quoted\"", "-x", "ä"}) {
    EXPECT_THAT(error_of(name, model_), HasSubstr("is no name for a model")) << name;
  }
  EXPECT_THAT(error_of("m", test::colour_network()), HasSubstr("m: is not a model of winnow-export"));
  EXPECT_THAT(error_of("m", Bytes(20)), HasSubstr("not an ONNX model"));
  EXPECT_THAT(test::list_files(folder_.path()), IsEmpty());
}

}  // namespace
}  // namespace winnow::exporting
