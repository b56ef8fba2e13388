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
      files_.push_back(folder_ / (std::to_string(i) + ".jpg"));
      write_file_atomically(files_.back(),
                            image::encode_jpeg(test::draw_scene("discs", static_cast<std::uint64_t>(i))));
    }
  }

  Embeddings run(const std::filesystem::path& cache, int size = 64) {
    return embed(backbone_->architecture, backbone_->tensors,
                 preprocessing_for(backbone_->architecture, size), files_, cache, context_);
  }
  static std::vector<float> values(const Embeddings& embeddings) {
    return {embeddings.values.values().begin(), embeddings.values.values().end()};
  }

  static Backbone* backbone_;
  test::TemporaryFolder folder_;
  std::vector<std::filesystem::path> files_;
  test::RecordingContext context_;
};

Backbone* EmbedTest::backbone_ = nullptr;

TEST_F(EmbedTest, ComputesEachPictureOnce) {
  const Embeddings first = run(folder_ / "cache");
  EXPECT_EQ(first.computed, 5u);
  EXPECT_EQ(first.values.rows(), 5u);
  EXPECT_EQ(first.values.columns(), 1280u);
  std::filesystem::rename(files_[2], folder_ / "renamed.jpg");
  files_[2] = folder_ / "renamed.jpg";
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
  const std::filesystem::path last = files_.back();
  files_.pop_back();
  run(folder_ / "cache");
  files_.insert(files_.begin(), last);
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
  std::filesystem::remove(files_[3]);
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

TEST_F(EmbedTest, ACacheThatCannotBeUsedIsAWarning) {
  folder_.write("cache", "a file, no folder");
  EXPECT_EQ(run(folder_ / "cache").values.rows(), 5u);
  EXPECT_THAT(context_.messages(), HasSubstr("embeddings are computed anew"));
}

TEST_F(EmbedTest, HasNothingToDoForNoFiles) {
  files_.clear();
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
