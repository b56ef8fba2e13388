#include "winnow/scraping/url_list.hpp"

#include <gmock/gmock.h>

#include <vector>

#include "support/temporary_folder.hpp"

namespace winnow::scraping {
namespace {

using testing::HasSubstr;

class UrlListTest : public testing::Test {
 protected:
  std::vector<Candidate> read(const std::string& name, std::string_view content,
                              const std::string& label = "") {
    const std::filesystem::path path = folder_.write(name, content);
    UrlList list(path, label);
    std::vector<Candidate> rows;
    while (const auto finding = list.next({})) {
      EXPECT_FALSE(finding->failure);
      rows.push_back(finding->candidate);
    }
    EXPECT_EQ(list.expected(), rows.size());
    return rows;
  }

  // What is said of a list that cannot be read, without the folder.
  std::string complaint(const std::string& name, std::string_view content,
                        ErrorKind kind = ErrorKind::kInvalid) {
    try {
      read(name, content, kind == ErrorKind::kUsage ? "" : "x");
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind) << error.what();
      const std::string prefix = folder_.path().string() + "/";
      EXPECT_TRUE(std::string(error.what()).starts_with(prefix)) << error.what();
      return std::string(error.what()).substr(prefix.size());
    }
    return "no complaint";
  }

  test::TemporaryFolder folder_;
};

TEST_F(UrlListTest, ReadsText) {
  const auto rows = read(
      "a.txt", "# pets\nhttp://a/1.jpg\n\n  http://a/2.jpg  \r\n#http://a/no.jpg\nhttp://a/3.jpg", "cat");
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].url, "http://a/1.jpg");
  EXPECT_EQ(rows[1].url, "http://a/2.jpg");
  EXPECT_EQ(rows[2].url, "http://a/3.jpg");
  EXPECT_EQ(rows[2].label, "cat");
  EXPECT_EQ(rows[2].source, "list");
}

TEST_F(UrlListTest, ReadsAllThatASearchFinds) {
  const auto rows =
      read("a.jsonl",
           "{\"url\":\"http://a/1.jpg\",\"label\":\"cat\",\"source\":\"commons\",\"source_id\":7,"
           "\"query\":\"tom cat\",\"licence\":\"CC0\",\"licence_url\":\"http://l\","
           "\"creator_url\":\"http://c\",\"permission\":\"asked\"}\n");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].source, "commons");
  EXPECT_EQ(rows[0].source_id, "7");
  EXPECT_EQ(rows[0].query, "tom cat");
  EXPECT_EQ(rows[0].licence_url, "http://l");
  EXPECT_EQ(rows[0].creator_url, "http://c");
  EXPECT_EQ(rows[0].permission, "asked");
}

TEST_F(UrlListTest, ReadsCsv) {
  const auto rows = read("a.csv",
                         "url,label,licence,page_url,title,creator,width\r\n"
                         "http://a/1.jpg,cat,cc0,http://a/1,\"Tom, \"\"the\"\" cat\",Ann,640\r\n"
                         "\r\n"
                         "http://a/2.jpg,dog,,,\"two\nlines\",,\r\n");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].url, "http://a/1.jpg");
  EXPECT_EQ(rows[0].label, "cat");
  EXPECT_EQ(rows[0].licence, "cc0");
  EXPECT_EQ(rows[0].page_url, "http://a/1");
  EXPECT_EQ(rows[0].title, "Tom, \"the\" cat");
  EXPECT_EQ(rows[0].creator, "Ann");
  EXPECT_EQ(rows[1].title, "two\nlines");
  EXPECT_EQ(rows[1].licence, "");
}

TEST_F(UrlListTest, ReadsTsv) {
  const auto rows = read("a.tsv", "label\turl\ncat\thttp://a/1,2.jpg\ndog\t\"http://a/3.jpg\"\n");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].url, "http://a/1,2.jpg");
  EXPECT_EQ(rows[1].url, "http://a/3.jpg");
  EXPECT_EQ(rows[1].label, "dog");
}

