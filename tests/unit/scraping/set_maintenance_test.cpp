#include "winnow/scraping/set_maintenance.hpp"

#include "collector_fixture.hpp"

namespace winnow::scraping {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class SetMaintenanceTest : public CollectorFixture {
 protected:
  SetMaintenanceTest() {
    for (std::uint64_t i = 1; i <= 3; ++i) serve_jpeg(fmt::format("/{}.jpg", i), i);
    options_.same_picture_bits = -1;
  }
  void collect_three() { collect_list(lines_); }
  std::vector<std::string> problems() const {
    std::vector<std::string> said;
    for (const SetProblem& problem : verify_set(set_, context_).problems)
      said.push_back(problem.file + " " + problem.what);
    return said;
  }
  TakeDownReport remove(const std::vector<std::string>& entries) const {
    ImageSetWriter set(set_);
    return take_down(set, entries);
  }
  bool exists(std::uint64_t seed) const { return std::filesystem::exists(set_ / file_of("cat", jpeg(seed))); }

  const std::vector<std::pair<std::string, std::string>> lines_ = {
      {"cat", "/1.jpg"}, {"cat", "/2.jpg"}, {"cat", "/3.jpg"}};
};

TEST_F(SetMaintenanceTest, ASoundSetHasNoProblems) {
  collect_three();
  EXPECT_THAT(problems(), IsEmpty());
  EXPECT_EQ(verify_set(set_, context_).checked, 3u);
}

TEST_F(SetMaintenanceTest, NamesWhatIsNotAsItWas) {
  collect_three();
  std::filesystem::remove(set_ / file_of("cat", jpeg(1)));
  std::string bent = jpeg(2);
  bent.back() = static_cast<char>(bent.back() ^ 1);
  folder_.write("set/" + file_of("cat", jpeg(2)), bent);
  folder_.write("set/dog/mine.jpg", "x");
  folder_.write("set/.winnow-1-1.tmp", "left by a killed run");
  folder_.write("set/.winnow/efficientnet_lite0.embeddings", "computed by winnow-curate");
  std::vector<std::string> expected = {file_of("cat", jpeg(1)) + " cannot be read: No such file or directory",
                                       file_of("cat", jpeg(2)) + " is not what was fetched",
                                       "dog/mine.jpg is not in the manifest"};
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(problems(), expected);
}

TEST_F(SetMaintenanceTest, WantsASet) {
  EXPECT_THROW((void)verify_set(folder_ / "none", context_), Error);
  folder_.write("set/manifest.jsonl", "{}\n");
  EXPECT_THROW((void)verify_set(set_, context_), Error);
}

TEST_F(SetMaintenanceTest, TakesDownByAddressFileOrHash) {
  collect_three();
  const TakeDownReport report =
      remove({server_.url("/./1.jpg#x"), file_of("cat", jpeg(2)), sha256_hex(as_bytes(jpeg(3)))});
  EXPECT_EQ(report.removed, 3u);
  EXPECT_THAT(report.unknown, IsEmpty());
  EXPECT_FALSE(exists(1) || exists(2) || exists(3));
  EXPECT_EQ(test::read_text(set_ / "ATTRIBUTION.md").find("cat/"), std::string::npos);
  EXPECT_THAT(problems(), IsEmpty());
}

TEST_F(SetMaintenanceTest, TakesDownAllOfAPage) {
  UrlList list(
      folder_.write("list.csv",
                    fmt::format("url,label,page_url\n{},cat,http://p/1\n{},cat,http://p/1\n"
                                "{},cat,http://p/2\n",
                                server_.url("/1.jpg"), server_.url("/2.jpg"), server_.url("/3.jpg"))),
      "");
  run(list);
  EXPECT_EQ(remove({"http://p/1"}).removed, 2u);
  EXPECT_TRUE(exists(3));
}

TEST_F(SetMaintenanceTest, WhatIsTakenDownDoesNotComeBack) {
  collect_three();
  remove({server_.url("/1.jpg")});
  serve_jpeg("/again.jpg", 1);
  std::vector<std::pair<std::string, std::string>> more = lines_;
  more.emplace_back("cat", "/again.jpg");
  EXPECT_EQ(collect_list(more).total().kept, 2u);
  EXPECT_EQ(server_.count("/1.jpg"), 1);
  EXPECT_EQ(outcomes()["/1.jpg"], "removed");
  EXPECT_EQ(outcomes()["/again.jpg"], "removed");
  EXPECT_FALSE(exists(1));
}

TEST_F(SetMaintenanceTest, DeletesNothingOutsideTheSet) {
  folder_.write("mine.txt", "mine");
  folder_.write(
      "set/manifest.jsonl",
      "{\"format\":\"winnow-manifest\",\"version\":1}\n"
      "{\"url\":\"http://a/1\",\"label\":\"..\",\"outcome\":\"kept\",\"file\":\"../mine.txt\"}\n"
      "{\"url\":\"http://a/1\",\"label\":\"cat\",\"outcome\":\"kept\",\"file\":\"cat/../../mine.txt\"}\n");
  EXPECT_EQ(remove({"http://a/1"}).removed, 0u);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "mine.txt"));
}

TEST_F(SetMaintenanceTest, SaysWhatItDoesNotKnow) {
  collect_three();
  const TakeDownReport report = remove({"http://elsewhere/1.jpg", "", "cat", "../x"});
  EXPECT_EQ(report.removed, 0u);
  EXPECT_THAT(report.unknown, ElementsAre("http://elsewhere/1.jpg", "", "cat", "../x"));
  EXPECT_TRUE(exists(1) && exists(2) && exists(3));
  remove({server_.url("/1.jpg")});
  const TakeDownReport again = remove({server_.url("/1.jpg")});
  EXPECT_EQ(again.removed, 0u);
  EXPECT_THAT(again.unknown, IsEmpty());
}

}  // namespace
}  // namespace winnow::scraping
