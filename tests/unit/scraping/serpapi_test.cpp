#include "serpapi.hpp"

#include <gmock/gmock.h>

#include "provider_fixture.hpp"
#include "winnow/core/json.hpp"

namespace winnow::scraping {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const SerpApi kSerpApi({.key = "K"});

const Json kResult = {{"position", 1},
                      {"title", "Lasagna"},
                      {"link", "https://example.org/p"},
                      {"original", "https://example.org/1.jpg"},
                      {"license_details_url", "https://example.org/licence"}};

std::string answer(const std::vector<Json>& results) {
  return Json{{"search_metadata", {{"status", "Success"}}}, {"images_results", results}}.dump();
}

TEST(SerpApi, CountsPagesFromZero) {
  EXPECT_THAT(kSerpApi.request("dog", "")->shown, HasSubstr("&ijn=0&"));
  EXPECT_THAT(kSerpApi.request("dog", "3")->shown, HasSubstr("&ijn=2&"));
  EXPECT_THAT(kSerpApi.request("dog", "")->url.text(), HasSubstr("&api_key=K"));
  EXPECT_THAT(kSerpApi.request("dog", "")->shown, Not(HasSubstr("api_key")));
  EXPECT_THAT(kSerpApi.request("dog", "")->shown, HasSubstr("&tbs=sur%3Acl"));
  EXPECT_THAT(SerpApi({.licences = LicencePolicy::kAny}).request("dog", "")->shown, Not(HasSubstr("tbs")));
}

TEST(SerpApi, ReadsAPicture) {
  const Result<SearchPage> read = kSerpApi.read(answer_of(answer({kResult})), "");
  ASSERT_TRUE(read);
  const Candidate& candidate = read->hits.at(0).candidate;
  EXPECT_EQ(candidate.url, "https://example.org/1.jpg");
  EXPECT_EQ(candidate.page_url, "https://example.org/p");
  EXPECT_EQ(candidate.title, "Lasagna");
  EXPECT_EQ(candidate.licence, "");
  EXPECT_EQ(candidate.licence_url, "https://example.org/licence");
}

TEST(SerpApi, PassesOverWhatIsOfNoUse) {
  const Result<SearchPage> read = kSerpApi.read(
      answer_of(answer({5, nullptr, "x", Json::array(), Json::object(), {{"original", 5}}})), "");
  ASSERT_TRUE(read);
  EXPECT_THAT(read->hits, IsEmpty());
}

TEST(SerpApi, StopsAtItsEnd) {
  EXPECT_EQ(kSerpApi.read(answer_of(answer({kResult})), "")->next, "2");
  EXPECT_EQ(kSerpApi.read(answer_of(answer({kResult})), "20")->next, "");
  EXPECT_EQ(kSerpApi.read(answer_of(answer({})), "")->next, "");
  const Result<SearchPage> end =
      kSerpApi.read(answer_of(R"({"error":"Google hasn't returned any results for this query."})"), "4");
  ASSERT_TRUE(end);
  EXPECT_THAT(end->hits, IsEmpty());
  EXPECT_EQ(end->next, "");
}

TEST(SerpApi, TellsRefusalsFromTrouble) {
  EXPECT_EQ(code_of(kSerpApi, R"({"error":"Invalid API key. Your API key should be here"})"), "refused");
  EXPECT_EQ(code_of(kSerpApi, R"({"error":"Your account has run out of searches."})"), "refused");
  EXPECT_EQ(code_of(kSerpApi, R"({"error":"We couldn't get valid results"})"), "api_error");
}

TEST(SerpApi, RefusesWhatIsNoAnswer) {
  for (const auto& [body, code] : answers_that_are_none()) {
    EXPECT_EQ(code_of(kSerpApi, body), code) << body.substr(0, 40);
  }
  EXPECT_EQ(code_of(kSerpApi, R"({"images_results":{}})"), "bad_answer");
}

}  // namespace
}  // namespace winnow::scraping
