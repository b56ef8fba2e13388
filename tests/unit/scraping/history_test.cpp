// What a collector remembers, in one run and from one to the next.
#include "collector_fixture.hpp"

namespace winnow::scraping {
namespace {

using testing::SizeIs;

class HistoryTest : public CollectorFixture {};

// Two workers may record a picture and its copy in either order.
TEST_F(HistoryTest, DropsTheSamePictureAlsoUnderAnotherLabel) {
  for (const char* path : {"/1.jpg", "/2.jpg", "/3.jpg"}) serve_jpeg(path, 7);
  const Summary summary = collect_list({{"cat", "/1.jpg"}, {"cat", "/2.jpg"}, {"dog", "/3.jpg"}});
  EXPECT_EQ(summary.total().kept, 1u);
  EXPECT_EQ(summary.total().duplicates, 2u);
  std::string kept;
  for (const ManifestRow& row : rows()) kept += row.file;
  for (const ManifestRow& row : rows()) {
    EXPECT_EQ(row.duplicate_of, row.outcome == RowOutcome::kDuplicate ? kept : "");
  }
  EXPECT_EQ(log(), "");
  expect_sound();
}

TEST_F(HistoryTest, KeepsTheSamePictureUnderASecondLabelIfAsked) {
  options_.dedupe_across_labels = false;
  for (const char* path : {"/1.jpg", "/2.jpg"}) serve_jpeg(path, 7);
  const Summary summary = collect_list({{"cat", "/1.jpg"}, {"cat", "/2.jpg"}, {"dog", "/2.jpg"}});
  EXPECT_EQ(summary.total().kept, 2u);
  EXPECT_EQ(summary.total().duplicates, 1u);  // one file can hold it only once
  EXPECT_EQ(test::read_text(set_ / file_of("cat", jpeg(7))), jpeg(7));
  EXPECT_EQ(test::read_text(set_ / file_of("dog", jpeg(7))), jpeg(7));
  expect_sound();
}

TEST_F(HistoryTest, FetchesAnAddressOnce) {
  serve_jpeg("/1.jpg", 1);
  const Summary summary = collect_list({{"cat", "/1.jpg"}, {"cat", "/1.jpg"}, {"dog", "/./1.jpg#x"}});
  EXPECT_EQ(server_.count("/1.jpg"), 1);
  EXPECT_EQ(summary.total().found, 3u);
  EXPECT_EQ(summary.total().kept, 1u);
  EXPECT_EQ(summary.total().duplicates, 2u);
  EXPECT_THAT(rows(), SizeIs(3));
}

TEST_F(HistoryTest, GoesOnWhereItWas) {
  serve_jpeg("/1.jpg", 1);
  serve_jpeg("/2.jpg", 1);  // a duplicate
  const std::vector<std::pair<std::string, std::string>> lines = {
      {"cat", "/1.jpg"}, {"cat", "/2.jpg"}, {"cat", "/1.jpg"}, {"cat", "/3.jpg"}, {"cat", "/4.jpg"}};
  EXPECT_EQ(collect_list(lines).total().failed, 2u);
  serve_jpeg("/3.jpg", 3);
  const Summary summary = collect_list(lines);
  EXPECT_EQ(server_.count("/1.jpg"), 1);
  EXPECT_EQ(server_.count("/2.jpg") + server_.count("/3.jpg"), 3);
  EXPECT_EQ(summary.total().found, 5u);
  EXPECT_EQ(summary.total().kept, 2u);
  EXPECT_EQ(summary.total().duplicates, 2u);
  EXPECT_EQ(summary.total().failed, 1u);
  EXPECT_THAT(rows(), SizeIs(7));  // the two that failed, once more
  expect_sound();
}

TEST_F(HistoryTest, KnowsAnAddressHoweverItIsWritten) {
  serve_jpeg("/a%20b.jpg", 1);
  collect_list({{"cat", "HTTP://LOCALHOST:" + std::to_string(server_.port()) + "/x/../a b.jpg#top"}});
  EXPECT_EQ(collect_list({{"cat", server_.url("/a b.jpg", "localhost")}}).total().kept, 1u);
  EXPECT_EQ(server_.count(), 1);
}

TEST_F(HistoryTest, ACopyRecordedBeforeItsOriginalIsNotFetchedAgain) {
  serve_jpeg("/1.jpg", 1);
  serve_jpeg("/2.jpg", 1);
  const std::vector<std::pair<std::string, std::string>> lines = {{"cat", "/1.jpg"}, {"cat", "/2.jpg"}};
  collect_list(lines);
  std::vector<ManifestRow> all = rows();
  ASSERT_THAT(all, SizeIs(2));
  if (all[0].outcome == RowOutcome::kKept) std::swap(all[0], all[1]);
  const std::string head = test::read_text(set_ / "manifest.jsonl").substr(0, 41);
  folder_.write("set/manifest.jsonl",
                head + to_line(to_json(all[0])) + "\n" + to_line(to_json(all[1])) + "\n");
  EXPECT_EQ(collect_list(lines).total().duplicates, 1u);
  EXPECT_EQ(server_.count(), 2);
}

TEST_F(HistoryTest, CountsWhatIsThereAlready) {
  std::vector<std::pair<std::string, std::string>> lines;
  for (std::uint64_t i = 0; i < 10; ++i) {
    serve_jpeg(fmt::format("/{}.jpg", i), i);
    lines.emplace_back("cat", fmt::format("/{}.jpg", i));
  }
  options_.count = 3;
  collect_list(lines);
  options_.count = 5;
  EXPECT_EQ(collect_list(lines).total().kept, 5u);
  EXPECT_EQ(server_.count(), 5);
}

TEST_F(HistoryTest, FetchesAgainWhatIsLostOrBroken) {
  serve_jpeg("/1.jpg", 1);
  serve_jpeg("/2.jpg", 2);
  const std::vector<std::pair<std::string, std::string>> lines = {{"cat", "/1.jpg"}, {"cat", "/2.jpg"}};
  collect_list(lines);
  std::filesystem::remove(set_ / file_of("cat", jpeg(1)));
  std::filesystem::resize_file(set_ / file_of("cat", jpeg(2)), 10);  // as after a power failure
  EXPECT_EQ(collect_list(lines).total().kept, 2u);
  EXPECT_EQ(server_.count(), 4);
  expect_sound();
}

}  // namespace
}  // namespace winnow::scraping
