#include "winnow/core/json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temporary_folder.hpp"
#include "winnow/core/error.hpp"

namespace winnow {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

using Rows = std::vector<std::pair<std::size_t, std::string>>;

Rows read_rows(std::string_view content) {
  const test::TemporaryFolder folder;
  Rows rows;
  read_json_lines(folder.write("a.jsonl", content),
                  [&](const Json& json, std::size_t line) { rows.emplace_back(line, to_line(json)); });
  return rows;
}

// What the reading of the content throws, with the folder's name cut off.
Error error_of(
    std::string_view content,
    const std::function<void(const Json&, std::size_t)>& row = [](const Json&, std::size_t) {}) {
  const test::TemporaryFolder folder;
  try {
    read_json_lines(folder.write("a.jsonl", content), row);
  } catch (const Error& error) {
    const std::string message = error.what();
    return {error.kind(), "", message.substr(std::min(message.find("a.jsonl"), message.size()))};
  }
  ADD_FAILURE() << "no Error was thrown";
  return {ErrorKind::kUsage, "", ""};
}

TEST(ToLine, KeepsTheOrderOfMembersAndTakesNoSpace) {
  EXPECT_EQ(to_line({{"zebra", 1}, {"ant", {1.5, nullptr, true}}}), R"({"zebra":1,"ant":[1.5,null,true]})");
}

TEST(ToLine, StaysOneLine) {
  EXPECT_EQ(to_line({{"a", "x\ny\r\t\"\\\x01"}}), R"({"a":"x\ny\r\t\"\\\u0001"})");
}

TEST(ToLine, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(to_line({{"a", "caf\xe9"}}), "{\"a\":\"caf\xef\xbf\xbd\"}");
}

TEST(ReadJsonLines, NumbersTheLinesFromOne) {
  EXPECT_THAT(read_rows("{\"a\":1}\n[2]\n3\n"),
              ElementsAre(Pair(1, "{\"a\":1}"), Pair(2, "[2]"), Pair(3, "3")));
}

TEST(ReadJsonLines, PassesOverBlankLinesButCountsThem) {
  EXPECT_THAT(read_rows("1\n\n  \n2\n"), ElementsAre(Pair(1, "1"), Pair(4, "2")));
}

TEST(ReadJsonLines, TakesWindowsLineEnds) {
  EXPECT_THAT(read_rows("1\r\n2\r\n"), ElementsAre(Pair(1, "1"), Pair(2, "2")));
}

TEST(ReadJsonLines, FindsNothingInAnEmptyFile) {
  EXPECT_THAT(read_rows(""), IsEmpty());
}

TEST(ReadJsonLines, PassesOverATornLastLine) {
  EXPECT_THAT(read_rows("1\n{\"a\":"), ElementsAre(Pair(1, "1")));
  // "12" may be what is left of "123".
  EXPECT_THAT(read_rows("1\n12"), ElementsAre(Pair(1, "1")));
}

TEST(ReadJsonLines, NamesTheLineThatIsNotJson) {
  const Error error = error_of("1\n{\"a\":\n3\n");
  EXPECT_EQ(error.kind(), ErrorKind::kInvalid);
  EXPECT_STREQ(error.what(), "a.jsonl:2: not a line of JSON");
}

TEST(ReadJsonLines, TakesOneValueALine) {
  EXPECT_STREQ(error_of("1 2\n").what(), "a.jsonl:1: not a line of JSON");
}

TEST(ReadJsonLines, CallsNothingAfterABadLine) {
  int calls = 0;
  error_of("1\nbad\n3\n", [&](const Json&, std::size_t) { ++calls; });
  EXPECT_EQ(calls, 1);
}

TEST(ReadJsonLines, NamesTheLineWhoseFieldIsMissing) {
  const Error error =
      error_of("{\"a\":1}\n{\"b\":1}\n", [](const Json& json, std::size_t) { (void)json.at("a"); });
  EXPECT_EQ(error.kind(), ErrorKind::kInvalid);
  EXPECT_THAT(error.what(), HasSubstr("a.jsonl:2: "));
}

TEST(ReadJsonLines, NamesTheLineWhoseFieldIsOfAnotherType) {
  const Error error =
      error_of("{\"a\":1}\n", [](const Json& json, std::size_t) { (void)json.at("a").get<std::string>(); });
  EXPECT_EQ(error.kind(), ErrorKind::kInvalid);
  EXPECT_THAT(error.what(), HasSubstr("a.jsonl:1: "));
}

TEST(ReadJsonLines, LetsOtherErrorsThrough) {
  const Error error = error_of(
      "1\n", [](const Json&, std::size_t) { throw Error(ErrorKind::kUnsupported, "a.jsonl", "too new"); });
  EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
  EXPECT_STREQ(error.what(), "a.jsonl: too new");
}

TEST(ReadJsonLines, NeedsAFile) {
  const test::TemporaryFolder folder;
  try {
    read_json_lines(folder / "nothing.jsonl", [](const Json&, std::size_t) {});
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kNotFound);
  }
}

}  // namespace
}  // namespace winnow
