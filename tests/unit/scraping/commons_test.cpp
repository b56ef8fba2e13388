#include "commons.hpp"

#include <gmock/gmock.h>

#include "provider_fixture.hpp"
#include "winnow/core/json.hpp"

namespace winnow::scraping {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const Commons kCommons(ProviderSettings{});

// A page as the API gives it.
Json page(int number, int index) {
  return Json::parse(
      R"({"pageid":)" + std::to_string(number) + R"(,"ns":6,"title":"File:Lasagna.v2.jpg","index":)" +
      std::to_string(index) + R"(,"imagerepository":"local","imageinfo":[{"user":"Uploader",
    "size":345678,"width":3000,"height":2000,"thumburl":"https://thumb.example.org/960px-)" +
      std::to_string(number) + R"(.jpg","thumbwidth":960,"url":"https://upload.example.org/)" +
      std::to_string(number) + R"(.jpg","descriptionurl":"https://commons.example.org/wiki/File:Lasagna.jpg",
    "mime":"image/jpeg","mediatype":"BITMAP","extmetadata":{
      "LicenseShortName":{"value":"CC BY-SA 4.0","source":"commons-desc-page"},
      "License":{"value":"cc-by-sa-4.0"},"LicenseUrl":{"value":"//creativecommons.org/licenses/by-sa/4.0"},
      "Artist":{"value":"<a href=\"//commons.wikimedia.org/wiki/User:X\">X &amp; Y</a>"}}}]})");
}

std::string answer(const std::vector<Json>& pages, const Json& more = Json::object()) {
  Json json = {{"batchcomplete", true}, {"query", {{"pages", pages}}}};
  json.update(more);
  return json.dump();
}

std::vector<SearchHit> hits(const std::vector<Json>& pages) {
  const Result<SearchPage> read = kCommons.read(answer_of(answer(pages)), "");
  EXPECT_TRUE(read);
  return read ? read->hits : std::vector<SearchHit>();
}

TEST(Commons, AsksForFilesAndLicencesAtOnce) {
  const Result<ApiRequest> request = kCommons.request("big dog", "");
  ASSERT_TRUE(request);
  const std::string& url = request->url.text();
  EXPECT_THAT(url, testing::StartsWith("https://commons.wikimedia.org/w/api.php?action=query&"));
  for (const char* part : {"gsrsearch=filetype%3Abitmap%20big%20dog&", "gsrlimit=50&", "maxlag=5&",
                           "formatversion=2&", "iiurlwidth=960&", "LicenseShortName%7C"}) {
    EXPECT_THAT(url, HasSubstr(part));
  }
  EXPECT_EQ(request->shown, url);
}

TEST(Commons, ReadsAPicture) {
  const std::vector<SearchHit> found = hits({page(7, 1)});
  ASSERT_EQ(found.size(), 1u);
  const Candidate& candidate = found[0].candidate;
  EXPECT_EQ(candidate.url, "https://thumb.example.org/960px-7.jpg");
  EXPECT_EQ(candidate.page_url, "https://commons.example.org/wiki/File:Lasagna.jpg");
  EXPECT_EQ(candidate.title, "Lasagna.v2");
  EXPECT_EQ(candidate.creator, "X & Y");
  EXPECT_EQ(candidate.licence, "CC BY-SA 4.0");
  EXPECT_EQ(candidate.licence_url, "https://creativecommons.org/licenses/by-sa/4.0");
  EXPECT_EQ(candidate.source, "commons");
  EXPECT_EQ(candidate.source_id, "7");
}

TEST(Commons, PutsTheBestFirst) {
  const std::vector<SearchHit> found = hits({page(1, 3), page(2, 1), page(3, 2)});
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].candidate.source_id, "2");
  EXPECT_EQ(found[1].candidate.source_id, "3");
  EXPECT_EQ(found[2].candidate.source_id, "1");
}

TEST(Commons, TheCreditLineWinsOverTheArtist) {
  Json entry = page(1, 1);
  entry["imageinfo"][0]["extmetadata"]["Attribution"] = {{"value", "Credit: <b>Z</b>"}};
  EXPECT_EQ(hits({entry}).at(0).candidate.creator, "Credit: Z");
}

TEST(Commons, TakesTheOriginalWithoutAThumbnail) {
  Json entry = page(1, 1);
  entry["imageinfo"][0].erase("thumburl");
  entry["imageinfo"][0].erase("extmetadata");
  const Candidate candidate = hits({entry}).at(0).candidate;
  EXPECT_EQ(candidate.url, "https://upload.example.org/1.jpg");
  EXPECT_EQ(candidate.creator, "Uploader");
  EXPECT_EQ(candidate.licence, "");
}

