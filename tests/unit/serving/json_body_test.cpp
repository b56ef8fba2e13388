#include "json_body.hpp"

#include <gtest/gtest.h>

namespace winnow::serving {
namespace {

std::string code_of(const std::string& text) {
  const Result<Json> json = parse_json_body(as_bytes(text), 100, 8);
  return json ? "ok" : json.failure().code;
}

std::string repeat(const std::string& text, int times) {
  std::string all;
  while (times-- > 0) all += text;
  return all;
}

TEST(JsonBody, IsParsed) {
  EXPECT_EQ(code_of(R"({"a": [1, 2.5, "x,[{", true, null]})"), "ok");
  EXPECT_EQ(code_of(repeat("[", 8) + repeat("]", 8)), "ok");
}

TEST(JsonBody, IsRefusedWhereItIsNone) {
  for (const std::string text :
       {"", "{", "[1,]", "nonsense", "{\"a\":}", "NaN", "\"\xff\"", "[1] x", "{\"a\" 1}"}) {
    EXPECT_EQ(code_of(text), "malformed") << text;
  }
}

// Before anything is built: a value takes many times the memory of its text.
TEST(JsonBody, IsRefusedWhereItWouldTakeTooMuch) {
  EXPECT_EQ(code_of(repeat("[", 9)), "too_large");
  EXPECT_EQ(code_of(repeat("{\"a\":", 9)), "too_large");
  EXPECT_EQ(code_of("[" + repeat("1,", 200) + "1]"), "too_large");
  EXPECT_EQ(code_of("[" + repeat("[],", 60) + "1]"), "too_large");
  std::string names = "{";
  for (int i = 0; i < 20'000; ++i) names += "\"" + std::to_string(i) + "\":1,";
  const Result<Json> json = parse_json_body(as_bytes(names + "\"x\":1}"));
  ASSERT_FALSE(json);
  EXPECT_EQ(json.failure().code, "too_large") << "each name is compared with all before it";
}

}  // namespace
}  // namespace winnow::serving
