#include "winnow/scraping/shard_filter.hpp"

#include <gmock/gmock.h>

#include <set>

#include "listed_source.hpp"

namespace winnow::scraping {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

TEST(ShardFilter, ReadsWhichPartOfHowMany) {
  EXPECT_EQ(parse_shard("1/1")->count, 1u);
  EXPECT_EQ(parse_shard("2/8")->number, 2u);
  EXPECT_EQ(parse_shard("8/8")->count, 8u);
  for (const char* bad : {"", "/", "1", "1/", "/2", "0/2", "3/2", "-1/2", "1/0", "1/2/3", "a/b", " 1/2",
                          "1/1000000", "99999999999/99999999999"}) {
    EXPECT_FALSE(parse_shard(bad)) << bad;
  }
}

TEST(ShardFilter, AHostIsInOnePart) {
  EXPECT_EQ(shard_of("http://a.example.org/1.jpg", 16), shard_of("https://A.example.org:8080/x?y", 16));
  EXPECT_EQ(shard_of("http://example.org/", 1), 1u);
  std::set<unsigned> used;
  for (int i = 0; i < 200; ++i) used.insert(shard_of("http://h" + std::to_string(i) + ".org/", 8));
  EXPECT_THAT(used, SizeIs(8));
  EXPECT_LE(*used.rbegin(), 8u);
  EXPECT_GE(shard_of("no address", 3), 1u);
}

TEST(ShardFilter, TheSameOnEveryMachine) {
  EXPECT_EQ(shard_of("http://example.org/", 1000), 842u);
}

TEST(ShardFilter, PartsAreTheWhole) {
  std::deque<Finding> all;
  for (int i = 0; i < 50; ++i) all.push_back({{.url = "http://h" + std::to_string(i) + ".org/1.jpg"}, {}});
  all.push_back({{.url = "http://h0.org/"}, Failure{"http_500", ""}});
  std::multiset<std::string> seen;
  for (unsigned number = 1; number <= 4; ++number) {
    ListedSource::Heard heard;
    ShardFilter filter(std::make_unique<ListedSource>(all, heard), {number, 4});
    EXPECT_EQ(filter.expected(), 0u);
    std::size_t passed = 0;
    while (const auto finding = filter.next({})) {
      if (finding->failure) continue;  // everyone has to know of it
      seen.insert(finding->candidate.url);
      ++passed;
    }
    EXPECT_EQ(heard.verdicts.size(), 50 - passed);
  }
  EXPECT_THAT(seen, SizeIs(50));
  EXPECT_THAT(std::set<std::string>(seen.begin(), seen.end()), SizeIs(50));
}

TEST(ShardFilter, HandsOnWhatItHears) {
  ListedSource::Heard heard;
  ShardFilter filter(std::make_unique<ListedSource>(std::deque<Finding>(3), heard), {1, 1});
  EXPECT_EQ(filter.expected(), 3u);
  filter.enough("dog");
  filter.settled({.url = "x"}, Verdict::kKept);
  EXPECT_THAT(heard.enough, ElementsAre("dog"));
  EXPECT_THAT(heard.verdicts, SizeIs(1));
}

}  // namespace
}  // namespace winnow::scraping
