#include "openverse.hpp"

#include <gmock/gmock.h>

#include "provider_fixture.hpp"
#include "winnow/core/json.hpp"

namespace winnow::scraping {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const Openverse kOpenverse(ProviderSettings{});

Json result() {
  return Json::parse(R"({"id":"00000000-0000-4000-8000-000000000001","title":"Lasagna",
    "foreign_landing_url":"https://example.org/p/1","url":"https://img.example.org/1.jpg",
    "creator":"A. Cook","creator_url":"https://example.org/u/cook","license":"by-sa","license_version":"2.0",
    "license_url":"https://creativecommons.org/licenses/by-sa/2.0/","provider":"flickr","source":"flickr",
    "tags":[{"name":"food","accuracy":null}],"height":768,"width":1024})");
}

std::string answer(const std::vector<Json>& results, int pages = 12) {
  return Json{{"result_count", 240}, {"page_count", pages}, {"page_size", 20}, {"results", results}}.dump();
}

Candidate only(const Json& entry) {
  const Result<SearchPage> read = kOpenverse.read(answer_of(answer({entry})), "");
  return read && read->hits.size() == 1 ? read->hits[0].candidate : Candidate{};
}

TEST(Openverse, AsksPageByPage) {
  EXPECT_EQ(kOpenverse.request("big dog", "")->url.text(),
            "https://api.openverse.org/v1/images/?q=big%20dog&page_size=20&page=1"
            "&license=by%2Cby-sa%2Ccc0%2Cpdm");
  EXPECT_THAT(kOpenverse.request("dog", "3")->url.text(), HasSubstr("&page=3&"));
}

TEST(Openverse, AsksForTheLicencesThatAreWanted) {
  const auto asked = [](LicencePolicy policy) {
    return Openverse({.licences = policy}).request("dog", "")->url.text();
  };
  EXPECT_THAT(asked(LicencePolicy::kPublicDomain), HasSubstr("license=cc0%2Cpdm"));
  EXPECT_THAT(asked(LicencePolicy::kNonCommercial), HasSubstr("by-nc-sa"));
  EXPECT_THAT(asked(LicencePolicy::kAny), Not(HasSubstr("license")));
}

TEST(Openverse, ReadsAPicture) {
  const Candidate candidate = only(result());
  EXPECT_EQ(candidate.url, "https://img.example.org/1.jpg");
  EXPECT_EQ(candidate.page_url, "https://example.org/p/1");
  EXPECT_EQ(candidate.title, "Lasagna");
  EXPECT_EQ(candidate.creator, "A. Cook");
  EXPECT_EQ(candidate.creator_url, "https://example.org/u/cook");
  EXPECT_EQ(candidate.licence, "CC BY-SA 2.0");
  EXPECT_EQ(candidate.licence_url, "https://creativecommons.org/licenses/by-sa/2.0/");
  EXPECT_EQ(candidate.source, "openverse");
  EXPECT_EQ(candidate.source_id, "00000000-0000-4000-8000-000000000001");
}

TEST(Openverse, NamesTheLicence) {
  Json entry = result();
  entry["license"] = "cc0";
  EXPECT_EQ(only(entry).licence, "CC0");
  entry["license"] = "pdm";
  EXPECT_EQ(only(entry).licence, "Public Domain Mark");
  entry["license"] = "by-nc";
  entry["license_version"] = nullptr;
  EXPECT_EQ(only(entry).licence, "CC BY-NC");
  entry["license"] = 5;
  EXPECT_EQ(only(entry).licence, "CC 5");
  entry["license"] = nullptr;
  EXPECT_EQ(only(entry).licence, "");
}

TEST(Openverse, EverythingButTheAddressMayBeMissing) {
  Json entry = result();
  for (auto& [name, value] : entry.items()) {
    if (name != "url") value = nullptr;
  }
  EXPECT_EQ(only(entry).url, "https://img.example.org/1.jpg");
  entry["url"] = nullptr;
  EXPECT_EQ(only(entry).url, "");
  const Result<SearchPage> read =
      kOpenverse.read(answer_of(answer({5, nullptr, "x", Json::array(), Json::object()})), "");
  ASSERT_TRUE(read);
  EXPECT_THAT(read->hits, IsEmpty());
}

TEST(Openverse, StopsAtItsEnd) {
  EXPECT_EQ(kOpenverse.read(answer_of(answer({result()})), "")->next, "2");
  EXPECT_EQ(kOpenverse.read(answer_of(answer({result()})), "11")->next, "12");
  EXPECT_EQ(kOpenverse.read(answer_of(answer({result()})), "12")->next, "");
  EXPECT_EQ(kOpenverse.read(answer_of(answer({result()}, 1)), "")->next, "");
  EXPECT_EQ(kOpenverse.read(answer_of(answer({result()}, 1'000'000)), "12")->next, "");
  EXPECT_EQ(kOpenverse.read(answer_of(answer({})), "2")->next, "");
  EXPECT_EQ(kOpenverse.read(answer_of(R"({"results":[{}]})"), "")->next, "");
}

TEST(Openverse, RefusesWhatIsNoAnswer) {
  for (const auto& [body, code] : answers_that_are_none()) {
    EXPECT_EQ(code_of(kOpenverse, body), code) << body.substr(0, 40);
  }
  EXPECT_EQ(code_of(kOpenverse, R"({"results":{}})"), "bad_answer");
  EXPECT_EQ(code_of(kOpenverse, R"({"detail":"Request was throttled."})"), "api_error");
}

}  // namespace
}  // namespace winnow::scraping
