#include "flickr.hpp"

#include <gmock/gmock.h>

#include "provider_fixture.hpp"
#include "winnow/core/json.hpp"

namespace winnow::scraping {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const Flickr kFlickr({.key = "K"});

Json photo() {
  return Json::parse(R"({"id":"50000000001","owner":"12345678@N00","secret":"abc123","server":"65535",
    "title":"Lasagna","license":"4","ownername":"A. Cook","pathalias":"acook","url_n":"https://live.example.org/n.jpg",
    "url_l":"https://live.example.org/l.jpg","height_l":768,"width_l":"1024","url_o":"https://live.example.org/o.jpg"})");
}

std::string answer(const std::vector<Json>& photos, const Json& pages = 3) {
  return Json{{"photos", {{"page", 1}, {"pages", pages}, {"total", "1234"}, {"photo", photos}}},
              {"stat", "ok"}}
      .dump();
}

Candidate only(const Json& entry) {
  const Result<SearchPage> read = kFlickr.read(answer_of(answer({entry})), "");
  return read && read->hits.size() == 1 ? read->hits[0].candidate : Candidate{};
}

TEST(Flickr, AsksForWhatMayBeUsed) {
  const Result<ApiRequest> request = kFlickr.request("big dog", "2");
  ASSERT_TRUE(request);
  EXPECT_THAT(request->url.text(), HasSubstr("&api_key=K&"));
  EXPECT_THAT(request->shown, Not(HasSubstr("api_key")));
  EXPECT_THAT(request->url.text(), HasSubstr("&text=big%20dog&"));
  EXPECT_THAT(request->url.text(), HasSubstr("&per_page=500&page=2&"));
  EXPECT_THAT(request->url.text(), testing::EndsWith("&license=4%2C5%2C8%2C9%2C10%2C11%2C12"));
  const auto asked = [](LicencePolicy policy) {
    return Flickr({.licences = policy}).request("dog", "")->url.text();
  };
  EXPECT_THAT(asked(LicencePolicy::kPublicDomain), testing::EndsWith("&license=8%2C9%2C10"));
  EXPECT_THAT(asked(LicencePolicy::kNonCommercial),
              testing::EndsWith("&license=1%2C2%2C4%2C5%2C8%2C9%2C10%2C11%2C12%2C14%2C15"));
  EXPECT_THAT(asked(LicencePolicy::kAny), Not(HasSubstr("&license=")));
}

TEST(Flickr, ReadsAPhoto) {
  const Candidate candidate = only(photo());
  EXPECT_EQ(candidate.url, "https://live.example.org/l.jpg");
  EXPECT_EQ(candidate.page_url, "https://www.flickr.com/photos/acook/50000000001");
  EXPECT_EQ(candidate.creator_url, "https://www.flickr.com/photos/acook");
  EXPECT_EQ(candidate.creator, "A. Cook");
  EXPECT_EQ(candidate.title, "Lasagna");
  EXPECT_EQ(candidate.licence, "CC BY 2.0");
  EXPECT_EQ(candidate.licence_url, "https://creativecommons.org/licenses/by/2.0/");
  EXPECT_EQ(candidate.source_id, "50000000001");
}

TEST(Flickr, MembersMayBeMissingOrOfAnotherType) {
  Json entry = photo();
  entry["license"] = 11;
  entry["pathalias"] = nullptr;
  entry.erase("url_l");
  Candidate candidate = only(entry);
  EXPECT_EQ(candidate.licence, "CC BY 4.0");
  EXPECT_EQ(candidate.page_url, "https://www.flickr.com/photos/12345678%40N00/50000000001");
  EXPECT_EQ(candidate.url, "https://live.example.org/o.jpg");
  for (const Json& odd : {Json(-1), Json(17), Json("x"), Json(nullptr), Json::array(), Json(1e30)}) {
    entry["license"] = odd;
    EXPECT_EQ(only(entry).licence, "") << odd;
  }
  entry.erase("owner");
  EXPECT_EQ(only(entry).page_url, "");
  entry.erase("url_o");
  entry["url_n"] = 5;
  EXPECT_EQ(only(entry).url, "");
  EXPECT_THAT(kFlickr.read(answer_of(answer({5, nullptr, "x", Json::array()})), "")->hits, IsEmpty());
}

TEST(Flickr, StopsWherePagesBeginToRepeat) {
  EXPECT_EQ(kFlickr.read(answer_of(answer({photo()})), "")->next, "2");
  EXPECT_EQ(kFlickr.read(answer_of(answer({photo()}, "3")), "3")->next, "");
  EXPECT_EQ(kFlickr.read(answer_of(answer({photo()}, 900)), "7")->next, "8");
  EXPECT_EQ(kFlickr.read(answer_of(answer({photo()}, 900)), "8")->next, "");
  EXPECT_EQ(kFlickr.read(answer_of(answer({}, 900)), "")->next, "");
  EXPECT_EQ(kFlickr.read(answer_of(answer({photo()}, nullptr)), "")->next, "");
}

TEST(Flickr, TellsRefusalsFromTrouble) {
  EXPECT_EQ(code_of(kFlickr, R"({"stat":"fail","code":100,"message":"Invalid API Key"})"), "refused");
  EXPECT_EQ(code_of(kFlickr, R"({"stat":"fail","code":"3","message":"Parameterless"})"), "api_error");
  EXPECT_EQ(code_of(kFlickr, R"({"stat":"fail"})"), "api_error");
  for (
      const char* busy :
      {R"({"stat":"fail","code":105,"message":"Service currently unavailable"})",
       R"({"stat":"fail","code":0,"message":"Sorry, the Flickr API service is not currently available."})"}) {
    const Result<SearchPage> read = kFlickr.read(answer_of(busy), "");
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->ask_again);
  }
}

TEST(Flickr, RefusesWhatIsNoAnswer) {
  for (const auto& [body, code] : answers_that_are_none()) {
    EXPECT_EQ(code_of(kFlickr, body), code) << body.substr(0, 40);
  }
  EXPECT_EQ(code_of(kFlickr, R"({"photos":[]})"), "bad_answer");
  EXPECT_EQ(code_of(kFlickr, R"({"photos":{"photo":{}}})"), "bad_answer");
}

}  // namespace
}  // namespace winnow::scraping
