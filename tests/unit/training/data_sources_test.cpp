#include "data_sources.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temporary_folder.hpp"

namespace winnow::training {
namespace {

using testing::ElementsAre;
using testing::Pair;

class DataSourcesOfASet : public testing::Test {
 protected:
  DataSourcesOfASet() {
    data_.root = folder_.path();
    data_.samples = {{"cat/a.jpg"}, {"cat/b.jpg"}, {"dog/c.jpg"}, {"dog/own.jpg"}};
  }

  test::TemporaryFolder folder_;
  dataset::Dataset data_;
};

TEST_F(DataSourcesOfASet, CountsThePicturesThatAreUsed) {
  folder_.write(
      "manifest.jsonl",
      "{\"format\":\"winnow-manifest\",\"version\":1}\n"
      "{\"outcome\":\"kept\",\"file\":\"cat/a.jpg\",\"licence\":\"CC0\",\"source\":\"commons\"}\n"
      "{\"outcome\":\"kept\",\"file\":\"cat/b.jpg\",\"licence\":\"CC BY 4.0\",\"source\":\"commons\"}\n"
      "{\"outcome\":\"kept\",\"file\":\"cat/unused.jpg\",\"licence\":\"CC0\",\"source\":\"commons\"}\n"
      "{\"outcome\":\"failed\",\"url\":\"somewhere\",\"reason\":\"timeout\"}\n"
      "{\"outcome\":\"kept\",\"file\":\"dog/c.jpg\",\"source\":\"list\"}\n");
  const std::optional<DataSources> found = read_data_sources(data_);
  ASSERT_TRUE(found);
  EXPECT_THAT(found->licences, ElementsAre(Pair("", 1u), Pair("CC BY 4.0", 1u), Pair("CC0", 1u)));
  EXPECT_THAT(found->sources, ElementsAre(Pair("commons", 2u), Pair("list", 1u)));
  EXPECT_EQ(found->unrecorded, 1u);
}

TEST_F(DataSourcesOfASet, WithoutAManifestNothingIsKnown) {
  EXPECT_FALSE(read_data_sources(data_));
}

TEST_F(DataSourcesOfASet, SomebodyElsesOrADamagedManifestSaysNothing) {
  for (const char* text : {"{\"format\":\"else\"}\n", "not json\n", "[1]\n",
                           "{\"format\":\"winnow-manifest\"}\n{\"outcome\":7}\n"}) {
    folder_.write("manifest.jsonl", text);
    EXPECT_FALSE(read_data_sources(data_)) << text;
  }
}

}  // namespace
}  // namespace winnow::training
