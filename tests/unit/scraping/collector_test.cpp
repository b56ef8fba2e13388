#include "winnow/scraping/collector.hpp"

#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "collector_fixture.hpp"
#include "support/encoders.hpp"
#include "winnow/scraping/page_source.hpp"

namespace winnow::scraping {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::SizeIs;

class CollectorTest : public CollectorFixture {};

TEST_F(CollectorTest, KeepsWhatAListNames) {
  for (std::uint64_t i = 1; i <= 4; ++i) serve_jpeg(fmt::format("/{}.jpg", i), i);
  const Summary summary =
      collect_list({{"cat", "/1.jpg"}, {"cat", "/2.jpg"}, {"big dog", "/3.jpg"}, {"cat", "/4.jpg"}});
  ASSERT_THAT(summary.labels, SizeIs(2));
  EXPECT_EQ(summary.total().found, 4u);
  EXPECT_EQ(summary.total().kept, 4u);
  EXPECT_EQ(summary.total().failed, 0u);
  expect_sound();
  EXPECT_EQ(test::read_text(set_ / file_of("big dog", jpeg(3))), jpeg(3));
  EXPECT_THAT(test::read_text(set_ / "ATTRIBUTION.md"), HasSubstr(server_.url("/3.jpg")));
  EXPECT_EQ(log(), "");
}

TEST_F(CollectorTest, RecordsAllThatIsKnown) {
  serve_jpeg("/1.jpg", 1);
  UrlList list(folder_.write("list.csv", "url,label,license,page_url,title,creator\n" +
                                             server_.url("/1.jpg") + ",cat,cc0,http://p/,Tom,Ann\n"),
               "");
  run(list);
  ASSERT_THAT(rows(), SizeIs(1));
  const ManifestRow row = rows()[0];
  EXPECT_EQ(row.url, server_.url("/1.jpg"));
  EXPECT_EQ(row.outcome, RowOutcome::kKept);
  EXPECT_EQ(row.file, file_of("cat", jpeg(1)));
  EXPECT_EQ(row.sha256, sha256_hex(as_bytes(jpeg(1))));
  EXPECT_EQ(row.bytes, jpeg(1).size());
  EXPECT_EQ(row.width, 96);
  EXPECT_EQ(row.height, 80);
  EXPECT_EQ(row.image_format, "jpg");
  EXPECT_EQ(row.licence, "cc0");
  EXPECT_EQ(row.page_url, "http://p/");
  EXPECT_EQ(row.title, "Tom");
  EXPECT_EQ(row.creator, "Ann");
  EXPECT_EQ(row.source, "list");
  EXPECT_TRUE(row.retrieved_at.ends_with('Z'));
}

TEST_F(CollectorTest, KeepsWhatAGalleryShows) {
  server_.serve("/1", "text/html",
                "<a href=1.jpg><img src=thumb.jpg></a><img src=2.jpg><a rel=next href=/2>more</a>");
  server_.serve("/2", "text/html", "<img src=3.jpg><img src=missing.jpg>");
  for (std::uint64_t i = 1; i <= 3; ++i) serve_jpeg(fmt::format("/{}.jpg", i), i);
  net::HttpClient client(client_options_);
  PageSource pages(
      client, {{"cat", *net::Url::parse(server_.url("/1"))}, {"dog", *net::Url::parse(server_.url("/none"))}},
      {});
  ImageSetWriter set(set_);
  const Summary summary = collect(pages, set, client, options_, context_);
  EXPECT_EQ(summary.total().kept, 3u);
  EXPECT_EQ(summary.total().failed, 2u);
  EXPECT_EQ(server_.count("/thumb.jpg"), 0);
  EXPECT_EQ(outcomes()["/missing.jpg"], "http_404");
  EXPECT_EQ(outcomes()["/none"], "http_404");
  EXPECT_THAT(log(), HasSubstr("winnow-scrape: " + server_.url("/missing.jpg") +
                               ": answers 404 Not Found; skipped\n"));
  expect_sound();
}

TEST_F(CollectorTest, TellsWhatThingsAreFromTheirBytes) {
  server_.serve("/page.jpg", "image/jpeg", "<!doctype html><html><body>no picture</body></html>");
  server_.serve("/short.jpg", "image/jpeg", jpeg(1).substr(0, jpeg(1).size() / 2));
  server_.serve("/empty.jpg", "image/jpeg", "");
  server_.serve("/small.jpg", "image/jpeg", jpeg(2, 60, 90));
  server_.serve("/drawing.jpg", "image/jpeg", "<svg xmlns='http://www.w3.org/2000/svg'/>");
  server_.serve("/jpeg.png", "text/plain", jpeg(3));
  const Summary summary = collect_list({{"cat", "/page.jpg"},
                                        {"cat", "/short.jpg"},
                                        {"cat", "/empty.jpg"},
                                        {"cat", "/small.jpg"},
                                        {"cat", "/drawing.jpg"},
                                        {"cat", "/jpeg.png"}});
  const std::map<std::string, std::string> expected = {{"/page.jpg", "not_an_image"},
                                                       {"/short.jpg", "truncated"},
                                                       {"/empty.jpg", "empty"},
                                                       {"/small.jpg", "too_small"},
                                                       {"/drawing.jpg", "unsupported_format"},
                                                       {"/jpeg.png", "kept"}};
  EXPECT_EQ(outcomes(), expected);
  EXPECT_EQ(summary.total().failed, 5u);
  EXPECT_EQ(summary.total().failed_by_reason.at("truncated"), 1u);
  EXPECT_THAT(test::list_files(set_), testing::Contains(file_of("cat", jpeg(3))));
  expect_sound();
}

TEST_F(CollectorTest, NamesFilesByTheirContent) {
  const image::Image picture = test::draw_scene("stripes", 5);
  const std::vector<image::Image> frames = [&] {
    std::vector<image::Image> one;
    one.push_back(test::draw_scene("checks", 6));
    return one;
  }();
  const auto serve = [&](const std::string& path, const Bytes& bytes) {
    server_.serve(path, "image/jpeg", std::string(as_text(bytes)));
  };
  serve("/1.jpg", test::encode_png(picture));
  serve("/2.jpg", test::encode_webp(picture));
  serve("/3.jpg", test::encode_gif(frames));
  serve("/4.jpg", test::encode_avif(frames));
  serve("/5.jpg", test::encode_bmp(picture));
  EXPECT_EQ(
      collect_list(
          {{"cat", "/1.jpg"}, {"cat", "/2.jpg"}, {"cat", "/3.jpg"}, {"cat", "/4.jpg"}, {"cat", "/5.jpg"}})
          .total()
          .kept,
      5u);
  for (const ManifestRow& row : rows()) EXPECT_TRUE(row.file.ends_with("." + row.image_format)) << row.file;
  std::set<std::string> formats;
  for (const ManifestRow& row : rows()) formats.insert(row.image_format);
  EXPECT_EQ(formats, (std::set<std::string>{"avif", "bmp", "gif", "png", "webp"}));
  expect_sound();
}

TEST_F(CollectorTest, RecordsWhyAFetchFailed) {
  for (const int status : {403, 404, 410, 451, 500, 204}) {
    server_.route(fmt::format("/{}", status),
                  [status](Connection& connection, const Request&) { connection.respond(status, "", ""); });
  }
  server_.serve("/large", "image/jpeg", std::string(50'000, 'x'));
  server_.redirect("/loop", "/loop");
  server_.redirect("/file", "file:///etc/passwd");
  options_.max_bytes = 40'000;
  collect_list({{"cat", "/403"},
                {"cat", "/404"},
                {"cat", "/410"},
                {"cat", "/451"},
                {"cat", "/500"},
                {"cat", "/204"},
                {"cat", "/large"},
                {"cat", "/loop"},
                {"cat", "/file"},
                {"cat", "ftp://a/b.jpg"},
                {"cat", "nonsense"},
                {"cat", ""}});
  const std::map<std::string, std::string> expected = {
      {"/403", "http_403"},        {"/404", "http_404"},
      {"/410", "http_410"},        {"/451", "http_451"},
      {"/500", "http_500"},        {"/204", "empty"},
      {"/large", "too_large"},     {"/loop", "too_many_redirects"},
      {"/file", "refused_scheme"}, {"ftp://a/b.jpg", "refused_scheme"},
      {"nonsense", "bad_url"},     {"", "bad_url"}};
  EXPECT_EQ(outcomes(), expected);
  EXPECT_THAT(log(), HasSubstr("winnow-scrape: cat: a row without a URL; skipped\n"));
}

TEST_F(CollectorTest, TriesAgainWhatPasses) {
  std::atomic<int> turn = 0;
  server_.route("/1.jpg", [&](Connection& connection, const Request&) {
    if (turn++ == 0) {
      connection.respond(503, "Retry-After: 0\r\n", "");
    } else {
      connection.respond(200, "", jpeg(1));
    }
  });
  EXPECT_EQ(collect_list({{"cat", "/1.jpg"}}).total().kept, 1u);
  EXPECT_THAT(rows(), SizeIs(1));
}

TEST_F(CollectorTest, KeepsAsManyAsWanted) {
  std::vector<std::pair<std::string, std::string>> lines;
  for (std::uint64_t i = 0; i < 20; ++i) {
    serve_jpeg(fmt::format("/{}.jpg", i), i);
    lines.emplace_back(i % 2 == 0 ? "cat" : "dog", fmt::format("/{}.jpg", i));
  }
  options_.count = 4;
  const Summary summary = collect_list(lines);
  ASSERT_THAT(summary.labels, SizeIs(2));
  EXPECT_EQ(summary.labels[0].kept, 4u);
  EXPECT_EQ(summary.labels[1].kept, 4u);
  EXPECT_EQ(server_.count(), 8);  // nothing that was not needed
  expect_sound();
}

TEST_F(CollectorTest, TakesOthersForThoseThatFail) {
  std::vector<std::pair<std::string, std::string>> lines;
  for (std::uint64_t i = 0; i < 30; ++i) {
    if (i % 3 == 0) serve_jpeg(fmt::format("/{}.jpg", i), i);
    lines.emplace_back("cat", fmt::format("/{}.jpg", i));
  }
  options_.count = 5;
  const Summary summary = collect_list(lines);
  EXPECT_EQ(summary.total().kept, 5u);
  EXPECT_LE(server_.count(), 15);
}

TEST_F(CollectorTest, KeepsAllThereIsIfMoreAreWanted) {
  serve_jpeg("/1.jpg", 1);
  options_.count = 10;
  EXPECT_EQ(collect_list({{"cat", "/1.jpg"}, {"cat", "/2.jpg"}}).total().kept, 1u);
}

TEST_F(CollectorTest, ListsOnlyTheFirstFailures) {
  options_.max_listed_failures = 3;
  std::vector<std::pair<std::string, std::string>> lines;
  for (int i = 0; i < 10; ++i) lines.emplace_back("cat", fmt::format("/{}.jpg", i));
  const Summary summary = collect_list(lines);
  EXPECT_EQ(summary.total().failed, 10u);
  const std::string said = log();
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 4);
  EXPECT_THAT(said, HasSubstr("winnow-scrape: and 7 more that failed, see " +
                              (set_ / "manifest.jsonl").string() + "\n"));
  EXPECT_THAT(rows(), SizeIs(10));
}

TEST_F(CollectorTest, ARowWithoutAUsableUrlIsAFailureEachTime) {
  const Summary summary =
      collect_list({{"cat", ""}, {"cat", "nonsense"}, {"cat", ""}, {"dog", ""}, {"cat", "nonsense"}});
  EXPECT_EQ(summary.total().failed, 5u);
  EXPECT_EQ(summary.total().duplicates, 0u);
  EXPECT_EQ(summary.total().failed_by_reason.at("bad_url"), 5u);
}

TEST_F(CollectorTest, KnowsAnAddressThatIsNotUtf8) {
  serve_jpeg("/caf%e9.jpg", 1);
  const std::string latin1 = server_.url("/caf\xe9.jpg");
  EXPECT_EQ(collect_list({{"cat", latin1}}).total().kept, 1u);
  EXPECT_EQ(rows().at(0).url, server_.url("/caf%e9.jpg"));
  EXPECT_EQ(collect_list({{"cat", latin1}}).total().kept, 1u);
  EXPECT_EQ(server_.count(), 1);
}

TEST_F(CollectorTest, EndsWhenItHasEnoughWithoutWaitingForPages) {
  server_.serve("/1", "text/html", "<img src=1.jpg><img src=2.jpg><a rel=next href=/2>more</a>");
  server_.route("/2", [](Connection& connection, const Request&) { connection.sleep(1h); });
  serve_jpeg("/1.jpg", 1);
  serve_jpeg("/2.jpg", 2);
  options_.count = 2;
  net::HttpClient client(client_options_);
  PageSource pages(client, {{"cat", *net::Url::parse(server_.url("/1"))}}, {});
  ImageSetWriter set(set_);
  EXPECT_EQ(collect(pages, set, client, options_, context_).total().kept, 2u);
}

TEST_F(CollectorTest, AsksForNoPageOfALabelThatIsFullAlready) {
  serve_jpeg("/1.jpg", 1);
  options_.count = 1;
  collect_list({{"cat", "/1.jpg"}});
  net::HttpClient client(client_options_);
  PageSource pages(client, {{"cat", *net::Url::parse(server_.url("/page"))}}, {});
  ImageSetWriter set(set_);
  EXPECT_EQ(collect(pages, set, client, options_, context_).total().kept, 1u);
  EXPECT_EQ(server_.count("/page"), 0);
}

TEST_F(CollectorTest, StopsInTheMiddleAndGoesOn) {
  std::vector<std::pair<std::string, std::string>> lines;
  for (std::uint64_t i = 0; i < 10; ++i) {
    serve_jpeg(fmt::format("/{}.jpg", i), i);
    lines.emplace_back("cat", fmt::format("/{}.jpg", i));
  }
  server_.route("/hang.jpg", [](Connection& connection, const Request&) { connection.sleep(1h); });
  lines.emplace_back("cat", "/hang.jpg");
  Summary summary;
  {
    const std::jthread stopper([&] {
      while (server_.count("/hang.jpg") == 0 || rows_written() < 10) std::this_thread::sleep_for(1ms);
      stop_.request_stop();
    });
    summary = collect_list(lines);
  }
  EXPECT_EQ(summary.total().kept, 10u);
  EXPECT_EQ(outcomes().count("/hang.jpg"), 0u);
  EXPECT_TRUE(std::filesystem::exists(set_ / "ATTRIBUTION.md"));
  expect_sound();

  stop_ = std::stop_source();
  context_.stop = stop_.get_token();
  serve_jpeg("/hang.jpg", 100);
  summary = collect_list(lines);
  EXPECT_EQ(summary.total().kept, 11u);
  EXPECT_EQ(server_.count(), 12);
  expect_sound();
}

TEST_F(CollectorTest, AStopBeforeTheStartFetchesNothing) {
  stop_.request_stop();
  EXPECT_EQ(collect_list({{"cat", "/1.jpg"}}).total().found, 0u);
  EXPECT_EQ(server_.count(), 0);
}

TEST_F(CollectorTest, AFullDiskEndsTheRunAndLeavesASoundSet) {
  ::signal(SIGXFSZ, SIG_IGN);
  std::vector<std::pair<std::string, std::string>> lines;
  for (std::uint64_t i = 0; i < 10; ++i) {
    serve_jpeg(fmt::format("/{}.jpg", i), i);
    lines.emplace_back("cat", fmt::format("/{}.jpg", i));
  }
  server_.serve("/large.jpg", "image/jpeg", jpeg(99, 600, 600));
  lines.emplace_back("cat", "/large.jpg");
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  rlimit small = before;
  small.rlim_cur = jpeg(99, 600, 600).size() - 1;  // stands in for a disk that is full just then
  ::setrlimit(RLIMIT_FSIZE, &small);
  std::string complaint;
  try {
    collect_list(lines);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kIo);
    complaint = error.what();
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_THAT(complaint, HasSubstr(file_of("cat", jpeg(99, 600, 600)) + ": cannot write: File too large"));
  expect_sound();
  EXPECT_EQ(collect_list(lines).total().kept, 11u);
  expect_sound();
}

TEST_F(CollectorTest, ASlowHostAtTheHeadOfAListHoldsUpNobody) {
  client_options_.limits = {1, 0ms};
  std::atomic<bool> release = false;
  server_.route("/slow.jpg", [&](Connection& connection, const Request&) {
    while (!release && connection.sleep(5ms)) {
    }
    connection.respond(404, "", "");
  });
  std::vector<std::pair<std::string, std::string>> lines;
  for (int i = 0; i < 500; ++i)
    lines.emplace_back("cat", server_.url(fmt::format("/slow.jpg?{}", i), "slow.localhost"));
  for (std::uint64_t i = 0; i < 20; ++i) {
    serve_jpeg(fmt::format("/{}.jpg", i), i);
    lines.emplace_back("cat", fmt::format("/{}.jpg", i));
  }
  {
    const std::jthread releaser([&] {
      while (server_.count() < 21) std::this_thread::sleep_for(1ms);
      release = true;
    });
    EXPECT_EQ(collect_list(lines).total().kept, 20u);
  }
}

}  // namespace
}  // namespace winnow::scraping