TEST_F(UrlListTest, ReadsJsonLines) {
  const auto rows = read(
      "a.jsonl",
      "{\"url\": \"http://a/1.jpg\", \"label\": \"cr\\u00e8me\", \"license\": \"cc0\", \"width\": 640}\n\n"
      "{\"title\": null, \"url\": \"http://a/2.jpg\", \"label\": \"dog\"}");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].label, "crème");
  EXPECT_EQ(rows[0].licence, "cc0");
  EXPECT_EQ(rows[1].url, "http://a/2.jpg");
}

TEST_F(UrlListTest, FindsColumnsInAnyCaseAndOrder) {
  const auto rows = read("a.csv", "TEXT, License ,URL\nsome text,cc0,http://a/1.jpg\n", "cat");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].url, "http://a/1.jpg");
  EXPECT_EQ(rows[0].licence, "cc0");
}

TEST_F(UrlListTest, PassesOverAByteOrderMark) {
  EXPECT_EQ(read("a.csv", "\xef\xbb\xbfurl,label\nhttp://a/1.jpg,cat\n").at(0).url, "http://a/1.jpg");
  EXPECT_EQ(read("a.txt", "\xef\xbb\xbfhttp://a/1.jpg\n", "cat").at(0).url, "http://a/1.jpg");
  EXPECT_EQ(read("a", "\xef\xbb\xbf{\"url\":\"http://a/1.jpg\"}\n", "cat").at(0).url, "http://a/1.jpg");
}

TEST_F(UrlListTest, TheLabelOfARowWins) {
  const auto rows = read("a.csv", "url,label\nhttp://a/1.jpg,cat\nhttp://a/2.jpg,\n", "pet");
  EXPECT_EQ(rows.at(0).label, "cat");
  EXPECT_EQ(rows.at(1).label, "pet");
}

TEST_F(UrlListTest, PassesOnWhatIsNoUrl) {
  const auto rows = read("a.csv", "url\n\"\"\nnot a url\n", "cat");
  EXPECT_EQ(rows.at(0).url, "");
  EXPECT_EQ(rows.at(1).url, "not a url");
}

TEST_F(UrlListTest, AnEmptyListHasNothing) {
  EXPECT_TRUE(read("a.txt", "", "cat").empty());
  EXPECT_TRUE(read("a.jsonl", "\n\n", "cat").empty());
  EXPECT_TRUE(read("a.csv", "url\n", "cat").empty());
}

TEST_F(UrlListTest, StopsWhenAsked) {
  UrlList list(folder_.write("a.txt", "http://a/1.jpg\n"), "cat");
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(list.next(stop.get_token()));
}

TEST_F(UrlListTest, NamesTheLineOfAMistake) {
  EXPECT_EQ(complaint("a.csv", "url,label\nhttp://a/1.jpg,cat\nhttp://a/2.jpg\n"),
            "a.csv:3: has 1 fields, the header has 2");
  EXPECT_EQ(complaint("a.csv", "url,title\nhttp://a/1.jpg,\"one\ntwo\"\nhttp://a/2.jpg,a,b\n"),
            "a.csv:4: has 3 fields, the header has 2");
  EXPECT_EQ(complaint("a.csv", "url\nhttp://a/1.jpg\n\"http://a/2.jpg\nhttp://a/3.jpg\n"),
            "a.csv:3: a quoted field is never closed");
  EXPECT_EQ(complaint("a.csv", "url\n\"http://a/1.jpg\" x\n"),
            "a.csv:2: text stands after the quote that closes a field");
  EXPECT_EQ(complaint("a.csv", "link,label\nhttp://a/1.jpg,cat\n"),
            "a.csv:1: has no column \"url\" but \"link\", \"label\"");
  EXPECT_EQ(complaint("a.csv", ""), "a.csv: is empty; a header line is needed");
  EXPECT_EQ(complaint("a.jsonl", "{\"url\": \"http://a/1.jpg\"}\n{\"url\": \n"),
            "a.jsonl:2: is not a JSON object");
  EXPECT_EQ(complaint("a.jsonl", "[\"http://a/1.jpg\"]\n"), "a.jsonl:1: is not a JSON object");
  EXPECT_EQ(complaint("a.jsonl", "{\"link\": \"http://a/1.jpg\"}\n"), "a.jsonl:1: has no \"url\"");
  EXPECT_EQ(complaint("a.jsonl", "{\"url\": 5}\n"), "a.jsonl:1: \"url\" is not text");
  EXPECT_EQ(complaint("a.jsonl", "{\"url\": \"\xff\"}\n"), "a.jsonl:1: is not a JSON object");
}

