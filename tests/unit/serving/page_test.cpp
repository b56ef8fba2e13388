#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "running_site.hpp"

namespace winnow::serving {
namespace {

using testing::HasSubstr;
using testing::Not;

// What src and href of a page point to.
std::set<std::string> links(const std::string& html) {
  std::set<std::string> found;
  for (const std::string attribute : {" src=\"", " href=\""}) {
    for (std::size_t at = html.find(attribute); at != std::string::npos; at = html.find(attribute, at)) {
      at += attribute.size();
      found.insert(html.substr(at, html.find('"', at) - at));
    }
  }
  return found;
}

TEST(Page, IsWholeAndLoadsNothingFromElsewhere) {
  RunningSite site;
  const Reply page = site.get("/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.header("content-type"), "text/html; charset=utf-8");
  EXPECT_THAT(page.body, Not(HasSubstr("{{"))) << "a place was left unfilled";
  std::set<std::string> types;
  for (const std::string& link : links(page.body)) {
    if (link == "models/test") continue;
    EXPECT_THAT(link, testing::MatchesRegex("assets/[a-z]+\\.[0-9a-f]+\\.[a-z]+"));
    const Reply asset = site.get("/" + link);
    EXPECT_EQ(asset.status, 200) << link;
    EXPECT_EQ(asset.header("cache-control"), "public, max-age=31536000, immutable");
    EXPECT_NE(asset.body, "");
    types.insert(asset.header("content-type"));
  }
  EXPECT_THAT(types, testing::ElementsAre("image/svg+xml", "text/css; charset=utf-8",
                                          "text/javascript; charset=utf-8"));
}

TEST(Page, HoldsNothingItsOwnPolicyForbids) {
  RunningSite site;
  const std::string html = site.get("/").body +
                           site.post("/classify", Form().add_file("file", "a", red_jpeg())).body +
                           site.get("/x", "Accept: text/html\r\n").body;
  EXPECT_THAT(html, Not(HasSubstr("<style")));
  EXPECT_THAT(html, Not(HasSubstr(" style=")));
  EXPECT_THAT(html, Not(testing::ContainsRegex(" on[a-z]+=")));
  EXPECT_THAT(html, Not(testing::ContainsRegex("<script[^>]*>[^<]"))) << "only scripts of the site's own";
}

TEST(Page, TellsOfItsModel) {
  auto classifier = std::make_unique<ColourClassifier>();
  classifier->change_metadata().architecture = "some_network";
  RunningSite site(std::move(classifier),
                   [](SiteOptions& options) { options.server.limits.body_bytes = 7'400'000; });
  const std::string html = site.get("/").body;
  for (const std::string fact : {"3 classes", "<li>green</li>", "32 × 32 pixels", "some_network",
                                 "Up to 7 MB", "data-max-bytes=\"7400000\""}) {
    EXPECT_THAT(html, HasSubstr(fact));
  }
}

TEST(Page, HasACardForEachModel) {
  auto classifier = std::make_unique<ColourClassifier>();
  classifier->change_metadata().metrics = {
      {"test",
       {{"accuracy", 0.955}, {"images", 44}, {"interval_95", {0.849, 0.987}}, {"calibration_error", 0.02}}}};
  classifier->change_metadata().provenance = {
      {"created", "2026-11-21"}, {"command", "winnow-train /home/me"}, {"weights", {{"source", "lite <0>"}}}};
  RunningSite site(std::move(classifier));
  EXPECT_THAT(site.get("/").body, HasSubstr("href=\"models/test\""));
  const Reply card = site.get("/models/test");
  EXPECT_EQ(card.status, 200);
  EXPECT_EQ(card.header("cache-control"), "no-cache");
  for (const std::string fact : {"95.5 % of 44 test pictures", "84.9 % to 98.7 %", "2.0 %", "<li>green</li>",
                                 "lite &lt;0&gt;, licence not recorded", "href=\"../?model=test\""}) {
    EXPECT_THAT(card.body, HasSubstr(fact));
  }
  EXPECT_THAT(card.body, Not(HasSubstr("/home/me"))) << "where it was trained is nobody's business";
  EXPECT_EQ(site.get("/models/cats").status, 404);
  EXPECT_EQ(site.get("/models/").status, 404);
  EXPECT_EQ(site.post("/models/test", "x").status, 405);
  EXPECT_EQ(RunningSite(nullptr).get("/models/test").status, 503);
}

TEST(Page, IsNotSentAgainToWhoHasIt) {
  RunningSite site;
  const Reply page = site.get("/");
  const std::string etag = page.header("etag");
  EXPECT_EQ(page.header("cache-control"), "no-cache");
  for (const std::string& condition : {etag, "W/" + etag, std::string("*"), "\"x\", " + etag}) {
    const Reply again = site.get("/", "If-None-Match: " + condition + "\r\n");
    EXPECT_EQ(again.status, 304) << condition;
    EXPECT_EQ(again.body, "");
    EXPECT_EQ(again.header("etag"), etag);
    EXPECT_EQ(again.header("cache-control"), "no-cache");
  }
  EXPECT_EQ(site.get("/", "If-None-Match: \"x\"\r\n").status, 200);
  const std::string icon = "/" + *links(page.body).rbegin();
  EXPECT_EQ(site.get(icon, "If-None-Match: *\r\n").status, 304);
}

TEST(Page, AnswersAPlainFormWithAPage) {
  RunningSite site;
  const Reply reply = site.post("/classify", Form()
                                                 .add_file("file", "first.jpg", red_jpeg())
                                                 .add_file("file", "second.jpg", black_jpeg())
                                                 .add_file("file", "third.txt", "just words"));
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("content-type"), "text/html; charset=utf-8");
  EXPECT_EQ(reply.header("cache-control"), "no-store");
  const std::size_t first = reply.body.find("first.jpg");
  const std::size_t second = reply.body.find("second.jpg");
  const std::size_t third = reply.body.find("third.txt");
  ASSERT_LT(first, second);
  ASSERT_LT(second, third);
  ASSERT_NE(third, std::string::npos);
  const std::string first_card = reply.body.substr(first, second - first);
  EXPECT_THAT(first_card, HasSubstr("<h2 class=\"label\">red</h2>"));
  EXPECT_THAT(first_card, HasSubstr("Very confident"));
  EXPECT_THAT(first_card, testing::ContainsRegex("score-value\">(>|&gt;)?9[0-9]%"));
  const std::string second_card = reply.body.substr(second, third - second);
  EXPECT_THAT(second_card, HasSubstr("None of these"));
  EXPECT_THAT(second_card, HasSubstr("unlike everything"));
  EXPECT_THAT(reply.body.substr(third), HasSubstr("That did not work"));
  EXPECT_THAT(reply.body.substr(third), HasSubstr("not an image"));
}

TEST(Page, AnswersAPlainFormWithAPageEvenWhenItIsRefused) {
  RunningSite site(std::make_unique<ColourClassifier>(),
                   [](SiteOptions& options) { options.server.limits.body_bytes = 10'000; });
  const std::vector<std::pair<Reply, int>> replies = {
      {site.post("/classify", Form().add_file("file", "", "")), 400},
      {site.post("/classify", "x=y", "Content-Type: text/plain\r\n"), 415},
      {site.post("/classify", std::string(10'001, 'x')), 413},
  };
  for (const auto& [reply, status] : replies) {
    EXPECT_EQ(reply.status, status);
    EXPECT_EQ(reply.header("content-type"), "text/html; charset=utf-8");
    EXPECT_THAT(reply.body, HasSubstr("That did not work"));
  }
}

TEST(Page, StartsAnewWhenAnAnswerIsReloaded) {
  RunningSite site;
  const Reply reply = site.get("/classify");
  EXPECT_EQ(reply.status, 303);
  EXPECT_EQ(reply.header("location"), "./");
}

TEST(Page, FindsItsWayBackFromWhereNothingIs) {
  RunningSite site;
  for (const auto& [path, root] : {std::pair("/x", "./"), {"/a/b/c", "./../../"}}) {
    const Reply reply = site.get(path, "Accept: text/html,*/*\r\n");
    EXPECT_EQ(reply.status, 404);
    EXPECT_THAT(reply.body, HasSubstr("href=\"" + std::string(root) + "\""));
    EXPECT_THAT(reply.body, HasSubstr("href=\"" + std::string(root) + "assets/app."));
  }
}

// Labels, file names and paths are foreign text.
TEST(Page, EscapesForeignText) {
  const std::string attack = "<script>alert(1)</script>\"'&{{name}}";
  const std::string harmless = "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;{{name}}";
  auto classifier = std::make_unique<ColourClassifier>();
  classifier->change_metadata().classes = {attack, "green", "blue"};
  classifier->change_metadata().architecture = attack;
  RunningSite site(std::move(classifier));
  Form form;
  form.add_file("file", "<img src=x onerror=alert(1)>.jpg", red_jpeg())
      .add_file("file", "<b>.txt", "words")
      .add_file("file", "c.jpg", black_jpeg());
  const std::string answer = site.post("/classify", form).body;
  for (const std::string& html : {site.get("/").body, answer}) {
    EXPECT_THAT(html, HasSubstr(harmless));
    EXPECT_THAT(html, Not(HasSubstr("<script>alert")));
    EXPECT_THAT(html, Not(HasSubstr("<img src=x")));
    EXPECT_THAT(html, Not(HasSubstr("<b>")));
  }
  EXPECT_THAT(answer, HasSubstr("&lt;img src=x onerror=alert(1)&gt;.jpg"));
  const std::string lost = site.get("/%3Cscript%3Ealert(1)%3C/script%3E", "Accept: text/html\r\n").body;
  EXPECT_THAT(lost, Not(HasSubstr("<script>alert")));
}

}  // namespace
}  // namespace winnow::serving
