#include "winnow/scraping/licence_filter.hpp"

#include <gmock/gmock.h>

#include "listed_source.hpp"

namespace winnow::scraping {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

std::deque<Finding> findings() {
  return {{{.url = "free", .licence = "CC BY 4.0"}, {}},
          {{.url = "nc", .licence = "CC BY-NC 4.0"}, {}},
          {{.url = "unknown"}, {}},
          {{.url = "by address", .licence_url = "https://creativecommons.org/publicdomain/zero/1.0/"}, {}},
          {{.url = "permitted", .licence = "provider-terms:pexels", .permission = "asked"}, {}},
          {{.url = "failure"}, Failure{"http_500", "no"}}};
}

std::vector<std::string> pass(LicenceFilter& filter) {
  std::vector<std::string> passed;
  while (const auto finding = filter.next({})) passed.push_back(finding->candidate.url);
  return passed;
}

TEST(LicenceFilter, LetsThroughWhatIsAllowed) {
  ListedSource::Heard heard;
  LicenceFilter filter(std::make_unique<ListedSource>(findings(), heard), LicencePolicy::kFree);
  EXPECT_EQ(filter.expected(), 0u);
  EXPECT_THAT(pass(filter), ElementsAre("free", "by address", "permitted", "failure"));
  EXPECT_EQ(filter.passed_over(), 2u);
  EXPECT_THAT(heard.verdicts, ElementsAre(Pair("nc", Verdict::kNotKept), Pair("unknown", Verdict::kNotKept)));
}

TEST(LicenceFilter, AnyIsAny) {
  ListedSource::Heard heard;
  LicenceFilter filter(std::make_unique<ListedSource>(findings(), heard), LicencePolicy::kAny);
  EXPECT_EQ(filter.expected(), 6u);
  EXPECT_EQ(pass(filter).size(), 6u);
  EXPECT_THAT(heard.verdicts, IsEmpty());
}

TEST(LicenceFilter, HandsOnWhatItHears) {
  ListedSource::Heard heard;
  LicenceFilter filter(std::make_unique<ListedSource>(findings(), heard), LicencePolicy::kFree);
  filter.enough("dog");
  filter.settled({.url = "x"}, Verdict::kKept);
  EXPECT_THAT(heard.enough, ElementsAre("dog"));
  EXPECT_THAT(heard.verdicts, ElementsAre(Pair("x", Verdict::kKept)));
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(filter.next(stop.get_token()));
}

}  // namespace
}  // namespace winnow::scraping