TEST_F(UrlListTest, RefusesLinesThatNeverEnd) {
  EXPECT_EQ(complaint("a.txt", std::string(2'000'000, 'x')), "a.txt:1: is longer than 1 MB");
  EXPECT_EQ(complaint("a.jsonl", "{}\n" + std::string(2'000'000, ' ')), "a.jsonl:1: has no \"url\"");
  EXPECT_EQ(complaint("a.jsonl", "{\"url\":\"x\"}\n\n" + std::string(2'000'000, ' ')),
            "a.jsonl:3: is longer than 1 MB");
  EXPECT_EQ(complaint("a.csv", "url\n\"" + std::string(2'000'000, 'x')),
            "a.csv:2: is longer than 1 MB; is a quote missing?");
}

TEST_F(UrlListTest, WantsALabelForEveryRow) {
  EXPECT_EQ(complaint("a.txt", "# x\nhttp://a/1.jpg\n", ErrorKind::kUsage),
            "a.txt:2: has no label, and none was given for the list");
  EXPECT_EQ(complaint("a.csv", "url,label\nhttp://a/1.jpg,cat\nhttp://a/2.jpg,\n", ErrorKind::kUsage),
            "a.csv:3: has no label, and none was given for the list");
  EXPECT_EQ(complaint("a.csv", "url,label\nhttp://a/1.jpg,../cat\n", ErrorKind::kUsage),
            "a.csv:2: a label cannot begin with a dot; it becomes the name of a folder");
  EXPECT_EQ(complaint("a.jsonl", "{\"url\": \"http://a/1.jpg\", \"label\": \"a/b\"}\n", ErrorKind::kUsage),
            "a.jsonl:1: a label cannot hold a slash; it becomes the name of a folder");
}

TEST_F(UrlListTest, SaysWhyAFileCannotBeRead) {
  EXPECT_THROW(
      {
        try {
          UrlList(folder_ / "none.txt", "x");
        } catch (const Error& error) {
          EXPECT_EQ(error.kind(), ErrorKind::kNotFound);
          EXPECT_THAT(error.what(), HasSubstr("none.txt: No such file or directory"));
          throw;
        }
      },
      Error);
  EXPECT_THROW(UrlList(folder_.path(), "x"), Error);
  EXPECT_THROW(UrlList("/dev/null", "x"), Error);
}

TEST(ListFormat, GoesByTheExtension) {
  EXPECT_EQ(detect_list_format("a.txt", "url,label\n"), ListFormat::kText);
  EXPECT_EQ(detect_list_format("a.CSV", "http://a\n"), ListFormat::kCsv);
  EXPECT_EQ(detect_list_format("a.tsv", ""), ListFormat::kTsv);
  EXPECT_EQ(detect_list_format("a.jsonl", ""), ListFormat::kJsonLines);
  EXPECT_EQ(detect_list_format("a.ndjson", ""), ListFormat::kJsonLines);
}

TEST(ListFormat, GoesByTheContentOtherwise) {
  EXPECT_EQ(detect_list_format("list", "http://a/1.jpg\nhttp://a/2.jpg"), ListFormat::kText);
  EXPECT_EQ(detect_list_format("list.dat", "label,\"url\"\ncat,http://a"), ListFormat::kCsv);
  EXPECT_EQ(detect_list_format("list", "url\nhttp://a"), ListFormat::kCsv);
  EXPECT_EQ(detect_list_format("list", "label\turl\ncat\thttp://a"), ListFormat::kTsv);
  EXPECT_EQ(detect_list_format("list", "{\"url\":\"http://a\"}"), ListFormat::kJsonLines);
  EXPECT_EQ(detect_list_format("list", "http://a/?x=url,label"), ListFormat::kText);
  EXPECT_EQ(detect_list_format("list", ""), ListFormat::kText);
}

}  // namespace
}  // namespace winnow::scraping
