#include "pexels.hpp"

#include <gmock/gmock.h>

#include "provider_fixture.hpp"
#include "winnow/core/json.hpp"

namespace winnow::scraping {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const Pexels kPexels({.key = "K"});

Json photo() {
  return Json::parse(R"({"id":1,"url":"https://www.example.org/photo/x-1/","photographer":"P",
    "photographer_url":"https://www.example.org/@p","alt":"a dish",
    "src":{"original":"https://images.example.org/o.jpeg","large":"https://images.example.org/l.jpeg"}})");
}

std::string answer(const std::vector<Json>& photos, const Json& next = "https://evil.example.org/?page=9") {
  return Json{{"total_results", 321}, {"photos", photos}, {"next_page", next}}.dump();
}

TEST(Pexels, SendsItsKeyInAHeader) {
  const Result<ApiRequest> request = kPexels.request("big dog", "2");
  EXPECT_EQ(request->url.text(), "https://api.pexels.com/v1/search?query=big%20dog&per_page=80&page=2");
  EXPECT_THAT(*request->headers, ElementsAre("Authorization: K"));
}

TEST(Pexels, ReadsAPicture) {
  const Result<SearchPage> read = kPexels.read(answer_of(answer({photo()})), "");
  ASSERT_TRUE(read);
  const Candidate& candidate = read->hits.at(0).candidate;
  EXPECT_EQ(candidate.url, "https://images.example.org/l.jpeg");
  EXPECT_EQ(candidate.page_url, "https://www.example.org/photo/x-1/");
  EXPECT_EQ(candidate.title, "a dish");
  EXPECT_EQ(candidate.creator, "P");
  EXPECT_EQ(candidate.creator_url, "https://www.example.org/@p");
  EXPECT_EQ(candidate.licence, "provider-terms:pexels");
}

TEST(Pexels, MembersMayBeMissingOrOfAnotherType) {
  Json entry = photo();
  entry["alt"] = nullptr;
  entry["src"]["large"] = 5;
  Json bare = photo();
  bare["src"] = "https://images.example.org/l.jpeg";
  const Result<SearchPage> read =
      kPexels.read(answer_of(answer({entry, bare, 5, nullptr, Json::array()})), "");
  ASSERT_EQ(read->hits.size(), 1u);
  EXPECT_EQ(read->hits[0].candidate.url, "https://images.example.org/o.jpeg");
  EXPECT_EQ(read->hits[0].candidate.title, "");
}

TEST(Pexels, GoesOnAsLongAsThereIsANextPage) {
  EXPECT_EQ(kPexels.read(answer_of(answer({photo()})), "")->next, "2");
  EXPECT_EQ(kPexels.read(answer_of(answer({photo()})), "4")->next, "5");
  EXPECT_EQ(kPexels.read(answer_of(answer({photo()}, nullptr)), "")->next, "");
  EXPECT_EQ(kPexels.read(answer_of(answer({})), "")->next, "");
}

TEST(Pexels, RefusesWhatIsNoAnswer) {
  for (const auto& [body, code] : answers_that_are_none()) {
    EXPECT_EQ(code_of(kPexels, body), code) << body.substr(0, 40);
  }
  EXPECT_EQ(code_of(kPexels, R"({"photos":{}})"), "bad_answer");
  EXPECT_EQ(code_of(kPexels, R"({"error":"no"})"), "api_error");
}

}  // namespace
}  // namespace winnow::scraping
