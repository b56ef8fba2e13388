#include "winnow/curation/decisions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/temporary_folder.hpp"
#include "winnow/core/error.hpp"

namespace winnow::curation {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kHeader = "{\"format\":\"winnow-decisions\",\"version\":1}\n";

dataset::Dataset example_tree() {
  return {"pets", {"cat", "dog"}, {{"cat/1.jpg", 0}, {"cat/2.jpg", 0}, {"dog/1.jpg", 1}}, false};
}

Decisions read(const std::string& text) {
  const test::TemporaryFolder folder;
  return read_decisions(folder.write("d.jsonl", text), example_tree());
}

Error error_of(const std::string& text) {
  try {
    (void)read(text);
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("d.jsonl"));
    EXPECT_THAT(error.what(), testing::Not(HasSubstr("\n")));
    return error;
  }
  ADD_FAILURE() << "no Error was thrown for " << text;
  return {ErrorKind::kUsage, "", ""};
}

TEST(ReadDecisions, KnowsKeepDropAndRelabel) {
  const Decisions decisions = read(std::string(kHeader) + R"({"path":"cat/1.jpg","decision":"keep"})" + "\n" +
                                   R"({"path":"cat/2.jpg","decision":"relabel","label":"dog"})" + "\n" +
                                   R"({"path":"dog/1.jpg","decision":"drop"})" + "\n");
  ASSERT_EQ(decisions.size(), 3u);
  EXPECT_EQ(decisions.at("cat/1.jpg").verdict, Verdict::kKeep);
  EXPECT_EQ(decisions.at("cat/2.jpg").verdict, Verdict::kRelabel);
  EXPECT_EQ(decisions.at("cat/2.jpg").label, "dog");
  EXPECT_EQ(decisions.at("dog/1.jpg").verdict, Verdict::kDrop);
}

TEST(ReadDecisions, TheLaterOneCounts) {
  const Decisions decisions = read(std::string(kHeader) + R"({"path":"cat/1.jpg","decision":"keep"})" + "\n" +
                                   R"({"path":"cat/1.jpg","decision":"drop"})" + "\n");
  EXPECT_EQ(decisions.at("cat/1.jpg").verdict, Verdict::kDrop);
}

TEST(ReadDecisions, MayBeWithoutAny) {
  EXPECT_THAT(read(kHeader), IsEmpty());
}

TEST(ReadDecisions, RefusesPicturesThatAreNotThere) {
  const Error error = error_of(std::string(kHeader) + R"({"path":"cat/9.jpg","decision":"keep"})" + "\n");
  EXPECT_EQ(error.kind(), ErrorKind::kInvalid);
  EXPECT_THAT(error.what(), HasSubstr("d.jsonl:2: cat/9.jpg is not in pets"));
}

TEST(ReadDecisions, RefusesLabelsWithoutAFolder) {
  const Error error =
      error_of(std::string(kHeader) + R"({"path":"cat/1.jpg","decision":"relabel","label":"cow"})" + "\n");
  EXPECT_EQ(error.kind(), ErrorKind::kInvalid);
  EXPECT_THAT(error.what(), HasSubstr("d.jsonl:2: pets has no folder for the label cow"));
}

TEST(ReadDecisions, RefusesWhatIsNoDecision) {
  for (const char* line :
       {R"({"path":"cat/1.jpg","decision":"burn"})", R"({"path":"cat/1.jpg"})", R"({"decision":"keep"})",
        R"({"path":7,"decision":"keep"})", R"({"path":"cat/1.jpg","decision":"relabel"})",
        R"({"path":"cat/1.jpg","decision":"relabel","label":["dog"]})", "[]", "7", "not json"}) {
    EXPECT_EQ(error_of(std::string(kHeader) + line + "\n").kind(), ErrorKind::kInvalid) << line;
  }
}

TEST(ReadDecisions, RefusesOtherFilesAndVersions) {
  for (const char* text : {"", "{}\n", "[]\n", "null\n", "not json\n",
                           "{\"format\":\"winnow-curated\",\"version\":1,\"root\":\".\"}\n"}) {
    EXPECT_EQ(error_of(text).kind(), ErrorKind::kInvalid) << text;
  }
  EXPECT_EQ(error_of("{\"format\":\"winnow-decisions\",\"version\":2}\n").kind(), ErrorKind::kUnsupported);
}

TEST(ReadDecisions, NeedsAFile) {
  const test::TemporaryFolder folder;
  try {
    (void)read_decisions(folder / "nothing.jsonl", example_tree());
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kNotFound);
  }
}

}  // namespace
}  // namespace winnow::curation
