#include "winnow/httpd/message.hpp"

#include <gtest/gtest.h>

#include "winnow/core/error.hpp"

namespace winnow::httpd {
namespace {

TEST(Headers, AreFoundWhateverTheirCase) {
  Headers headers = {{"Content-Type", "a/b"}};
  headers.add("X-Many", "1");
  headers.add("x-many", "2");
  EXPECT_EQ(headers.find("content-TYPE"), "a/b");
  EXPECT_EQ(headers.find("X-Many"), "1");
  EXPECT_EQ(headers.find_joined("X-MANY"), "1, 2");
  EXPECT_EQ(headers.count("x-Many"), 2U);
  EXPECT_EQ(headers.find("X"), std::nullopt);
  EXPECT_EQ(headers.find_joined("X-Man"), std::nullopt);
  headers.set("X-MANY", "3");
  EXPECT_EQ(headers.find_joined("x-many"), "3");
  headers.remove("x-many");
  EXPECT_EQ(headers.count("X-Many"), 0U);
  EXPECT_EQ(headers.size(), 1U);
}

TEST(Headers, LetNoForeignTextBeginAHeaderOfItsOwn) {
  Headers headers;
  for (const std::string& value : {std::string("a\r\nb: c"), std::string("a\nb"), std::string("a\rb"),
                                   std::string("a\0b", 3), std::string("a\x7f"), std::string("\x1b[0m")}) {
    EXPECT_THROW(headers.add("X", value), Error);
    EXPECT_THROW(headers.set("X", value), Error);
    EXPECT_THROW((Headers{{"X", value}}), Error);
  }
  for (const std::string name : {"", "a b", "a:", "a\r\n", "\xc3\xa4"})
    EXPECT_THROW(headers.add(name, "x"), Error);
  EXPECT_EQ(headers.size(), 0U);
  EXPECT_NO_THROW(headers.add("X", "tab\tand \xc3\xa4"));
}

TEST(Request, DecodesItsParameters) {
  Request request;
  request.query = "top=3&name=a+b%20%26c&empty=&alone&top=9&%74wo=2&broken=%zz&short=%4";
  EXPECT_EQ(request.parameter("top"), "3");
  EXPECT_EQ(request.parameter("name"), "a b &c");
  EXPECT_EQ(request.parameter("empty"), "");
  EXPECT_EQ(request.parameter("alone"), "");
  EXPECT_EQ(request.parameter("two"), "2");
  EXPECT_EQ(request.parameter("broken"), std::nullopt);
  EXPECT_EQ(request.parameter("short"), std::nullopt);
  EXPECT_EQ(request.parameter("absent"), std::nullopt);
  request.query = "";
  EXPECT_EQ(request.parameter("top"), std::nullopt);
}

TEST(Response, SaysWhatItsBodyIs) {
  EXPECT_EQ(text_response(200, "x").headers.find("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(html_response(200, "x").headers.find("Content-Type"), "text/html; charset=utf-8");
  const Response json = json_response(201, {{"b", 1}, {"a", 2}});
  EXPECT_EQ(json.status, 201);
  EXPECT_EQ(json.headers.find("Content-Type"), "application/json");
  EXPECT_EQ(json.body, "{\"b\":1,\"a\":2}\n");
}

TEST(Response, DescribesAProblem) {
  const Response response = problem_response({503, "busy", "Full; try later.", {{"Retry-After", "1"}}});
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.headers.find_joined("Content-Type"), "application/problem+json");
  EXPECT_EQ(response.headers.find("Retry-After"), "1");
  EXPECT_EQ(Json::parse(response.body), Json({{"type", "urn:winnow:problem:busy"},
                                              {"title", "Service Unavailable"},
                                              {"status", 503},
                                              {"detail", "Full; try later."}}));
}

TEST(Response, DescribesAProblemThatHoldsForeignBytes) {
  const Response response = problem_response({404, "not-found", "Nothing at \xff\"</script>.", {}});
  EXPECT_EQ(Json::parse(response.body)["detail"], "Nothing at \xef\xbf\xbd\"</script>.");
}

TEST(Parameters, AreFoundInFormsAsInQueries) {
  EXPECT_EQ(find_parameter("a=1&name=two+words%21&name=3", "name"), "two words!");
  EXPECT_EQ(find_parameter("name", "name"), "");
  EXPECT_EQ(find_parameter("name=%zz", "name"), std::nullopt);
  EXPECT_EQ(find_parameter("", "name"), std::nullopt);
}

}  // namespace
}  // namespace winnow::httpd
