#include "search_board.hpp"

#include <gmock/gmock.h>

#include "search_fixture.hpp"

namespace winnow::scraping {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class SearchBoardTest : public testing::Test {
 protected:
  static SearchProvider provider(const std::string& name, RequestLimit limit = {},
                                 const std::string& key = "") {
    return {std::make_shared<PlainProvider>(name, "http://api/" + name, limit, key), ""};
  }
  // A page of `count` hits called name0, name1 ...
  static SearchPage page(const std::string& name, int count, const std::string& next = "") {
    SearchPage made;
    for (int i = 0; i < count; ++i) made.hits.push_back({{.url = fmt::format("{}{}", name, i)}});
    made.next = next;
    return made;
  }
  // What can be had now: addresses, and codes of failures.
  static std::vector<std::string> drain(SearchBoard& board) {
    std::vector<std::string> all;
    std::string report;
    std::size_t number = 0;
    while (const auto finding = board.take(report, number)) {
      all.push_back(finding->failure ? finding->failure->code : finding->candidate.url);
    }
    return all;
  }

  const SearchBoard::Time now_{1'000'000s};
};

TEST_F(SearchBoardTest, ProvidersTakeTurns) {
  SearchBoard board({provider("a"), provider("b")}, {{"dog", "dog"}}, {.count = 100});
  EXPECT_EQ(board.start(now_), 0u);
  EXPECT_EQ(board.start(now_), 1u);
  EXPECT_EQ(board.start(now_), std::nullopt);
  board.found(0, page("a", 3), now_);
  board.found(1, page("b", 2), now_);
  EXPECT_THAT(drain(board), ElementsAre("a0", "b0", "a1", "b1", "a2"));
  EXPECT_TRUE(board.done());
}

TEST_F(SearchBoardTest, LabelsAndQueriesTakeTurns) {
  SearchBoard board({provider("a")}, {{"cat", "cat"}, {"dog", "dog"}, {"dog", "hound"}}, {.count = 100});
  for (std::size_t i = 0; i < 3; ++i) {
    ASSERT_EQ(board.start(now_), i);
    EXPECT_EQ(board.start(now_), std::nullopt);  // one thing at a time
    board.found(i, page(board.stream(i).words, 2), now_);
  }
  EXPECT_THAT(drain(board), ElementsAre("cat0", "dog0", "cat1", "hound0", "dog1", "hound1"));
}

TEST_F(SearchBoardTest, AsksForNoMoreThanIsNeeded) {
  SearchBoard board({provider("a")}, {{"dog", "dog"}}, {.count = 4});
  ASSERT_EQ(board.start(now_), 0u);
  board.found(0, page("a", 9, "2"), now_);
  EXPECT_EQ(drain(board).size(), 9u);  // four, and five to spare
  EXPECT_EQ(board.start(now_), std::nullopt);
  EXPECT_FALSE(board.done());
  for (int i = 0; i < 2; ++i) board.settled("dog", Verdict::kKept);
  EXPECT_EQ(board.start(now_), std::nullopt);
  board.settled("dog", Verdict::kNotKept);
  EXPECT_EQ(board.start(now_), 0u);
  board.found(0, page("b", 50, "3"), now_);
  EXPECT_EQ(drain(board).size(), 1u);
  for (int i = 0; i < 2; ++i) board.settled("dog", Verdict::kKept);
  EXPECT_THAT(drain(board), IsEmpty());
  EXPECT_TRUE(board.done());
}

TEST_F(SearchBoardTest, EnoughIsEnough) {
  for (const bool by_verdict : {false, true}) {
    SearchBoard board({provider("a")}, {{"dog", "dog"}}, {});
    ASSERT_EQ(board.start(now_), 0u);
    board.found(0, page("a", 3, "2"), now_);
    if (by_verdict) {
      board.settled("dog", Verdict::kNotNeeded);
    } else {
      board.enough("dog");
    }
    EXPECT_THAT(drain(board), IsEmpty());
    EXPECT_EQ(board.start(now_), std::nullopt);
    EXPECT_TRUE(board.done());
  }
}

TEST_F(SearchBoardTest, VerdictsOnStrangersAreNothing) {
  SearchBoard board({provider("a")}, {{"dog", "dog"}}, {.count = 1});
  board.settled("cat", Verdict::kKept);
  board.enough("cat");
  board.settled("dog", Verdict::kNotKept);  // one too many
  EXPECT_EQ(board.start(now_), 0u);
}

TEST_F(SearchBoardTest, AFailureEndsOneQuery) {
  SearchBoard board({provider("a")}, {{"dog", "dog"}, {"dog", "hound"}}, {.count = 10});
  ASSERT_EQ(board.start(now_), 0u);
  board.asked(0, "http://api/a?q=dog");
  board.found(0, Failure{"http_500", "answers 500"}, now_);
  std::string report;
  std::size_t number = 0;
  const Finding finding = *board.take(report, number);
  EXPECT_EQ(finding.failure->code, "http_500");
  EXPECT_EQ(finding.candidate.url, "http://api/a?q=dog");
  EXPECT_EQ(finding.candidate.label, "dog");
  EXPECT_EQ(finding.candidate.source, "a");
  EXPECT_EQ(board.start(now_), 1u);
}

TEST_F(SearchBoardTest, ARefusalEndsTheProvider) {
  for (const char* code :
       {"blocked", "refused", "rate_limited", "timeout", "http_401", "http_403", "http_429"}) {
    SearchBoard board({provider("a"), provider("b")}, {{"dog", "dog"}, {"dog", "hound"}}, {.count = 10});
    ASSERT_EQ(board.start(now_), 0u);
    ASSERT_EQ(board.start(now_), 1u);
    board.found(0, Failure{code, "no"}, now_);
    board.found(1, page("b", 1), now_);
    EXPECT_EQ(board.start(now_), 3u) << code;  // only b goes on
    board.found(3, page("c", 1), now_);
    EXPECT_THAT(drain(board), ElementsAre(code, "b0", "c0"));
    EXPECT_TRUE(board.done());
  }
}

TEST_F(SearchBoardTest, KeysDoNotShowInFailures) {
  SearchBoard board({provider("a", {}, "SECRET")}, {{"dog", "dog"}}, {.count = 1});
  ASSERT_EQ(board.start(now_), 0u);
  board.asked(0, "http://api/?key=SECRET");
  board.found(0, Failure{"refused", "bad key SECRET"}, now_);
  std::string report;
  std::size_t number = 0;
  const Finding finding = *board.take(report, number);
  EXPECT_EQ(finding.failure->message, "bad key [key]");
  EXPECT_EQ(finding.candidate.url, "http://api/?key=[key]");
}

TEST_F(SearchBoardTest, PagesWithoutEndComeToOne) {
  const SearchOptions options{.max_pages = 4, .max_barren = 2};
  {
    SearchBoard circle({provider("a")}, {{"dog", "dog"}}, options);
    ASSERT_TRUE(circle.start(now_));
    circle.found(0, page("a", 1, "2"), now_);
    drain(circle);
    ASSERT_TRUE(circle.start(now_));
    circle.found(0, page("a", 1, "2"), now_);
    drain(circle);
    EXPECT_TRUE(circle.done());
  }
  SearchBoard endless({provider("a")}, {{"dog", "dog"}}, options);
  int pages = 0;
  while (endless.start(now_)) {
    endless.found(0, page("a", 1, std::to_string(++pages)), now_);
    drain(endless);
  }
  EXPECT_EQ(pages, 4);
  SearchBoard barren({provider("a")}, {{"dog", "dog"}}, options);
  pages = 0;
  while (barren.start(now_)) barren.found(0, page("a", 0, std::to_string(++pages)), now_);
  EXPECT_EQ(pages, 2);
  EXPECT_TRUE(barren.done());
}

TEST_F(SearchBoardTest, WaitsWhenAsked) {
  SearchBoard board({provider("a")}, {{"dog", "dog"}}, {.count = 1, .max_ask_again = 2});
  ASSERT_TRUE(board.start(now_));
  SearchPage busy;
  busy.ask_again = 5s;
  board.found(0, busy, now_);
  EXPECT_EQ(board.start(now_ + 4s), std::nullopt);
  EXPECT_EQ(board.next_time(), now_ + 5s);
  ASSERT_TRUE(board.start(now_ + 5s));
  board.found(0, busy, now_ + 5s);
  ASSERT_TRUE(board.start(now_ + 10s));
  board.found(0, busy, now_ + 10s);
  EXPECT_THAT(drain(board), ElementsAre("rate_limited"));
  EXPECT_TRUE(board.done());
}

TEST_F(SearchBoardTest, HoldsToTheLimitOfAProvider) {
  SearchBoard board({provider("a", {1, 60s})}, {{"dog", "dog"}, {"cat", "cat"}}, {.count = 1});
  ASSERT_TRUE(board.start(now_));
  board.found(0, page("a", 0), now_);
  EXPECT_EQ(board.start(now_ + 59s), std::nullopt);
  EXPECT_EQ(board.next_time(), now_ + 60s);
  EXPECT_TRUE(board.start(now_ + 60s));
}

TEST_F(SearchBoardTest, DoesNotWaitForLong) {
  SearchBoard board({provider("a", {1, 3600s})}, {{"dog", "dog"}, {"cat", "cat"}},
                    {.count = 1, .max_wait = 300s});
  ASSERT_TRUE(board.start(now_));
  board.found(0, page("a", 0), now_);
  EXPECT_EQ(board.start(now_), std::nullopt);
  EXPECT_THAT(drain(board), ElementsAre("rate_limited"));
  EXPECT_TRUE(board.done());
}

TEST_F(SearchBoardTest, GivesUpWhatDoesNotAnswer) {
  SearchBoard board({provider("a")}, {{"dog", "dog"}}, {.count = 1, .max_wait = 10s});
  ASSERT_TRUE(board.start(now_));
  board.give_up_overdue(now_ + 9s);
  EXPECT_FALSE(board.done());
  EXPECT_EQ(board.next_time(), now_ + 10s);
  board.give_up_overdue(now_ + 10s);
  EXPECT_THAT(drain(board), ElementsAre("timeout"));
  board.found(0, page("late", 3, "2"), now_ + 11s);
  EXPECT_THAT(drain(board), IsEmpty());
  EXPECT_TRUE(board.done());
}

TEST_F(SearchBoardTest, WithoutQueriesThereIsNothing) {
  SearchBoard board({provider("a")}, {}, {});
  EXPECT_EQ(board.start(now_), std::nullopt);
  EXPECT_TRUE(board.done());
  EXPECT_EQ(board.next_time(), std::nullopt);
}

}  // namespace
}  // namespace winnow::scraping
