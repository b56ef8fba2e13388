#include "portal_fixture.hpp"
#include "winnow/core/json.hpp"

namespace winnow::portal {
namespace {

using testing::HasSubstr;

class JobApi : public testing::Test {
 protected:
  JobApi() {
    browser.register_as("ann@example.org");
    token = browser.make_token();
  }
  Json get(const std::string& path) { return Json::parse(call(portal, token, "GET", path).body); }
  static std::string code(const Reply& reply) {
    EXPECT_EQ(reply.header("content-type"), "application/problem+json") << reply.body;
    return Json::parse(reply.body).value("type", "").substr(std::string("urn:winnow:problem:").size());
  }

  RunningPortal portal;
  Browser browser{portal};
  std::string token;
};

TEST_F(JobApi, ABatchGoesFromUploadToResults) {
  const Reply made = call(portal, token, "POST", "/api/v1/jobs?name=my%20batch.tar", some_pictures());
  ASSERT_EQ(made.status, 201) << made.body;
  const Json job = Json::parse(made.body);
  const std::string at = "/api/v1/jobs/" + job.value("id", "");
  EXPECT_EQ(made.header("location"), at);
  EXPECT_EQ(job["name"], "my batch.tar");
  EXPECT_EQ(job["state"], "queued");
  EXPECT_EQ(job["pictures"], 2);
  EXPECT_TRUE(job["completed_at"].is_null());
  const Reply early = call(portal, token, "GET", at + "/results");
  EXPECT_EQ(early.status, 409);
  EXPECT_EQ(code(early), "not-done");
  EXPECT_EQ(early.header("retry-after"), "2");

  portal.work_off();
  EXPECT_EQ(get(at)["state"], "done");
  EXPECT_EQ(get(at)["answered"], 2);
  const Reply lines = call(portal, token, "GET", at + "/results");
  EXPECT_EQ(lines.header("content-type"), "application/x-ndjson");
  EXPECT_EQ(Json::parse(lines.body.substr(0, lines.body.find('\n')))["label"], "apple");
  for (const auto& [query, accept] : {std::pair{"?format=csv", ""}, std::pair{"", "Accept: text/csv\r\n"}}) {
    const Reply csv = call(portal, token, "GET", at + "/results" + query, "", accept);
    EXPECT_THAT(csv.body,
                testing::StartsWith("path,label,confidence,verdict,unknown,error\n0.png,apple,0.9"));
  }
  EXPECT_EQ(call(portal, token, "GET", at + "/results?format=xml").status, 400);
  EXPECT_THAT(call(portal, token, "GET", at + "/log").body, HasSubstr("says apple"));
  EXPECT_EQ(call(portal, token, "POST", at + "/cancel").status, 409) << "it is over";
  EXPECT_EQ(call(portal, token, "DELETE", at).status, 204);
  EXPECT_EQ(call(portal, token, "GET", at).status, 404);
}

TEST_F(JobApi, FreeResultsAreArchivedAndComeBackWithPremium) {
  const std::string at = "/api/v1/jobs/" + submit(portal, token);
  portal.work_off();
  portal.advance(std::chrono::minutes(11));
  portal.work_off();
  const Reply cold = call(portal, token, "GET", at + "/results");
  EXPECT_EQ(cold.status, 409);
  EXPECT_EQ(code(cold), "archived");
  EXPECT_EQ(Json::parse(cold.body)["upgrade"], "/upgrade");
  EXPECT_EQ(browser.post("/account/plan", "plan=premium").status, 303);
  const Reply restoring = call(portal, token, "GET", at + "/results");
  EXPECT_EQ(restoring.status, 409);
  EXPECT_EQ(code(restoring), "restoring");
  EXPECT_EQ(restoring.header("retry-after"), "30");
  portal.work_off();
  EXPECT_EQ(call(portal, token, "GET", at + "/results").status, 200);
  ASSERT_EQ(portal.sent.size(), 1U);
  EXPECT_THAT(portal.sent[0].subject, HasSubstr("back"));
}

TEST_F(JobApi, TheSameKeyTwiceIsOneJob) {
  const std::string key = "Idempotency-Key: 42\r\n";
  const Reply one = call(portal, token, "POST", "/api/v1/jobs", some_pictures(), key);
  const Reply two = call(portal, token, "POST", "/api/v1/jobs", some_pictures(), key);
  EXPECT_EQ(one.header("location"), two.header("location"));
  EXPECT_EQ(portal.ask("SELECT COUNT(*) FROM jobs"), "1");
  const std::string long_key = "Idempotency-Key: " + std::string(201, 'k') + "\r\n";
  EXPECT_EQ(call(portal, token, "POST", "/api/v1/jobs", some_pictures(), long_key).status, 400);
}

TEST_F(JobApi, ListsComeInPages) {
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(submit(portal, token));
  const Json first = get("/api/v1/jobs?limit=2");
  ASSERT_EQ(first["jobs"].size(), 2U);
  EXPECT_EQ(first["jobs"][0]["id"], ids[2]);
  const Json second = get(first["next"].get<std::string>());
  ASSERT_EQ(second["jobs"].size(), 1U);
  EXPECT_EQ(second["jobs"][0]["id"], ids[0]);
  EXPECT_TRUE(second["next"].is_null());
  for (const char* bad : {"0", "201", "x", "-1", "2x", ""})
    EXPECT_EQ(call(portal, token, "GET", std::string("/api/v1/jobs?limit=") + bad).status, 400) << bad;
}

TEST_F(JobApi, WhatIsSomebodyElsesIsNotThere) {
  const std::string id = submit(portal, token);
  Browser bob(portal);
  bob.register_as("bob@example.org");
  const std::string his = bob.make_token();
  for (const char* action : {"", "/results", "/log"})
    EXPECT_EQ(call(portal, his, "GET", "/api/v1/jobs/" + id + action).status, 404) << action;
  EXPECT_EQ(call(portal, his, "POST", "/api/v1/jobs/" + id + "/cancel").status, 404);
  EXPECT_EQ(call(portal, his, "DELETE", "/api/v1/jobs/" + id).status, 404);
  EXPECT_EQ(Json::parse(call(portal, his, "GET", "/api/v1/jobs").body)["jobs"].size(), 0U);
  EXPECT_EQ(get("/api/v1/jobs/" + id)["state"], "queued") << "nothing happened to it";
  for (const char* no : {"/api/v1/jobs/", "/api/v1/jobs/XYZ", "/api/v1/jobs/0123", "/api/v1/nothing"})
    EXPECT_EQ(call(portal, token, "GET", no).status, 404) << no;
}

TEST_F(JobApi, AsksForATokenAndForTheRightMethod) {
  const Reply nobody = test::request(portal.port(), "GET", "/api/v1/jobs");
  EXPECT_EQ(nobody.status, 401);
  EXPECT_EQ(code(nobody), "sign-in-required");
  EXPECT_THAT(nobody.header("www-authenticate"), HasSubstr("Bearer"));
  EXPECT_EQ(call(portal, "wnk_no", "GET", "/api/v1/account").status, 401);
  EXPECT_EQ(test::request(portal.port(), "POST", "/api/v1/jobs", some_pictures()).status, 401);
  const std::string id = submit(portal, token);
  const Reply wrong = call(portal, token, "PUT", "/api/v1/jobs/" + id, "x");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.header("allow"), "DELETE, GET, HEAD");
  EXPECT_EQ(call(portal, token, "GET", "/api/v1/jobs/" + id + "/cancel").status, 405);
  EXPECT_EQ(call(portal, token, "POST", "/api/v1/jobs/" + id + "/cancel").status, 200);
  EXPECT_EQ(get("/api/v1/jobs/" + id)["state"], "cancelled");
  const Reply gone = call(portal, token, "GET", "/api/v1/jobs/" + id + "/results");
  EXPECT_EQ(gone.status, 404);
  EXPECT_EQ(code(gone), "no-results");
}

TEST_F(JobApi, ACookieNeedsTheTokenOfTheFormsWhereSomethingChanges) {
  const std::string cookie = "Cookie: " + browser.cookie + "\r\n";
  const auto ask = [&](const std::string& method, const std::string& path, const std::string& more = "") {
    return test::request(portal.port(), method, path, method == "POST" ? some_pictures() : "", cookie + more)
        .status;
  };
  EXPECT_EQ(ask("GET", "/api/v1/account"), 200);
  EXPECT_EQ(ask("POST", "/api/v1/jobs"), 403);
  EXPECT_EQ(ask("POST", "/api/v1/jobs", "X-Csrf-Token: no\r\n"), 403);
  const std::string good = "X-Csrf-Token: " + browser.token() + "\r\n";
  EXPECT_EQ(ask("POST", "/api/v1/jobs", good + "Sec-Fetch-Site: cross-site\r\n"), 403);
  EXPECT_EQ(ask("POST", "/api/v1/jobs", good + "Origin: http://evil.example\r\n"), 403);
  EXPECT_EQ(ask("POST", "/api/v1/jobs", good), 201);
}

TEST_F(JobApi, TheAccountSaysWhatItMay) {
  const Json account = get("/api/v1/account");
  EXPECT_EQ(account["plan"], "free");
  EXPECT_EQ(account["email"], "ann@example.org");
  EXPECT_EQ(account["max_upload_bytes"], 153'600);
}

}  // namespace
}  // namespace winnow::portal
