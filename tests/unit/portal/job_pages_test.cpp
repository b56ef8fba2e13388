#include "portal_fixture.hpp"

namespace winnow::portal {
namespace {

using testing::HasSubstr;
using testing::Not;

class JobPages : public testing::Test {
 protected:
  JobPages() { browser.register_as("ann@example.org"); }
  // Uploads, and returns the page's path.
  std::string upload() {
    const Reply reply = browser.upload(some_pictures());
    EXPECT_EQ(reply.status, 303) << reply.body;
    return reply.header("location");
  }

  RunningPortal portal;
  Browser browser{portal};
};

TEST_F(JobPages, ShowAJobFromUploadToContactSheet) {
  EXPECT_THAT(browser.get("/jobs").body, HasSubstr("Nothing here yet."));
  const std::string at = upload();
  const std::string waiting = browser.get(at).body;
  EXPECT_THAT(waiting, HasSubstr("batch.tar"));
  EXPECT_THAT(waiting, HasSubstr("<progress id=\"progress\" max=\"2\" value=\"0\""));
  EXPECT_THAT(waiting, HasSubstr("data-job=\"/api/v1" + at + "\"")) << "for the script";
  EXPECT_THAT(waiting, HasSubstr("http-equiv=\"refresh\"")) << "for who has none";
  portal.work_off();
  const std::string done = browser.get(at).body;
  EXPECT_THAT(done, HasSubstr(at + "/sheet"));
  EXPECT_THAT(done, HasSubstr("Kept at hand until"));
  EXPECT_THAT(done, Not(HasSubstr("data-job")));
  EXPECT_THAT(browser.get("/jobs").body, HasSubstr("<span class=\"tag done\">done</span>"));

  const Reply csv = browser.get(at + "/results.csv");
  EXPECT_EQ(csv.header("content-disposition"), "attachment; filename=\"results.csv\"");
  EXPECT_THAT(csv.body, HasSubstr("0.png,apple"));
  EXPECT_THAT(browser.get(at + "/results.jsonl").body, HasSubstr("\"label\":\"apple\""));
  EXPECT_THAT(browser.get(at + "/log").body, HasSubstr("says apple"));
  const Reply sheet = browser.get(at + "/sheet");
  EXPECT_THAT(sheet.body, HasSubstr("<!doctype html>"));
  const std::string policy = sheet.header("content-security-policy");
  EXPECT_THAT(policy, HasSubstr("default-src 'none'; style-src 'unsafe-inline'; img-src data:;"));
  EXPECT_THAT(policy, HasSubstr("sandbox"));
  EXPECT_THAT(policy, Not(HasSubstr("script-src")));
}

TEST_F(JobPages, EveryPageIsStrictAndPrivate) {
  const std::string at = upload();
  for (const std::string& path :
       {std::string("/jobs"), at, std::string("/account"), std::string("/upgrade")}) {
    const Reply page = browser.get(path);
    const std::string policy = page.header("content-security-policy");
    EXPECT_THAT(policy, HasSubstr("default-src 'none'; script-src 'self'; style-src 'self';")) << path;
    EXPECT_THAT(policy, Not(HasSubstr("unsafe"))) << path;
    EXPECT_EQ(page.header("cache-control"), "no-store") << path;
    EXPECT_THAT(page.body, Not(HasSubstr(" style="))) << path;
    EXPECT_THAT(page.body, Not(HasSubstr("<style"))) << path;
    EXPECT_THAT(page.body, Not(HasSubstr(" onclick"))) << path;
  }
}

TEST_F(JobPages, ArchivedResultsAreExplainedAndComeBack) {
  const std::string at = upload();
  portal.work_off();
  portal.advance(std::chrono::minutes(11));
  portal.work_off();
  const std::string cold = browser.get(at).body;
  EXPECT_THAT(cold, HasSubstr("Archived"));
  EXPECT_THAT(cold, HasSubstr("href=\"/upgrade\""));
  EXPECT_THAT(cold, Not(HasSubstr("/sheet")));
  const Reply refused = browser.get(at + "/results.csv");
  EXPECT_EQ(refused.status, 409);
  EXPECT_THAT(refused.body, HasSubstr("See premium"));
  EXPECT_EQ(browser.post("/account/plan", "plan=premium").status, 303);
  EXPECT_THAT(browser.get(at).body, HasSubstr("On their way back"));
  portal.work_off();
  const std::string back = browser.get(at).body;
  EXPECT_THAT(back, HasSubstr(at + "/sheet"));
  EXPECT_THAT(back, Not(HasSubstr("Kept at hand until")));
  EXPECT_EQ(browser.get(at + "/results.csv").status, 200);
}

TEST_F(JobPages, AreCancelledAndDeletedByTheirOwner) {
  const std::string at = upload();
  EXPECT_EQ(browser.get(at + "/cancel").status, 405);
  EXPECT_EQ(browser.post(at + "/cancel", "").header("location"), at);
  EXPECT_THAT(browser.get(at).body, HasSubstr("cancelled"));
  EXPECT_EQ(browser.get(at + "/sheet").status, 404);
  EXPECT_EQ(browser.post(at + "/delete", "").header("location"), "/jobs");
  EXPECT_EQ(browser.get(at).status, 404);
}

TEST_F(JobPages, WhatIsSomebodyElsesIsNotThere) {
  const std::string at = upload();
  portal.work_off();
  Browser bob(portal);
  bob.register_as("bob@example.org");
  for (const char* action : {"", "/sheet", "/results.csv", "/results.jsonl", "/log", "/nothing"})
    EXPECT_EQ(bob.get(at + action).status, 404) << action;
  EXPECT_EQ(bob.post(at + "/cancel", "").status, 404);
  EXPECT_EQ(bob.post(at + "/delete", "").status, 404);
  EXPECT_EQ(browser.get(at).status, 200);
  Browser nobody(portal);
  EXPECT_EQ(nobody.get(at).header("location"), "/sign-in?to=" + at);
}

TEST_F(JobPages, ListsComeInPages) {
  for (int i = 0; i < 26; ++i) (void)upload();
  const std::string first = browser.get("/jobs").body;
  const std::size_t link = first.find("/jobs?before=");
  ASSERT_NE(link, std::string::npos);
  const std::string second = browser.get(first.substr(link, first.find('"', link) - link)).body;
  EXPECT_THAT(second, Not(HasSubstr("/jobs?before=")));
  EXPECT_THAT(second, HasSubstr("batch.tar"));
}

TEST_F(JobPages, NamesAreTextAndNothingElse) {
  const Reply reply = browser.upload(some_pictures(), "<img src=x onerror=alert(1)>.tar");
  ASSERT_EQ(reply.status, 303);
  EXPECT_THAT(browser.get(reply.header("location")).body, Not(HasSubstr("<img src=x")));
  EXPECT_THAT(browser.get("/jobs").body, Not(HasSubstr("<img src=x")));
}

}  // namespace
}  // namespace winnow::portal
