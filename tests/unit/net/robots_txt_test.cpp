#include "robots_txt.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace winnow::net {
namespace {

using namespace std::chrono_literals;

bool allows(std::string_view text, std::string_view path) {
  return RobotsTxt(text, "winnow-scrape").allows(path);
}

TEST(RobotsTxt, AllowsWhatNothingIsSaidAbout) {
  for (const char* text : {"", "\n\n", "User-agent: *\n", "User-agent: *\nDisallow:\n",
                           "Sitemap: http://a/b\n", "# Disallow: /\n", "Disallow: /\n" /* for nobody */}) {
    EXPECT_TRUE(allows(text, "/a.jpg")) << text;
  }
  EXPECT_TRUE(RobotsTxt().allows("/a.jpg"));
}

TEST(RobotsTxt, ReadsGroups) {
  const char* text =
      "User-agent: other\n"
      "Disallow: /\n"
      "\n"
      "User-agent: *\n"
      "Disallow: /private/\n"
      "Allow: /private/open\n";
  EXPECT_TRUE(allows(text, "/a.jpg"));
  EXPECT_FALSE(allows(text, "/private/a.jpg"));
  EXPECT_TRUE(allows(text, "/private/open.jpg"));
  EXPECT_TRUE(allows(text, "/Private/a.jpg"));  // paths have a case
}

TEST(RobotsTxt, OurOwnGroupCountsAlone) {
  const char* text =
      "User-agent: *\nDisallow: /\n"
      "User-agent: WINNOW-Scrape/2.0 (whatever)\nDisallow: /a\n"
      "User-agent: other\nDisallow: /\n"
      "User-agent: winnow-scrape\nDisallow: /b\n";  // joined with the one above
  EXPECT_FALSE(allows(text, "/a"));
  EXPECT_FALSE(allows(text, "/b"));
  EXPECT_TRUE(allows(text, "/c"));
  EXPECT_TRUE(allows("User-agent: *\nDisallow: /\nUser-agent: winnow-scrape\n", "/c"));
}

TEST(RobotsTxt, OtherNamesAreNotOurs) {
  for (const char* name : {"winnow", "winnow-scraper", "scrape", "winnow-scrap", "**"}) {
    EXPECT_TRUE(allows("User-agent: " + std::string(name) + "\nDisallow: /\n", "/a")) << name;
  }
}

TEST(RobotsTxt, AGroupCanHaveManyNames) {
  const char* text =
      "User-agent: a\n"
      "Crawl-delay: 2\n"  // not in the RFC, so it does not end the list of names
      "Sitemap: http://a/\n"
      "User-agent: winnow-scrape\n"
      "User-agent: b\n"
      "Disallow: /x\n"
      "User-agent: c\n"
      "Disallow: /y\n";
  EXPECT_FALSE(allows(text, "/x"));
  EXPECT_TRUE(allows(text, "/y"));
}

TEST(RobotsTxt, TheLongestMatchWins) {
  const char* text = "User-agent: *\nAllow: /p\nDisallow: /\n";
  EXPECT_TRUE(allows(text, "/page"));
  EXPECT_FALSE(allows(text, "/other"));
  EXPECT_TRUE(allows("User-agent: *\nDisallow: /folder\nAllow: /folder\n", "/folder/page"));  // a draw
  EXPECT_TRUE(allows("User-agent: *\nAllow: /page\nDisallow: /*.htm\n", "/page"));
  EXPECT_FALSE(allows("User-agent: *\nAllow: /page\nDisallow: /*.html\n", "/page.html"));
  EXPECT_TRUE(allows("User-agent: *\nAllow: /$\nDisallow: /\n", "/"));
  EXPECT_FALSE(allows("User-agent: *\nAllow: /$\nDisallow: /\n", "/a"));
}

TEST(RobotsTxt, StarsAndDollars) {
  struct Case {
    const char* rule;
    const char* path;
    bool match;
  };
  const std::vector<Case> cases = {
      {"/fish", "/fish", true},
      {"/fish", "/fish/salmon.jpg", true},
      {"/fish", "/Fish", false},
      {"/fish", "/catfish", false},
      {"/fish*", "/fishheads?id=1", true},
      {"/fish/", "/fish", false},
      {"/*.jpg$", "/a/b.jpg", true},
      {"/*.jpg$", "/a.jpg?x", false},
      {"/*.jpg", "/a.jpg?x", true},
      {"/fish*.jpg", "/fish/b.jpg", true},
      {"/fish*.jpg", "/Fish.jpg", false},
      {"*", "/anything", true},
      {"/a*b*c$", "/a-b-bc", true},
      {"/a*b*c$", "/a-b-cd", false},
      {"/a*a$", "/a", false},
      {"/**x", "/yx", true},
      {"/a$b", "/a$b", true},
      {"/a$b", "/a", false},
      {"/*?", "/a?b=1", true},
      {"/*?", "/a", false},
      {"/ab*ba$", "/aba", false},
      {"*/b", "/a/b", true},
      {"/$", "/", true},
      {"/a*$", "/abc", true},
      {"b", "/b", false},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(!allows("User-agent: *\nDisallow: " + std::string(c.rule), c.path), c.match)
        << c.rule << " " << c.path;
  }
}

TEST(RobotsTxt, EncodedAndPlainAreTheSame) {
  const std::vector<std::pair<const char*, const char*>> same = {
      {"/foo/bar?baz=http://foo.bar", "/foo/bar?baz=http://foo.bar"},
      {"/caf\xc3\xa9", "/caf%C3%A9"},
      {"/caf%c3%a9", "/caf%C3%A9"},
      {"/caf%C3%A9", "/caf%c3%a9"},
      {"/a%62c", "/abc"},
      {"/abc", "/%61bc"},
      {"/a%2Ab", "/a*b"},
      {"/a%24", "/a$"},
  };
  for (const auto& [rule, path] : same) {
    EXPECT_FALSE(allows("User-agent: *\nDisallow: " + std::string(rule), path)) << rule << " " << path;
  }
  EXPECT_TRUE(allows("User-agent: *\nDisallow: /a%2Fb", "/a/b"));  // an encoded slash is another character
  EXPECT_FALSE(allows("User-agent: *\nDisallow: /%zz", "/%zz"));
  EXPECT_FALSE(allows("User-agent: *\nDisallow: /50%", "/50%"));
}

TEST(RobotsTxt, IsLenientAboutHowItIsWritten) {
  for (const char* text :
       {"\xef\xbb\xbfUser-agent: *\nDisallow: /a", "user-agent:*\r\ndisallow:/a\r\n",
        "USER-AGENT : *\rDISALLOW : /a\r", "  User-agent: * # all\n\tDisallow: /a # not this\n",
        "User-agent: *\n\n\nDissallow: /a\n", "User agent: *\nnonsense\n: \nDisallow: /a\n"}) {
    EXPECT_FALSE(allows(text, "/a")) << text;
    EXPECT_TRUE(allows(text, "/b")) << text;
  }
}

TEST(RobotsTxt, AWebPageSaysNothing) {
  EXPECT_TRUE(
      allows("<!doctype html><html><head><title>Not found</title></head><body style=\"a: b\">"
             "<a href=\"http://a/\">home</a></body></html>",
             "/a"));
  EXPECT_TRUE(allows(std::string("\0\1\xff\xfe:::\n::", 10), "/a"));
}

TEST(RobotsTxt, ItsOwnAddressIsAlwaysAllowed) {
  EXPECT_TRUE(allows("User-agent: *\nDisallow: /\n", "/robots.txt"));
}

TEST(RobotsTxt, ReadsAsMuchAsItMust) {
  const std::string head = "User-agent: *\nDisallow: /early\n";
  std::string text = head;
  while (text.size() < RobotsTxt::kMaxBytes) text += "# a comment that takes room in a large file\n";
  text += "Disallow: /late\n";
  EXPECT_FALSE(allows(text, "/early"));
  EXPECT_TRUE(allows(text, "/late"));
}

TEST(RobotsTxt, ReadsTheDelay) {
  const auto delay = [](const char* text) { return RobotsTxt(text, "winnow-scrape").crawl_delay(); };
  EXPECT_EQ(delay("User-agent: *\nCrawl-delay: 2.5\n"), 2500ms);
  EXPECT_EQ(delay("User-agent: *\nCrawl-delay: 99999999999\n"), 24h);
  EXPECT_EQ(delay("User-agent: *\nCrawl-delay: 5\nUser-agent: winnow-scrape\nDisallow: /a\n"), std::nullopt);
  for (const char* bad : {"", "-1", "soon", "inf", "nan", "5 s"}) {
    EXPECT_EQ(delay(("User-agent: *\nCrawl-delay: " + std::string(bad)).c_str()), std::nullopt) << bad;
  }
}

TEST(RobotsTxt, ReadsWhatIsNotForTraining) {
  const RobotsTxt rules(
      "User-agent: *\nContent-Usage: train-ai=n\nContent-Usage: /open/ train-ai=y\nAllow: /\n",
      "winnow-scrape");
  EXPECT_TRUE(rules.allows("/a"));
  EXPECT_TRUE(rules.reserves_training("/a"));
  EXPECT_FALSE(rules.reserves_training("/open/a"));
  EXPECT_FALSE(RobotsTxt("User-agent: *\nContent-Usage: search=n\n", "x").reserves_training("/a"));
  EXPECT_FALSE(RobotsTxt("User-agent: *\nContent-Usage: /a\n", "x").reserves_training("/a"));
}

// With backtracking, one look at this would not end.
TEST(RobotsTxt, StarsWithoutEndAreNoBurden) {
  std::string stars;
  for (int i = 0; i < 2000; ++i) stars += "*a";
  std::string text = "User-agent: *\n";
  for (int i = 0; i < 50; ++i) text += "Disallow: /" + stars + "b\n";
  EXPECT_TRUE(allows(text, "/" + std::string(8000, 'a')));
}

}  // namespace
}  // namespace winnow::net
