#include "compiled_cache.hpp"

#include <gtest/gtest.h>

#include "support/temporary_folder.hpp"

namespace winnow::inference {
namespace {

std::string found(const CompiledCache& cache, const std::string& key) {
  const std::optional<Bytes> bytes = cache.find(key);
  return bytes ? std::string(as_text(*bytes)) : "nothing";
}

TEST(CompiledCache, FindsWhatItKeeps) {
  const test::TemporaryFolder folder;
  const CompiledCache cache(folder / "not/yet");
  EXPECT_EQ(found(cache, "a"), "nothing");
  cache.keep("a", as_bytes("network of a"));
  cache.keep("b", as_bytes(""));
  EXPECT_EQ(found(CompiledCache(folder / "not/yet"), "a"), "network of a");
  EXPECT_EQ(found(cache, "b"), "");
  cache.keep("a", as_bytes("another"));
  EXPECT_EQ(found(cache, "a"), "another");
}

TEST(CompiledCache, PassesOverDamagedFiles) {
  const test::TemporaryFolder folder;
  const CompiledCache cache(folder.path());
  cache.keep("a", as_bytes("network of a"));
  const std::string file = test::list_files(folder.path()).at(0);
  const std::string whole = test::read_text(folder / file);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    folder.write(file, damaged);
    EXPECT_EQ(found(cache, "a"), "nothing") << i;
    folder.write(file, whole.substr(0, i));
    EXPECT_EQ(found(cache, "a"), "nothing") << i;
  }
}

TEST(CompiledCache, DropsTheLeastRecentlyUsedFirst) {
  const test::TemporaryFolder folder;
  const CompiledCache cache(folder.path(), 400);
  cache.keep("a", Bytes(100));
  for (const std::string& file : test::list_files(folder.path())) {
    std::filesystem::last_write_time(folder / file,
                                     std::filesystem::file_time_type::clock::now() - std::chrono::hours(2));
  }
  cache.keep("b", Bytes(100));
  for (const std::string& file : test::list_files(folder.path())) {
    const auto time = std::filesystem::last_write_time(folder / file);
    std::filesystem::last_write_time(folder / file, time - std::chrono::hours(1));
  }
  EXPECT_NE(found(cache, "a"), "nothing");
  cache.keep("c", Bytes(100));
  EXPECT_NE(found(cache, "a"), "nothing");
  EXPECT_EQ(found(cache, "b"), "nothing");
  EXPECT_NE(found(cache, "c"), "nothing");
}

TEST(CompiledCache, DoesNothingWhereItCannot) {
  const test::TemporaryFolder folder;
  const CompiledCache nowhere({});
  nowhere.keep("a", as_bytes("x"));
  EXPECT_EQ(found(nowhere, "a"), "nothing");
  const CompiledCache blocked(folder.write("file", "in the way"));
  blocked.keep("a", as_bytes("x"));
  EXPECT_EQ(found(blocked, "a"), "nothing");
  const CompiledCache small(folder / "small", 10);
  small.keep("a", Bytes(11));
  EXPECT_EQ(found(small, "a"), "nothing");
}

}  // namespace
}  // namespace winnow::inference
