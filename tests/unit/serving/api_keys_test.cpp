#include "winnow/serving/api_keys.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temporary_folder.hpp"
#include "winnow/core/error.hpp"

namespace winnow::serving {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class ApiKeys : public testing::Test {
 protected:
  test::TemporaryFolder folder_;
  const std::filesystem::path file_ = folder_ / "keys.json";
  Logger log_{"test"};
};

TEST_F(ApiKeys, AreFoundByWhatTheyAreAndStoredAsHashes) {
  const std::string shop = add_api_key(file_, "shop", {"classify"}, 5);
  const std::string monitor = add_api_key(file_, "monitor", {"metrics"}, 0);
  EXPECT_EQ(shop.size(), 7 + 43U);
  EXPECT_NE(shop, monitor);
  EXPECT_THAT(test::read_text(file_), Not(HasSubstr(shop)));
  const KeyRing ring(file_, log_);
  const std::optional<ApiKey> found = ring.find(shop);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->name, "shop");
  EXPECT_EQ(found->quota_per_day, 5U);
  EXPECT_TRUE(found->has_scope("classify"));
  EXPECT_FALSE(found->has_scope("metrics"));
  EXPECT_EQ(ring.find(monitor)->name, "monitor");
  for (const std::string& wrong : {std::string(), shop + "x", shop.substr(1), found->sha256}) {
    EXPECT_FALSE(ring.find(wrong)) << wrong;
  }
}

TEST_F(ApiKeys, AreGoneOnceRevokedAndNewOnesCount) {
  const std::string first = add_api_key(file_, "first", {"classify"}, 0);
  KeyRing ring(file_, log_);
  const std::string second = add_api_key(file_, "second", {"classify"}, 0);
  revoke_api_key(file_, "first");
  EXPECT_TRUE(ring.find(first)) << "nobody has looked yet";
  ring.refresh();
  EXPECT_FALSE(ring.find(first));
  EXPECT_TRUE(ring.find(second));
  folder_.write("keys.json", "{");
  ring.refresh();
  EXPECT_TRUE(ring.find(second)) << "a damaged file changes nothing";
}

TEST_F(ApiKeys, HaveQuotasFromMidnightToMidnight) {
  const std::string key = add_api_key(file_, "shop", {"classify"}, 2);
  KeyRing ring(file_, log_);
  const ApiKey found = *ring.find(key);
  const std::chrono::system_clock::time_point evening =
      std::chrono::sys_days(std::chrono::days(20'000)) + 23h;
  EXPECT_FALSE(ring.charge(found, evening));
  EXPECT_FALSE(ring.charge(found, evening));
  EXPECT_EQ(ring.charge(found, evening), std::optional(3600s));
  EXPECT_EQ(ring.charge(found, evening + 59min), std::optional(60s));
  EXPECT_FALSE(ring.charge(found, evening + 1h));
}

TEST_F(ApiKeys, RefuseBadFilesAndNames) {
  EXPECT_THROW(KeyRing(file_, log_), Error) << "there is no file";
  (void)add_api_key(file_, "shop", {"classify"}, 0);
  EXPECT_THROW((void)add_api_key(file_, "shop", {"classify"}, 0), Error);
  EXPECT_THROW((void)add_api_key(file_, "", {"classify"}, 0), Error);
  EXPECT_THROW((void)add_api_key(file_, "other", {"everything"}, 0), Error);
  EXPECT_THROW(revoke_api_key(file_, "nobody"), Error);
  EXPECT_EQ(read_api_keys(file_).size(), 1U) << "nothing of that has changed anything";
  for (
      const char* content :
      {"", "[]", "{}", R"({"keys": 1})", R"({"keys": [{"name": "a"}]})",
       R"({"keys": [{"name": "a", "sha256": "12", "scopes": []}]})",
       R"({"keys": [{"name": "a", "sha256": 5, "scopes": []}]})",
       R"({"keys": [{"name": "a", "sha256": "0000000000000000000000000000000000000000000000000000000000000000", "scopes": ["root"]}]})"}) {
    folder_.write("keys.json", content);
    EXPECT_THROW((void)read_api_keys(file_), Error) << content;
  }
}

}  // namespace
}  // namespace winnow::serving
