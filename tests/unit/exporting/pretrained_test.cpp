#include "winnow/exporting/pretrained.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "support/built.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/error.hpp"

namespace winnow::exporting {
namespace {

using testing::HasSubstr;

std::string error_of(const std::string& architecture, const std::filesystem::path& folder) {
  try {
    (void)open_pretrained(architecture, folder);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

const std::filesystem::path kData = test::pretrained_weights().parent_path();

TEST(Pretrained, IsTheNetworkWithItsThousandClasses) {
  const model::Checkpoint checkpoint = open_pretrained("efficientnet_lite0", kData).checkpoint;
  const std::vector<std::string>& classes = checkpoint.metadata.classes;
  ASSERT_EQ(classes.size(), 1000u);
  EXPECT_EQ(std::set<std::string>(classes.begin(), classes.end()).size(), 1000u);
  // Of the outputs of networks trained on ILSVRC 2012, some that are well known.
  EXPECT_EQ(classes[0], "tench");
  EXPECT_EQ(classes[9], "ostrich");
  EXPECT_EQ(classes[281], "tabby");
  EXPECT_EQ(classes[963], "pizza");
  EXPECT_EQ(classes[999], "toilet tissue");
  EXPECT_EQ(checkpoint.tensors.at("_fc.weight").shape, (std::vector<std::int64_t>{1000, 1280}));
  EXPECT_EQ(checkpoint.metadata.preprocessing.size, 224);
  EXPECT_EQ(checkpoint.metadata.provenance["weights"]["licence"], "Apache-2.0");
  EXPECT_FALSE(checkpoint.metadata.unknown);
}

TEST(Pretrained, SaysWhatIsNotThere) {
  const test::TemporaryFolder folder;
  EXPECT_THAT(error_of("efficientnet_lite1", folder.path()),
              HasSubstr("efficientnet_lite1.safetensors: no such weights; run scripts/setup.sh --weights"));
  EXPECT_THAT(error_of("perceptron", folder.path()), HasSubstr("perceptron: no such network"));
  std::filesystem::create_symlink(test::pretrained_weights(), folder / "efficientnet_lite0.safetensors");
  EXPECT_THAT(error_of("efficientnet_lite0", folder.path()), HasSubstr("imagenet_classes.txt: No such file"));
  folder.write("imagenet_classes.txt", "# one\nn01 tench\n");
  EXPECT_THAT(error_of("efficientnet_lite0", folder.path()),
              HasSubstr("imagenet_classes.txt: does not hold 1,000 names"));
}

TEST(Pretrained, NeedsTheHeadToo) {
  const test::TemporaryFolder folder;
  model::Safetensors weights = model::read_safetensors(test::pretrained_weights());
  weights.tensors.erase("_fc.weight");
  model::write_safetensors(folder / "efficientnet_lite0.safetensors", weights);
  EXPECT_THAT(error_of("efficientnet_lite0", folder.path()), HasSubstr("has no head for 1000 classes"));
}

}  // namespace
}  // namespace winnow::exporting
