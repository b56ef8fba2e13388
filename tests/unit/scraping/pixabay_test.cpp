#include "pixabay.hpp"

#include <gmock/gmock.h>

#include "provider_fixture.hpp"
#include "winnow/core/json.hpp"

namespace winnow::scraping {
namespace {

using testing::IsEmpty;

const Pixabay kPixabay({.key = "K"});

Json hit() {
  return Json::parse(R"({"id":195893,"pageURL":"https://pixabay.example.org/195893/","tags":"a, b",
    "webformatURL":"https://px.example.org/640.jpg","largeImageURL":"https://px.example.org/1280.jpg",
    "user_id":48777,"user":"Josch 13"})");
}

std::string answer(const std::vector<Json>& hits, const Json& total = 500) {
  return Json{{"total", 4692}, {"totalHits", total}, {"hits", hits}}.dump();
}

TEST(Pixabay, AsksPageByPage) {
  const Result<ApiRequest> request = kPixabay.request("dog", "");
  EXPECT_EQ(request->url.text(),
            "https://pixabay.com/api/?key=K&q=dog&image_type=photo&safesearch=true&per_page=200&page=1");
  EXPECT_EQ(request->shown,
            "https://pixabay.com/api/?q=dog&image_type=photo&safesearch=true&per_page=200&page=1");
  EXPECT_EQ(kPixabay.request(std::string(101, 'x'), "").failure().code, "bad_url");
}

TEST(Pixabay, ReadsAPicture) {
  const Result<SearchPage> read = kPixabay.read(answer_of(answer({hit()})), "");
  ASSERT_TRUE(read);
  const Candidate& candidate = read->hits.at(0).candidate;
  EXPECT_EQ(candidate.url, "https://px.example.org/1280.jpg");
  EXPECT_EQ(candidate.page_url, "https://pixabay.example.org/195893/");
  EXPECT_EQ(candidate.creator, "Josch 13");
  EXPECT_EQ(candidate.creator_url, "https://pixabay.com/users/Josch%2013-48777/");
  EXPECT_EQ(candidate.licence, "provider-terms:pixabay");
  EXPECT_EQ(candidate.source_id, "195893");
}

TEST(Pixabay, MembersMayBeMissingOrOfAnotherType) {
  Json entry = hit();
  entry["largeImageURL"] = 5;
  entry["user_id"] = nullptr;
  const Result<SearchPage> read =
      kPixabay.read(answer_of(answer({entry, 5, nullptr, Json::array(), Json::object()})), "");
  ASSERT_EQ(read->hits.size(), 1u);
  EXPECT_EQ(read->hits[0].candidate.url, "https://px.example.org/640.jpg");
  EXPECT_EQ(read->hits[0].candidate.creator_url, "");
}

TEST(Pixabay, StopsAtItsEnd) {
  EXPECT_EQ(kPixabay.read(answer_of(answer({hit()})), "")->next, "2");
  EXPECT_EQ(kPixabay.read(answer_of(answer({hit()})), "3")->next, "");
  EXPECT_EQ(kPixabay.read(answer_of(answer({hit()}, 200)), "")->next, "");
  EXPECT_EQ(kPixabay.read(answer_of(answer({hit()}, "x")), "2")->next, "3");
  EXPECT_EQ(kPixabay.read(answer_of(answer({})), "")->next, "");
  EXPECT_EQ(kPixabay.read(answer_of(answer({hit()}, 9'000'000'000'000'000'000)), "9000000000000000000")->next,
            "");
  EXPECT_TRUE(kPixabay.ends_with(400, "4"));
  EXPECT_FALSE(kPixabay.ends_with(400, ""));  // then it is the key
  EXPECT_FALSE(kPixabay.ends_with(500, "4"));
}

TEST(Pixabay, RefusesWhatIsNoAnswer) {
  for (const auto& [body, code] : answers_that_are_none()) {
    EXPECT_EQ(code_of(kPixabay, body), code) << body.substr(0, 40);
  }
  EXPECT_EQ(code_of(kPixabay, R"({"hits":{}})"), "bad_answer");
}

}  // namespace
}  // namespace winnow::scraping
