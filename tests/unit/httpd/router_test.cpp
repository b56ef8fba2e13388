#include "winnow/httpd/router.hpp"

#include <gtest/gtest.h>

namespace winnow::httpd {
namespace {

Request make_request(const std::string& method, const std::string& path) {
  Request request;
  request.method = method;
  request.path = path;
  return request;
}

class RouterTest : public testing::Test {
 protected:
  RouterTest() {
    for (const auto& [method, path] :
         {std::pair("GET", "/"), {"GET", "/both"}, {"POST", "/both"}, {"POST", "/post"}}) {
      router_.add(method, path, [name = std::string(method) + " " + path](const Request&, Responder respond) {
        respond(text_response(200, name));
      });
    }
  }

  Response ask(const std::string& method, const std::string& path) {
    Response answer;
    router_.handle(make_request(method, path),
                   Responder([&](Response response) { answer = std::move(response); }));
    return answer;
  }

  Router router_;
};

TEST_F(RouterTest, FindsTheHandlerOfMethodAndPath) {
  EXPECT_EQ(ask("GET", "/").body, "GET /");
  EXPECT_EQ(ask("GET", "/both").body, "GET /both");
  EXPECT_EQ(ask("POST", "/both").body, "POST /both");
  EXPECT_EQ(router_.find_fault(make_request("POST", "/both")), std::nullopt);
}

TEST_F(RouterTest, AnswersHeadLikeGet) {
  EXPECT_EQ(ask("HEAD", "/both").body, "GET /both");
  EXPECT_EQ(ask("HEAD", "/post").status, 405);
}

TEST_F(RouterTest, KnowsNothingElse) {
  for (const std::string path : {"", "/bot", "/both/", "/both/x", "/BOTH", "*"}) {
    EXPECT_EQ(ask("GET", path).status, 404) << path;
  }
}

TEST_F(RouterTest, SaysWhichMethodsAPathUnderstands) {
  const Response response = ask("DELETE", "/both");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(response.headers.find("Allow"), "GET, HEAD, OPTIONS, POST");
  EXPECT_EQ(ask("GET", "/post").headers.find("Allow"), "OPTIONS, POST");
  EXPECT_EQ(ask("get", "/both").status, 405) << "methods are case-sensitive";
}

TEST_F(RouterTest, GivesEverythingBelowAPrefixToItsHandler) {
  router_.add_below("/v2/", [](const Request& request, Responder respond) {
    respond(text_response(200, "below " + request.method + " " + request.path));
  });
  router_.add_below("/v2/deeper/",
                    [](const Request&, Responder respond) { respond(text_response(200, "deeper")); });
  router_.add("GET", "/v2/known",
              [](const Request&, Responder respond) { respond(text_response(200, "known")); });
  EXPECT_EQ(ask("DELETE", "/v2/x/y").body, "below DELETE /v2/x/y");
  EXPECT_EQ(ask("GET", "/v2/deeper/x").body, "deeper");
  EXPECT_EQ(ask("GET", "/v2/known").body, "known");
  EXPECT_EQ(ask("POST", "/v2/known").status, 405);
  EXPECT_EQ(ask("GET", "/v2").status, 404);
  EXPECT_EQ(router_.route_of("/v2/x/y"), "/v2/");
  EXPECT_EQ(router_.route_of("/both"), "/both");
  EXPECT_EQ(router_.route_of("/nothing"), std::nullopt);
}

TEST_F(RouterTest, AnswersOptions) {
  EXPECT_EQ(ask("OPTIONS", "/").status, 204);
  EXPECT_EQ(ask("OPTIONS", "/").headers.find("Allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(ask("OPTIONS", "*").status, 204);
  EXPECT_EQ(ask("OPTIONS", "/nothing").status, 404);
}

}  // namespace
}  // namespace winnow::httpd
