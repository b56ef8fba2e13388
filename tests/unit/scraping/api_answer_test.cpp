#include "api_answer.hpp"

#include <gtest/gtest.h>

#include "provider_fixture.hpp"

namespace winnow::scraping {
namespace {

TEST(ApiAnswer, ReadsObjectsOnly) {
  EXPECT_TRUE(read_api_object(answer_of("{\"a\":1}")));
  EXPECT_TRUE(read_api_object(answer_of(" \n{}")));
  for (const auto& [body, code] : answers_that_are_none()) {
    if (body == "{}") continue;  // an object, though of no provider
    const Result<Json> read = read_api_object(answer_of(body));
    ASSERT_FALSE(read) << body.substr(0, 40);
    EXPECT_EQ(read.failure().code, code) << body.substr(0, 40);
  }
}

TEST(ApiAnswer, WrongTypesReadAsNothing) {
  const Json json = Json::parse(
      R"({"s":" text ","n":5,"f":1.5,"t":"12","b":true,"x":null,"o":{"a":1},"l":[1],"big":99999999999999999999})");
  EXPECT_EQ(text_at(json, "s"), "text");
  EXPECT_EQ(text_at(json, "n"), "5");
  for (const char* name : {"b", "x", "o", "l", "none"}) EXPECT_EQ(text_at(json, name), "") << name;
  EXPECT_EQ(number_at(json, "n"), 5);
  EXPECT_EQ(number_at(json, "t"), 12);
  for (const char* name : {"s", "f", "b", "x", "o", "l", "big", "none"}) {
    EXPECT_EQ(number_at(json, name), std::nullopt) << name;
  }
  EXPECT_NE(object_at(json, "o"), nullptr);
  EXPECT_NE(array_at(json, "l"), nullptr);
  for (const char* name : {"s", "n", "l", "x", "none"}) EXPECT_EQ(object_at(json, name), nullptr) << name;
  for (const char* name : {"s", "n", "o", "x", "none"}) EXPECT_EQ(array_at(json, name), nullptr) << name;
  for (const char* name : {"n", "o", "x", "none"}) EXPECT_EQ(address_at(json, name), "") << name;
  EXPECT_EQ(text_at(Json::array(), "s"), "");
  EXPECT_EQ(text_at(Json(), "s"), "");
}

TEST(ApiAnswer, TextIsOneLineAndShort) {
  const Json json = {{"t", "a\r\nb\x1b[0m" + std::string(100, 'x')}, {"u", std::string(9000, 'u')}};
  EXPECT_EQ(text_at(json, "t", 12), "a  b?[0mxxxx...");
  EXPECT_EQ(address_at(json, "u"), "");
}

TEST(ApiAnswer, CountsPagesFromOne) {
  EXPECT_EQ(page_number(""), 1);
  EXPECT_EQ(page_number("7"), 7);
  for (const char* bad : {"0", "-3", "x", "7x", "99999999999999999999"})
    EXPECT_EQ(page_number(bad), 1) << bad;
}

}  // namespace
}  // namespace winnow::scraping
