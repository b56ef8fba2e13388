#include "winnow/scraping/candidate_list.hpp"

#include <gmock/gmock.h>

#include "listed_source.hpp"
#include "support/recording_context.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/scraping/url_list.hpp"

namespace winnow::scraping {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class CandidateListTest : public testing::Test {
 protected:
  static Finding found(const std::string& url, const std::string& label = "dog") {
    return {{.url = url, .label = label}, {}};
  }
  FindSummary find(std::deque<Finding> findings, std::uint64_t count = 0) {
    ListedSource source(std::move(findings), heard_);
    return find_candidates(
        source, count, [this](const std::string& line) { lines_ += line + "\n"; }, context_);
  }

  test::RecordingContext context_;
  ListedSource::Heard heard_;
  std::string lines_;
};

TEST_F(CandidateListTest, ComesBackAsItWent) {
  const Candidate full{.url = "http://a/1.jpg",
                       .label = "big dog",
                       .page_url = "http://a/1",
                       .title = "T \"x\"",
                       .creator = "C",
                       .licence = "CC BY 4.0",
                       .source = "commons",
                       .licence_url = "http://l",
                       .creator_url = "http://c",
                       .source_id = "7",
                       .query = "q",
                       .permission = "p"};
  find({{full, {}}, found("http://a/2.jpg")});
  const test::TemporaryFolder folder;
  UrlList list(folder.write("found.jsonl", lines_), "");
  const Candidate read = list.next({})->candidate;
  EXPECT_EQ(to_json(read), to_json(full));
  EXPECT_EQ(list.next({})->candidate.url, "http://a/2.jpg");
  EXPECT_FALSE(list.next({}));
}

TEST_F(CandidateListTest, EachAddressOnceForALabel) {
  const FindSummary summary =
      find({found("http://a/1.jpg"), found("http://A/1.jpg#x"), found("http://a/1.jpg", "cat")});
  EXPECT_THAT(summary.found, ElementsAre(Pair("cat", 1), Pair("dog", 1)));
  EXPECT_THAT(heard_.verdicts,
              ElementsAre(Pair("http://a/1.jpg", Verdict::kKept), Pair("http://A/1.jpg#x", Verdict::kNotKept),
                          Pair("http://a/1.jpg", Verdict::kKept)));
}

TEST_F(CandidateListTest, StopsAtTheCount) {
  std::deque<Finding> many;
  for (int i = 0; i < 9; ++i) many.push_back(found("http://a/" + std::to_string(i)));
  EXPECT_THAT(find(many, 4).found, ElementsAre(Pair("dog", 4)));
  EXPECT_EQ(heard_.enough.front(), "dog");
  EXPECT_EQ(heard_.verdicts.back().second, Verdict::kNotNeeded);
}

TEST_F(CandidateListTest, FailuresAreLogged) {
  const FindSummary summary = find({{{.url = "http://api/?q=dog"}, Failure{"http_503", "answers 503"}}});
  EXPECT_EQ(summary.failed, 1u);
  EXPECT_EQ(lines_, "");
  EXPECT_THAT(context_.messages(), HasSubstr("http://api/?q=dog: answers 503; skipped"));
}

TEST_F(CandidateListTest, StopsWhenAsked) {
  context_.request_stop();
  EXPECT_TRUE(find({found("http://a/1.jpg")}).found.empty());
}

TEST_F(CandidateListTest, OddTextDoesNotBreakLines) {
  find({{{.url = "http://a/\n\xff", .label = "dog", .title = "a\nb"}, {}}});
  EXPECT_EQ(std::count(lines_.begin(), lines_.end(), '\n'), 1);
  EXPECT_TRUE(Json::parse(lines_).is_object());
}

}  // namespace
}  // namespace winnow::scraping
