#include "winnow/embedding/backbone.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/built.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/error.hpp"

namespace winnow::embedding {
namespace {

using testing::HasSubstr;

std::string error_of(const std::filesystem::path& weights, const std::string& architecture) {
  try {
    (void)read_backbone(weights, architecture);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(ReadBackbone, TakesWhatTheNetworkNeeds) {
  const Backbone backbone = read_backbone(test::pretrained_weights(), "efficientnet_lite0");
  EXPECT_EQ(backbone.tensors.size(), model::tensor_specs(backbone.architecture).size());
  EXPECT_FALSE(backbone.tensors.contains("_fc.weight"));
  EXPECT_EQ(backbone.source.at("licence"), "Apache-2.0");
  EXPECT_EQ(backbone.source.at("file"), "efficientnet_lite0.safetensors");
}

TEST(ReadBackbone, SaysWhatIsWrong) {
  const test::TemporaryFolder folder;
  EXPECT_THAT(error_of(folder / "no.safetensors", "efficientnet_lite0"),
              HasSubstr("no.safetensors: no such weights; run scripts/setup.sh"));
  EXPECT_THAT(error_of(folder.write("page.safetensors", "<html>"), "efficientnet_lite0"),
              HasSubstr("page.safetensors"));
  EXPECT_THAT(
      error_of(test::pretrained_weights(), "small_resnet"),
      HasSubstr(
          "efficientnet_lite0.safetensors: these are weights of efficientnet_lite0, not of small_resnet"));
  EXPECT_THAT(error_of(test::pretrained_weights(), "alexnet"), HasSubstr("no such network"));
}

TEST(ReadBackbone, SaysWhereToGetWeights) {
  const test::TemporaryFolder folder;
  EXPECT_THAT(error_of(folder / "no.safetensors", "efficientnet_lite2"),
              HasSubstr("no such weights; run scripts/setup.sh --weights and make"));
  EXPECT_THAT(error_of(folder / "no.safetensors", "resnet50"),
              HasSubstr("no such weights; name a safetensors file with --weights"));
}

TEST(PreprocessingFor, IsWhatTheNetworkWasDesignedFor) {
  const model::Architecture lite = model::make_architecture("efficientnet_lite0", 0);
  EXPECT_EQ(preprocessing_for(lite).size, 224);
  EXPECT_EQ(preprocessing_for(lite, 96).size, 96);
  EXPECT_EQ(preprocessing_for(lite).mean, lite.mean);
  EXPECT_EQ(preprocessing_for(lite).scale, lite.scale);
}

}  // namespace
}  // namespace winnow::embedding
