#include "winnow/embedding/embed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/built.hpp"
#include "support/drawing.hpp"
#include "support/recording_context.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/atomic_file.hpp"
#include "winnow/core/error.hpp"
#include "winnow/embedding/backbone.hpp"
#include "winnow/image/encode.hpp"

namespace winnow::embedding {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class EmbedTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    backbone_ = new Backbone(read_backbone(test::pretrained_weights(), "efficientnet_lite0"));
  }
  static void TearDownTestSuite() { delete backbone_; }

  EmbedTest() {
    for (int i = 0; i < 5; ++i) {
      data_.samples.push_back({std::to_string(i) + ".jpg"});
      write_file_atomically(folder_ / data_.samples.back().path,
                            image::encode_jpeg(test::draw_scene("discs", static_cast<std::uint64_t>(i))));
    }
  }

  Embeddings run(const std::filesystem::path& cache, int size = 64) {
    return embed(backbone_->architecture, backbone_->tensors,
                 preprocessing_for(backbone_->architecture, size), data_, {.cache = cache}, context_);
  }
  static std::vector<float> values(const Embeddings& embeddings) {
    return {embeddings.values.values().begin(), embeddings.values.values().end()};
  }

  static Backbone* backbone_;
  test::TemporaryFolder folder_;
  dataset::Dataset data_{folder_.path(), {}, {}};
  test::RecordingContext context_;
};

Backbone* EmbedTest::backbone_ = nullptr;

TEST_F(EmbedTest, ComputesEachPictureOnce) {
  const Embeddings first = run(folder_ / "cache");
  EXPECT_EQ(first.computed, 5u);
  EXPECT_EQ(first.values.rows(), 5u);
  EXPECT_EQ(first.values.columns(), 1280u);
  std::filesystem::rename(folder_ / "2.jpg", folder_ / "renamed.jpg");
  data_.samples[2].path = "renamed.jpg";
  const Embeddings second = run(folder_ / "cache");
  EXPECT_EQ(second.computed, 0u);
  EXPECT_EQ(values(second), values(first));
}

TEST_F(EmbedTest, GivesTheSameWithAndWithoutACache) {
  const Embeddings without = run({});
  run(folder_ / "cache");
  EXPECT_EQ(values(run(folder_ / "cache")), values(without));
}

TEST_F(EmbedTest, ComputesWhatIsNewAmongWhatIsKnown) {
  const dataset::Sample last = data_.samples.back();
  data_.samples.pop_back();
  run(folder_ / "cache");
  data_.samples.insert(data_.samples.begin(), last);
  const Embeddings mixed = run(folder_ / "cache");
  EXPECT_EQ(mixed.computed, 1u);
  EXPECT_EQ(values(mixed), values(run({})));
}

TEST_F(EmbedTest, KeepsSizesApart) {
  run(folder_ / "cache", 64);
  EXPECT_EQ(run(folder_ / "cache", 96).computed, 5u);
  EXPECT_EQ(run(folder_ / "cache", 64).computed, 0u);
}

TEST_F(EmbedTest, ReturnsWhatCannotBeRead) {
  folder_.write("1.jpg", "<!doctype html>");
  std::filesystem::remove(folder_ / "3.jpg");
  for (const char* cache : {"", "cache", "cache"}) {
    const Embeddings embeddings = run(*cache == '\0' ? "" : folder_ / cache);
    EXPECT_THAT(embeddings.kept, ElementsAre(0, 2, 4));
    EXPECT_EQ(embeddings.values.rows(), 3u);
    ASSERT_EQ(embeddings.failures.size(), 2u);
    EXPECT_EQ(embeddings.failures[0].index, 1u);
    EXPECT_EQ(embeddings.failures[0].failure.code, "not_an_image");
    EXPECT_EQ(embeddings.failures[1].index, 3u);
    EXPECT_EQ(embeddings.failures[1].failure.code, "missing");
  }
}

TEST_F(EmbedTest, FingerprintsWhatItEmbedsWhereverItIsKnownFrom) {
  folder_.write("1.jpg", "<!doctype html>");
  const auto expected = dataset::fingerprint(data_, {}, context_);
  const Embeddings without = run({});
  EXPECT_THAT(without.fingerprints, IsEmpty());
  for (const int size : {64, 224}) {  // at 224 one decoding serves both
    const std::vector<float> plain = values(run({}, size));
    for (const char* cache : {"", "cache", "cache"}) {
      const Embeddings embeddings =
          embed(backbone_->architecture, backbone_->tensors, preprocessing_for(backbone_->architecture, size),
                data_, {.cache = *cache == '\0' ? "" : folder_ / cache, .fingerprints = true}, context_);
      EXPECT_EQ(values(embeddings), plain);
      ASSERT_EQ(embeddings.fingerprints.size(), 4u);
      for (std::size_t k = 0; k < 4; ++k) {
        EXPECT_EQ(embeddings.fingerprints[k].sha256, expected[embeddings.kept[k]]->sha256);
        EXPECT_EQ(embeddings.fingerprints[k].look.upright, expected[embeddings.kept[k]]->look.upright);
      }
    }
  }
}

TEST_F(EmbedTest, ACacheThatCannotBeUsedIsAWarning) {
  folder_.write("cache", "a file, no folder");
  EXPECT_EQ(run(folder_ / "cache").values.rows(), 5u);
  EXPECT_THAT(context_.messages(), HasSubstr("embeddings are computed anew"));
}

TEST_F(EmbedTest, HasNothingToDoForNoFiles) {
  data_.samples.clear();
  const Embeddings none = run(folder_ / "cache");
  EXPECT_THAT(none.kept, IsEmpty());
  EXPECT_EQ(none.values.rows(), 0u);
}

TEST_F(EmbedTest, CanBeStopped) {
  context_.request_stop();
  EXPECT_THROW((void)run(folder_ / "cache"), Error);
}

}  // namespace
}  // namespace winnow::embedding
