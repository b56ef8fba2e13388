#include "object_key.hpp"

#include <gmock/gmock.h>

#include "winnow/core/error.hpp"

namespace winnow::storage {
namespace {

TEST(ObjectKey, TakesWhatEveryStoreCanHold) {
  for (const std::string& key :
       {std::string("a"), std::string("results/12/answers.jsonl"),
        std::string("b c/d+e=f&g/\xc3\xa4\xe2\x82\xac.txt"), std::string(200, 'x')}) {
    EXPECT_NO_THROW(require_hot_key(key)) << key;
  }
}

TEST(ObjectKey, RefusesWhatCouldLeaveItsPlaceOrIsNotText) {
  using namespace std::string_literals;
  for (const std::string& key :
       {""s, "/a"s, "a/"s, "a//b"s, "../a"s, "a/../b"s, "a/./b"s, ".tmp/a"s, "a/.b"s, "a\nb"s, "a\0b"s,
        "a\x7f"s, "a\\b"s, "\xff\xfe"s, std::string(201, 'x'), std::string(901, 'x')}) {
    EXPECT_THROW(require_key(key), Error) << testing::PrintToString(key);
  }
}

TEST(ObjectKey, KeepsTheKeysOfColdCopiesToItself) {
  EXPECT_EQ(cold_key_of("a/b"), "cold/a/b");
  EXPECT_TRUE(is_cold_key("cold/a/b"));
  EXPECT_FALSE(is_cold_key("colder/a"));
  EXPECT_NO_THROW(require_key("cold/a/b"));
  EXPECT_THROW(require_hot_key("cold/a/b"), Error);
}

}  // namespace
}  // namespace winnow::storage
