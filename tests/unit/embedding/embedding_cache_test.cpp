#include "winnow/embedding/embedding_cache.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <signal.h>
#include <sys/resource.h>

#include <filesystem>
#include <memory>

#include "support/process.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/hash.hpp"

namespace winnow::embedding {
namespace {

using testing::ElementsAre;

constexpr std::size_t kWidth = 3;
constexpr std::size_t kRecord = 32 + 8 + 2 * kWidth;

std::string hash_of(int picture) {
  return sha256_hex(as_bytes("picture " + std::to_string(picture)));
}

std::vector<float> values_of(int picture) {
  return {static_cast<float>(picture), 0.5F, -2};
}

class EmbeddingCacheTest : public testing::Test {
 protected:
  [[nodiscard]] EmbeddingCache open(const std::string& key = "network") const {
    return EmbeddingCache(folder_ / "cache", key, kWidth);
  }
  void keep(int first, int last) const {
    EmbeddingCache cache = open();
    for (int i = first; i < last; ++i) cache.add(hash_of(i), values_of(i));
    cache.flush();
  }
  static bool knows(const EmbeddingCache& cache, int picture) {
    std::vector<float> values(kWidth);
    return cache.find(hash_of(picture), values) && values == values_of(picture);
  }
  [[nodiscard]] std::filesystem::path file() const { return open().file(); }

  test::TemporaryFolder folder_;
};

TEST_F(EmbeddingCacheTest, FindsWhatItWasGiven) {
  keep(0, 20);
  const EmbeddingCache cache = open();
  EXPECT_EQ(cache.size(), 20u);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(knows(cache, i)) << i;
  EXPECT_FALSE(knows(cache, 20));
}

TEST_F(EmbeddingCacheTest, IsEmptyAtFirst) {
  EXPECT_EQ(open().size(), 0u);
  EXPECT_FALSE(knows(open(), 0));
}

TEST_F(EmbeddingCacheTest, KeepsNothingThatWasNotFlushed) {
  { open().add(hash_of(1), values_of(1)); }
  EXPECT_EQ(open().size(), 0u);
}

TEST_F(EmbeddingCacheTest, KeepsNetworksApart) {
  keep(0, 1);
  EXPECT_FALSE(knows(open("another network"), 0));
  EXPECT_TRUE(knows(open(), 0));
}

TEST_F(EmbeddingCacheTest, GrowsFromRunToRun) {
  keep(0, 3);
  keep(3, 5);
  EXPECT_EQ(open().size(), 5u);
  EXPECT_TRUE(knows(open(), 0));
  EXPECT_TRUE(knows(open(), 4));
}

TEST_F(EmbeddingCacheTest, PassesOverATornRecordAndWritesOverIt) {
  keep(0, 3);
  std::filesystem::resize_file(file(), std::filesystem::file_size(file()) - 5);
  EXPECT_FALSE(knows(open(), 2));
  EXPECT_TRUE(knows(open(), 1));
  keep(5, 6);
  EXPECT_TRUE(knows(open(), 5));
  EXPECT_EQ(std::filesystem::file_size(file()), 128 + 3 * kRecord);
}

TEST_F(EmbeddingCacheTest, PassesOverADamagedRecordAndTakesItsSuccessor) {
  keep(0, 3);
  std::string content = test::read_text(file());
  content[128 + kRecord + 41] ^= 1;
  folder_.write("cache/" + file().filename().string(), content);
  EXPECT_FALSE(knows(open(), 1));
  EXPECT_TRUE(knows(open(), 0));
  keep(1, 2);
  EXPECT_TRUE(knows(open(), 1));
}

TEST_F(EmbeddingCacheTest, GoesOnAfterAHalfWrittenHead) {
  keep(0, 1);
  std::filesystem::resize_file(file(), 40);
  EXPECT_EQ(open().size(), 0u);
  keep(1, 2);
  EXPECT_TRUE(knows(open(), 1));
}

TEST_F(EmbeddingCacheTest, RefusesAFileThatIsSomethingElse) {
  const std::string name = "cache/" + file().filename().string();
  for (const std::string& content : {std::string("hello"), std::string(1000, 'x')}) {
    folder_.write(name, content);
    EXPECT_THROW((void)open(), Error);
    EXPECT_EQ(test::read_text(folder_ / name), content);
  }
}

TEST_F(EmbeddingCacheTest, RefusesAFolderThatCannotBe) {
  folder_.write("cache", "a file");
  EXPECT_THROW((void)open(), Error);
}

TEST_F(EmbeddingCacheTest, TakesRecordsFromSeveralProcesses) {
  std::vector<std::unique_ptr<test::Process>> writers;
  for (int process = 0; process < 4; ++process) {
    writers.push_back(std::make_unique<test::Process>([&, process] {
      for (int i = 0; i < 25; ++i) keep(process * 100 + i, process * 100 + i + 1);
      return 0;
    }));
  }
  for (const auto& writer : writers) EXPECT_EQ(writer->wait().exit_code, 0);
  const EmbeddingCache cache = open();
  EXPECT_EQ(cache.size(), 100u);
  for (int process = 0; process < 4; ++process) {
    for (int i = 0; i < 25; ++i) EXPECT_TRUE(knows(cache, process * 100 + i));
  }
}

TEST_F(EmbeddingCacheTest, AFullDiskCostsNothingThatWasThere) {
  keep(0, 2);
  test::Process writer([&] {
    rlimit limit{128 + 3 * kRecord, 128 + 3 * kRecord};
    ::signal(SIGXFSZ, SIG_IGN);
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
    try {
      keep(2, 6);
    } catch (const Error& error) {
      return error.kind() == ErrorKind::kIo ? 7 : 2;
    }
    return 3;
  });
  EXPECT_EQ(writer.wait().exit_code, 7);
  EXPECT_EQ(open().size(), 2u);
  EXPECT_TRUE(knows(open(), 0));
  EXPECT_TRUE(knows(open(), 1));
}

TEST(RoundAsCached, IsWhatFindGivesBack) {
  const test::TemporaryFolder folder;
  const std::vector<float> values = {0.1F, 3.14159F, -1e-7F};
  {
    EmbeddingCache cache(folder.path(), "key", 3);
    cache.add(hash_of(1), values);
    cache.flush();
  }
  std::vector<float> found(3);
  ASSERT_TRUE(EmbeddingCache(folder.path(), "key", 3).find(hash_of(1), found));
  EXPECT_THAT(found, ElementsAre(round_as_cached(0.1F), round_as_cached(3.14159F), round_as_cached(-1e-7F)));
}

}  // namespace
}  // namespace winnow::embedding
