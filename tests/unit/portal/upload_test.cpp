#include "upload.hpp"

#include "portal_fixture.hpp"
#include "winnow/core/json.hpp"

namespace winnow::portal {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr std::size_t kFree = 153'600;

// A file goes once its answer is out, which its client may see first.
bool spool_empties(const RunningPortal& portal) {
  for (int i = 0; i < 1'000 && portal.files_in_spool() > 0; ++i) std::this_thread::sleep_for(5ms);
  return portal.files_in_spool() == 0;
}

class UploadTest : public testing::Test {
 protected:
  UploadTest() {
    browser.register_as("ann@example.org");
    token = browser.make_token();
  }
  Reply send(const std::string& file, const std::string& more = "") {
    return call(portal, token, "POST", "/api/v1/jobs", file, more);
  }

  RunningPortal portal;
  Browser browser{portal};
  std::string token;
};

// A batch of exactly so many bytes.
std::string batch_of(std::size_t bytes) {
  std::string tar = some_pictures(1);
  const std::size_t rest = bytes - tar.size();
  return tar + std::string(rest, '\0');  // what stands behind the end of a tar archive does not count
}

TEST_F(UploadTest, AFreeUserMaySendWhatTheTermsSayAndNoByteMore) {
  EXPECT_EQ(send(batch_of(kFree)).status, 201);
  const Reply refused = send(batch_of(kFree + 1));
  EXPECT_EQ(refused.status, 413);
  const Json problem = Json::parse(refused.body);
  EXPECT_EQ(problem["type"], "urn:winnow:problem:upload-too-large");
  EXPECT_EQ(problem["max_bytes"], kFree);
  EXPECT_EQ(problem["upgrade"], "/upgrade");
  ASSERT_EQ(browser.post("/account/plan", "plan=premium").status, 303);
  EXPECT_EQ(send(batch_of(kFree + 1)).status, 201);
  EXPECT_TRUE(spool_empties(portal));
}

TEST_F(UploadTest, TheFilesOfAFormCountAndNotTheFormItself) {
  EXPECT_EQ(browser.upload(batch_of(kFree)).status, 303);
  const Reply refused = browser.upload(batch_of(kFree + 1));
  EXPECT_EQ(refused.status, 413);
  EXPECT_THAT(refused.body, HasSubstr("too large for a free account"));
  EXPECT_THAT(refused.body, HasSubstr("action=\"/account/plan\"")) << "a way on";
}

// The client claims more than it may, or claims nothing and goes on: it is told while it sends.
TEST_F(UploadTest, TooMuchIsRefusedWhileItComes) {
  const std::string head = "POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token + "\r\n";
  const std::string piece(4'096, 'x');
  for (const bool chunked : {false, true}) {
    SCOPED_TRACE(chunked ? "chunked" : "claimed");
    RawClient client(portal.port());
    client.send(head +
                (chunked ? "Transfer-Encoding: chunked\r\n\r\n" : "Content-Length: 100000000\r\n\r\n"));
    std::size_t sent = 0;
    std::string answer;
    while (answer.empty() && sent < 50'000'000) {
      if (!client.send(chunked ? "1000\r\n" + piece + "\r\n" : piece)) break;
      sent += piece.size();
      if (sent > kFree) std::this_thread::sleep_for(1ms);  // so that there is time to answer
      if (sent > kFree + 400 * piece.size()) break;
    }
    EXPECT_EQ(client.read_reply().status, 413);
    EXPECT_LT(sent, 50'000'000U);
  }
  const Reply beyond_all =
      test::request(portal.port(), "POST", "/api/v1/jobs", "",
                    "Authorization: Bearer " + token + "\r\nContent-Length: 999999999999\r\n");
  EXPECT_EQ(beyond_all.status, 400) << "two lengths";
}

TEST_F(UploadTest, MoreThanAnybodyMaySendIsRefusedByItsClaim) {
  RawClient client(portal.port());
  client.send("POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token +
              "\r\nContent-Length: 999999999999\r\n\r\n");
  EXPECT_EQ(client.read_reply().status, 413) << "and not a byte was sent";
}

TEST_F(UploadTest, AFalseTokenIsRefusedWithoutWaitingForTheEnd) {
  RawClient client(portal.port());
  client.send(
      "POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer wnk_no\r\nContent-Length: "
      "1000000\r\n\r\n");
  for (int i = 0; i < 200 && client.send(std::string(1'000, 'x')); ++i) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(client.read_reply().status, 401);
}

TEST_F(UploadTest, SeveralPicturesBecomeOneBatch) {
  const std::string tar = some_pictures(1);
  const std::string png = tar.substr(tar.find("\x89PNG"));
  const Reply reply = test::request(portal.port(), "POST", "/api/v1/jobs",
                                    multipart({{"../a.png", png}, {"b.png", png}, {"", ""}}, ""),
                                    "Authorization: Bearer " + token + "\r\n" + kMultipart);
  ASSERT_EQ(reply.status, 201) << reply.body;
  EXPECT_EQ(Json::parse(reply.body)["pictures"], 2);
  EXPECT_EQ(Json::parse(reply.body)["name"], "2 pictures");
}

TEST_F(UploadTest, WhatIsNoBatchIsRefusedWithTheReason) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"this is no archive", "upload-not-an-archive"},
      {some_pictures().substr(0, 700), "upload-truncated"},
      {some_pictures(0, "only text"), "upload-no-pictures"}};
  for (const auto& [file, code] : cases) {
    const Reply reply = send(file);
    EXPECT_EQ(reply.status, 422) << code;
    EXPECT_EQ(Json::parse(reply.body)["type"], "urn:winnow:problem:" + code);
    const Reply page = browser.upload(file);
    EXPECT_EQ(page.status, 422);
    EXPECT_THAT(page.body, HasSubstr("The upload is refused: "));
  }
  EXPECT_EQ(send("").status, 400) << "nothing";
  EXPECT_EQ(send("--y--", kMultipart).status, 400) << "a broken form";
  EXPECT_EQ(send(multipart({}, ""), kMultipart).status, 400) << "a form without a file";
  EXPECT_EQ(portal.ask("SELECT COUNT(*) FROM jobs"), "0");
  EXPECT_TRUE(spool_empties(portal));
}

TEST_F(UploadTest, AFormOfAnotherSiteOrWithoutItsTokenIsRefused) {
  const std::string cookie = "Cookie: " + browser.cookie + "\r\n" + kMultipart;
  const auto ask = [&](const std::string& form_token, const std::string& more) {
    return test::request(portal.port(), "POST", "/jobs", multipart({{"a.tar", some_pictures()}}, form_token),
                         cookie + more)
        .status;
  };
  EXPECT_EQ(ask("", ""), 403);
  EXPECT_EQ(ask(std::string(43, 'A'), ""), 403);
  EXPECT_EQ(ask(browser.token(), "Origin: https://evil.example\r\n"), 403);
  EXPECT_EQ(ask(browser.token(), "Origin: null\r\n"), 403);
  EXPECT_EQ(ask(browser.token(), "Sec-Fetch-Site: same-site\r\n"), 403);
  EXPECT_EQ(portal.ask("SELECT COUNT(*) FROM jobs"), "0");
  EXPECT_EQ(ask(browser.token(), "Origin: http://test\r\n"), 303) << "the Host that was asked";
}

TEST_F(UploadTest, WhoGoesHalfWayLeavesNothing) {
  {
    RawClient client(portal.port());
    client.send("POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token +
                "\r\nContent-Length: 100000\r\n\r\nhalf");
    for (int i = 0; i < 1'000 && portal.files_in_spool() == 0; ++i) std::this_thread::sleep_for(5ms);
    EXPECT_EQ(portal.files_in_spool(), 1U);
    client.reset();
  }
  EXPECT_TRUE(spool_empties(portal));
}

TEST(UploadModels, OnlyThoseThereAreCanBeAskedFor) {
  RunningPortal portal([](PortalOptions& options) {
    options.models = [] { return std::vector<std::string>{"drawn", "pets"}; };
  });
  Browser browser(portal);
  browser.register_as("ann@example.org");
  EXPECT_THAT(browser.get("/jobs").body, HasSubstr("<option value=\"pets\">"));
  const std::string token = browser.make_token();
  EXPECT_EQ(call(portal, token, "POST", "/api/v1/jobs?model=pets", some_pictures()).status, 201);
  EXPECT_EQ(call(portal, token, "POST", "/api/v1/jobs?model=cars", some_pictures()).status, 422);
}

TEST(UploadPlaces, ThereAreOnlySoMany) {
  RunningPortal portal([](PortalOptions& options) { options.uploads = 1; });
  Browser browser(portal);
  browser.register_as("ann@example.org");
  const std::string token = browser.make_token();
  RawClient first(portal.port());
  first.send("POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token +
             "\r\nContent-Length: 100000\r\n\r\nhalf");
  for (int i = 0; i < 1'000 && portal.files_in_spool() == 0; ++i) std::this_thread::sleep_for(5ms);
  const Reply second = call(portal, token, "POST", "/api/v1/jobs", some_pictures());
  EXPECT_EQ(second.status, 503);
  EXPECT_EQ(second.header("retry-after"), "2");
}

}  // namespace
}  // namespace winnow::portal