TEST(Commons, ContinuesWithEveryMember) {
  const Json more = {{"continue", {{"gsroffset", 50}, {"continue", "gsroffset||"}, {"iicontinue", "a|b"}}}};
  const Result<SearchPage> read = kCommons.read(answer_of(answer({page(1, 1)}, more)), "");
  ASSERT_TRUE(read);
  const std::string url = kCommons.request("dog", read->next)->url.text();
  EXPECT_THAT(url, HasSubstr("&gsroffset=50&continue=gsroffset%7C%7C&iicontinue=a%7Cb"));
  EXPECT_EQ(kCommons.read(answer_of(answer({page(1, 1)})), "")->next, "");
}

TEST(Commons, ContinuationsCannotGrowWithoutEnd) {
  const Json more = {{"continue", {{"iicontinue", std::string(5000, 'x')}}}};
  EXPECT_EQ(kCommons.read(answer_of(answer({page(1, 1)}, more)), "")->next, "");
  for (const Json& odd : {Json(5), Json("x"), Json::array(), Json(nullptr), Json::object()}) {
    EXPECT_EQ(kCommons.read(answer_of(answer({page(1, 1)}, {{"continue", odd}})), "")->next, "");
  }
  EXPECT_EQ(kCommons.request("dog", "nonsense").failure().code, "bad_url");
}

TEST(Commons, PassesOverWhatIsOfNoUse) {
  std::vector<Json> useless(9, page(1, 1));
  useless[0].erase("imageinfo");  // comes with a later part of the batch
  useless[1]["imageinfo"] = Json::array();
  useless[2]["imageinfo"][0]["filemissing"] = true;
  useless[3]["imageinfo"][0]["filehidden"] = true;
  useless[4]["imageinfo"][0]["thumberror"] = "too large";
  useless[5]["imageinfo"][0]["mediatype"] = "DRAWING";
  useless[6]["imageinfo"][0]["extmetadata"]["NonFree"] = {{"value", "true"}};
  useless[7]["imageinfo"][0]["extmetadata"]["DeletionReason"] = {{"value", "copyright"}};
  useless[8]["missing"] = true;
  EXPECT_THAT(hits(useless), IsEmpty());
  EXPECT_THAT(hits({5, "x", nullptr, Json::array(), Json::object(), {{"imageinfo", {5}}}}), IsEmpty());
}

TEST(Commons, WrongTypesAreAsGoodAsNothing) {
  Json entry = page(1, 1);
  entry["index"] = "first";
  entry["title"] = 5;
  entry["imageinfo"][0]["thumburl"] = {{"a", 1}};
  entry["imageinfo"][0]["descriptionurl"] = 7;
  entry["imageinfo"][0]["extmetadata"] = {
      {"LicenseShortName", "CC0"}, {"Artist", {{"value", {1, 2}}}}, {"LicenseUrl", nullptr}};
  const Candidate candidate = hits({entry}).at(0).candidate;
  EXPECT_EQ(candidate.url, "https://upload.example.org/1.jpg");
  EXPECT_EQ(candidate.licence, "");
  EXPECT_EQ(candidate.page_url, "");
}

TEST(Commons, NothingFoundIsNoFailure) {
  const Result<SearchPage> read = kCommons.read(answer_of(R"({"batchcomplete":true})"), "");
  ASSERT_TRUE(read);
  EXPECT_THAT(read->hits, IsEmpty());
  EXPECT_EQ(read->next, "");
}

TEST(Commons, WaitsForServersThatLagBehind) {
  const std::string lag =
      R"({"error":{"code":"maxlag","info":"Waiting for x: 6.1 seconds lagged","lag":6.1}})";
  EXPECT_EQ(kCommons.read(answer_of(lag), "")->ask_again, 5s);
  EXPECT_EQ(kCommons.read(answer_of(lag, {{"retry-after", "0.5"}}), "")->ask_again, 5s);
  EXPECT_EQ(kCommons.read(answer_of(lag, {{"retry-after", "17"}}), "")->ask_again, 17s);
  EXPECT_EQ(kCommons.read(answer_of(lag, {{"retry-after", "nonsense"}}), "")->ask_again, 5s);
  EXPECT_EQ(kCommons.read(answer_of(R"({"error":{"code":"ratelimited"}})"), "")->ask_again, 5s);
}

TEST(Commons, SaysWhatTheServerSays) {
  const Result<SearchPage> read =
      kCommons.read(answer_of(R"({"error":{"code":"badvalue","info":"Unrecognised <b>value</b>\n"}})"), "");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.failure().code, "api_error");
  EXPECT_EQ(read.failure().message, "answers badvalue: Unrecognised value");
  EXPECT_EQ(code_of(kCommons, R"({"error":{}})"), "api_error");
}

TEST(Commons, RefusesWhatIsNoAnswer) {
  for (const auto& [body, code] : answers_that_are_none()) {
    EXPECT_EQ(code_of(kCommons, body), code) << body.substr(0, 40);
  }
  EXPECT_EQ(code_of(kCommons, R"({"query":[]})"), "bad_answer");
  EXPECT_EQ(code_of(kCommons, R"({"query":{"pages":{"1":{}}}})"), "bad_answer");
}

}  // namespace
}  // namespace winnow::scraping
