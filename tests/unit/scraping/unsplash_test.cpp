#include "unsplash.hpp"

#include <gmock/gmock.h>

#include "provider_fixture.hpp"
#include "winnow/core/json.hpp"

namespace winnow::scraping {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const Unsplash kUnsplash({.key = "K"});

Json photo() {
  return Json::parse(R"({"id":"abc","description":"d","urls":{"raw":"https://images.example.org/raw",
    "full":"https://images.example.org/full","regular":"https://images.example.org/regular?w=1080"},
    "links":{"html":"https://unsplash.example.org/photos/abc",
             "download_location":"https://api.unsplash.com/photos/abc/download?ixid=1"},
    "user":{"id":"u","name":"Una","links":{"html":"https://unsplash.example.org/@una"}}})");
}

std::string answer(const std::vector<Json>& results, const Json& pages = 9) {
  return Json{{"total", 300}, {"total_pages", pages}, {"results", results}}.dump();
}

TEST(Unsplash, SendsItsKeyInAHeader) {
  const Result<ApiRequest> request = kUnsplash.request("dog", "");
  EXPECT_THAT(request->url.text(),
              HasSubstr("https://api.unsplash.com/search/photos?query=dog&per_page=30&"));
  EXPECT_THAT(*request->headers, ElementsAre("Authorization: Client-ID K", "Accept-Version: v1"));
}

TEST(Unsplash, ReadsAPicture) {
  const Result<SearchPage> read = kUnsplash.read(answer_of(answer({photo()})), "");
  ASSERT_TRUE(read);
  const Candidate& candidate = read->hits.at(0).candidate;
  EXPECT_EQ(candidate.url, "https://images.example.org/regular?w=1080");
  EXPECT_EQ(candidate.page_url, "https://unsplash.example.org/photos/abc");
  EXPECT_EQ(candidate.title, "d");
  EXPECT_EQ(candidate.creator, "Una");
  EXPECT_EQ(candidate.creator_url, "https://unsplash.example.org/@una");
  EXPECT_EQ(candidate.licence, "provider-terms:unsplash");
  EXPECT_EQ(read->hits[0].report_address, "https://api.unsplash.com/photos/abc/download?ixid=1");
}

TEST(Unsplash, ReportsOnlyToUnsplash) {
  const Result<ApiRequest> report = kUnsplash.report("https://api.unsplash.com/photos/abc/download?ixid=1");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->url.text(), "https://api.unsplash.com/photos/abc/download?ixid=1");
  EXPECT_THAT(report->headers->front(), "Authorization: Client-ID K");
  for (const char* foreign : {"https://evil.example.org/", "http://api.unsplash.com/photos/abc/download",
                              "file:///etc/passwd", "", "https://api.unsplash.com.evil.org/x",
                              "https://api.unsplash.com:444/x", "https://x@evil.org/api.unsplash.com"}) {
    EXPECT_FALSE(kUnsplash.report(foreign)) << foreign;
  }
}

TEST(Unsplash, MembersMayBeMissingOrOfAnotherType) {
  Json entry = photo();
  entry["urls"].erase("regular");
  entry["links"] = 5;
  entry["user"] = {{"name", 7}, {"links", nullptr}};
  Json bare = photo();
  bare["urls"] = nullptr;
  const Result<SearchPage> read = kUnsplash.read(answer_of(answer({entry, bare, 5, nullptr, "x"})), "");
  ASSERT_EQ(read->hits.size(), 1u);
  EXPECT_EQ(read->hits[0].candidate.url, "https://images.example.org/full");
  EXPECT_EQ(read->hits[0].report_address, "");
}

TEST(Unsplash, StopsAtItsEnd) {
  EXPECT_EQ(kUnsplash.read(answer_of(answer({photo()})), "")->next, "2");
  EXPECT_EQ(kUnsplash.read(answer_of(answer({photo()})), "9")->next, "");
  EXPECT_EQ(kUnsplash.read(answer_of(answer({photo()}, nullptr)), "")->next, "");
  EXPECT_EQ(kUnsplash.read(answer_of(answer({})), "")->next, "");
}

TEST(Unsplash, RefusesWhatIsNoAnswer) {
  for (const auto& [body, code] : answers_that_are_none()) {
    EXPECT_EQ(code_of(kUnsplash, body), code) << body.substr(0, 40);
  }
  EXPECT_EQ(code_of(kUnsplash, "Rate Limit Exceeded"), "bad_answer");
  EXPECT_EQ(code_of(kUnsplash, R"({"errors":["OAuth error"]})"), "api_error");
  EXPECT_EQ(code_of(kUnsplash, R"({"errors":[5]})"), "bad_answer");
}

}  // namespace
}  // namespace winnow::scraping
