// winnow-scrape as people run it: what it prints, what it leaves, and how it ends.
#include <signal.h>

#include <thread>

#include "scrape_fixture.hpp"
#include "support/built.hpp"

namespace winnow::tools {
namespace {

using namespace std::chrono_literals;
using scraping::ManifestRow;
using test::Finished;
using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class ScrapeTest : public ScrapeFixture {};

TEST_F(ScrapeTest, HelpShowsEveryOption) {
  const Finished help = test::run({"winnow-scrape", "--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_EQ(help.err, "");
  for (const char* option :
       {"--output",    "--label",       "--page",        "--urls",      "--count",         "--min-side",
        "--max-bytes", "--max-pixels",  "--max-pages",   "--resume",    "--allow-private", "--no-politeness",
        "--no-dedupe", "--connections", "--contact",     "--same-bits", "--max-side",      "--quality",
        "--keep-exif", "--verify",      "--remove-list", "--shards"}) {
    EXPECT_THAT(help.out, HasSubstr(option));
  }
}

TEST_F(ScrapeTest, ScrapesGalleries) {
  serve_jpegs(4);
  server_.serve("/cats", "text/html",
                "<a href=0.jpg><img src=t.jpg alt=Tom></a><a rel=next href=/cats2>more</a>");
  server_.serve("/cats2", "text/html", "<img src=1.jpg><img src=2.jpg>");
  server_.serve("/dogs", "text/html", "<img src=3.jpg>");
  const Finished run = scrape({"--label", "cat", "--page", server_.url("/cats"), "--label", "big dog",
                               "--page", server_.url("/dogs")});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.err, "");
  EXPECT_EQ(run.out,
            "label    found  kept  duplicates  failed\n"
            "big dog      1     1           0       0\n"
            "cat          3     3           0       0\n"
            "total        4     4           0       0\n");
  EXPECT_EQ(kept(), 4u);
  EXPECT_THAT(test::read_text(set() / "ATTRIBUTION.md"),
              HasSubstr("\"Tom\", creator unknown, licence unknown, from <" + server_.url("/cats") + ">"));
  EXPECT_EQ(server_.requests("/0.jpg").at(0).headers.at("user-agent"), "winnow-scrape/" WINNOW_VERSION);
}

TEST_F(ScrapeTest, ScrapesListsOfEveryKind) {
  serve_jpegs(1);
  const std::string url = server_.url("/0.jpg");
  const std::vector<std::pair<std::string, std::string>> lists = {
      {"list.txt", "# pets\n" + url + "\n"},
      {"list.csv", "label,url\r\ncat," + url + "\r\n"},
      {"list.tsv", "url\tlabel\n" + url + "\tcat\n"},
      {"list.jsonl", "{\"url\":\"" + url + "\",\"label\":\"cat\"}\n"},
      {"list", "url,label\n" + url + ",cat\n"},
  };
  for (const auto& [name, content] : lists) {
    folder_.write(name, content);
    std::filesystem::remove_all(set());
    const Finished run = scrape({"--urls", name, "--label", "cat"});
    EXPECT_EQ(run.exit_code, 0) << name << run.err;
    EXPECT_EQ(run.out,
              "label  found  kept  duplicates  failed\n"
              "cat        1     1           0       0\n");
    EXPECT_EQ(run.err, "");
    EXPECT_EQ(kept(), 1u);
  }
}

TEST_F(ScrapeTest, SomeFailuresMakeItThree) {
  serve_jpegs(2);
  server_.serve("/2.jpg", "image/jpeg", "<html><body>no picture</body></html>");
  const Finished run = scrape({"--urls", list_of(4), "--label", "cat"});
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_EQ(run.out,
            "label  found  kept  duplicates  failed\n"
            "cat        4     2           0       2\n");
  EXPECT_THAT(run.err, AllOf(HasSubstr("winnow-scrape: " + server_.url("/3.jpg") +
                                       ": answers 404 Not Found; skipped\n"),
                             HasSubstr("winnow-scrape: " + server_.url("/2.jpg") + ": "),
                             EndsWith("winnow-scrape: failed: 1 http_404, 1 not_an_image\n")));
  EXPECT_EQ(kept(), 2u);
}

TEST_F(ScrapeTest, DuplicatesAreNoFailures) {
  serve_jpegs(1);
  server_.serve("/1.jpg", "image/jpeg", jpeg(0));
  folder_.write("l.csv", fmt::format("url,label\n{0},cat\n{1},dog\n{0},cat\n", server_.url("/0.jpg"),
                                     server_.url("/1.jpg")));
  const Finished run = scrape({"--urls", "l.csv", "--connections", "1", "--threads", "1"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.out, EndsWith("total      3     1           2       0\n"));
  EXPECT_EQ(
      run.err,
      "winnow-scrape: label noise: 1 picture had been kept under another label; see the rows with reason "
      "label_noise in set/manifest.jsonl\n");
  EXPECT_EQ(kept(), 1u);
}

TEST_F(ScrapeTest, KeepsAPictureUnderASecondLabelIfAsked) {
  serve_jpegs(1);
  server_.serve("/1.jpg", "image/jpeg", jpeg(0));
  folder_.write("l.csv", fmt::format("url,label\n{0},cat\n{1},dog\n{1},cat\n", server_.url("/0.jpg"),
                                     server_.url("/1.jpg")));
  const Finished run = scrape({"--urls", "l.csv", "--no-dedupe"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.out, EndsWith("total      3     2           1       0\n"));
  EXPECT_EQ(kept(), 2u);
}

TEST_F(ScrapeTest, NothingKeptIsAFailure) {
  const Finished run = scrape({"--urls", list_of(2), "--label", "cat"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.out,
            "label  found  kept  duplicates  failed\n"
            "cat        2     0           0       2\n");
  EXPECT_THAT(run.err, EndsWith("winnow-scrape: set: nothing was kept of 2 found (2 http_404)\n"));
}

TEST_F(ScrapeTest, NothingFoundIsAFailure) {
  server_.serve("/empty", "text/html", "<p>no pictures here</p>");
  Finished run = scrape({"--label", "cat", "--page", server_.url("/empty")});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(run.err, "winnow-scrape: no pictures were found\n");
  run = scrape({"--label", "cat", "--page", server_.url("/gone"), "--resume"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err,
              StartsWith("winnow-scrape: " + server_.url("/gone") + ": answers 404 Not Found; skipped\n"));
}

TEST_F(ScrapeTest, RefusesPrivateAddressesByDefault) {
  serve_jpegs(1);
  const Finished run = scrape_plain({"--urls", list_of(1), "--label", "cat"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.err,
            "winnow-scrape: " + server_.url("/0.jpg") +
                ": leads to 127.0.0.1, a loopback address; skipped\n"
                "winnow-scrape: addresses that are not public are refused; --allow-private is for those of "
                "your own network\n"
                "winnow-scrape: set: nothing was kept of 1 found (1 refused_address)\n");
  EXPECT_EQ(server_.connections(), 0);
}

TEST_F(ScrapeTest, IsPoliteByDefault) {
  serve_jpegs(3);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(
      scrape_plain({"--urls", list_of(3), "--label", "cat", "--allow-private", "--contact", "me@example.org"})
          .exit_code,
      0);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 2s);
  EXPECT_THAT(server_.requests("/0.jpg").at(0).headers.at("user-agent"), EndsWith(" (me@example.org)"));
}

TEST_F(ScrapeTest, KeepsAsManyAsWanted) {
  serve_jpegs(20);
  EXPECT_EQ(scrape({"--urls", list_of(20), "--label", "cat", "--count", "5"}).exit_code, 0);
  EXPECT_EQ(kept(), 5u);
  const Finished more = scrape({"--urls", list_of(20), "--label", "cat", "--count", "8", "--resume"});
  EXPECT_THAT(more.out, EndsWith("cat        8     8           0       0\n"));
  EXPECT_EQ(kept(), 8u);
  EXPECT_EQ(server_.count(), 8);
}

TEST_F(ScrapeTest, HoldsToItsLimits) {
  server_.serve("/0.jpg", "image/jpeg", jpeg(0, 200, 40));
  server_.serve("/1.jpg", "image/jpeg", jpeg(1, 160, 140));
  server_.serve("/2.jpg", "image/jpeg", std::string(60'000, 'x'));
  server_.route("/3.jpg", [](Connection& connection, const Request&) {
    connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (connection.send("1000\r\n" + std::string(4096, 'x') + "\r\n")) {
    }
  });
  const Finished run = scrape({"--urls", list_of(4), "--label", "cat", "--min-side", "50", "--max-pixels",
                               "20000", "--max-bytes", "50000"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err,
              EndsWith("nothing was kept of 4 found (2 too_large, 1 too_many_pixels, 1 too_small)\n"));
}

TEST_F(ScrapeTest, AsksWhatToDoWithAnExistingSet) {
  serve_jpegs(1);
  ASSERT_EQ(scrape({"--urls", list_of(1), "--label", "cat"}).exit_code, 0);
  const Finished again = scrape({"--urls", list_of(1), "--label", "cat"});
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_EQ(again.out, "");
  EXPECT_EQ(again.err,
            "winnow-scrape: set: is an image set already; add --resume to go on with it, or choose another "
            "folder\n");
  const Finished resumed = scrape({"--urls", list_of(1), "--label", "cat", "--resume"});
  EXPECT_EQ(resumed.exit_code, 0);
  EXPECT_THAT(resumed.out, EndsWith("cat        1     1           0       0\n"));
  EXPECT_EQ(server_.count(), 1);
}

TEST_F(ScrapeTest, MistakesLeaveNothingBehind) {
  folder_.write("bad.csv", "url,label\nhttp://a/1.jpg,cat\nhttp://a/2.jpg,../../etc\n");
  folder_.write("bad.jsonl", "{\n");
  folder_.write("plain.txt", "http://a/1.jpg\n");
  const std::vector<std::pair<std::vector<std::string>, std::string>> mistakes = {
      {{}, "winnow-scrape: nothing to scrape; give --label, --page, --urls or --from\n"},
      {{"--page", "http://a/"}, "winnow-scrape: each --page needs a --label of its own; there are 1 and 0\n"},
      {{"--urls", "bad.csv"},
       "winnow-scrape: bad.csv:3: a label cannot begin with a dot; it becomes the name of a folder\n"},
      {{"--urls", "plain.txt"},
       "winnow-scrape: plain.txt:1: has no label, and none was given for the list\n"},
      {{"--urls", "plain.txt", "--label", "a/b"},
       "winnow-scrape: --label \"a/b\": a label cannot hold a slash; it becomes the name of a folder\n"},
      {{"--min-side", "0"},
       "winnow-scrape: --min-side: Value 0 not in range 1 to 100000; see winnow-scrape --help\n"},
      {{"--nonsense"},
       "winnow-scrape: The following argument was not expected: --nonsense; see winnow-scrape --help\n"},
  };
  for (const auto& [arguments, message] : mistakes) {
    const Finished run = scrape(arguments);
    EXPECT_EQ(run.exit_code, 2) << message;
    EXPECT_EQ(run.out, "");
    EXPECT_EQ(run.err, message);
    EXPECT_FALSE(std::filesystem::exists(set()));
  }
  EXPECT_EQ(scrape({"--urls", "bad.jsonl", "--label", "cat"}).err,
            "winnow-scrape: bad.jsonl:1: is not a JSON object\n");
  const Finished missing = scrape({"--urls", "none.txt", "--label", "cat"});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_EQ(missing.err, "winnow-scrape: none.txt: No such file or directory\n");
  EXPECT_FALSE(std::filesystem::exists(set()));
}

TEST_F(ScrapeTest, InterruptedItKeepsWhatItHasAndGoesOn) {
  serve_jpegs(10);
  server_.route("/10.jpg", [](Connection& connection, const Request&) { connection.sleep(1h); });
  const std::string list = list_of(11);
  test::Process process(command({"--urls", list, "--label", "cat"}), folder_.path());
  while ((server_.count() < 11 || rows_written() < 10) && process.running()) std::this_thread::sleep_for(1ms);
  process.signal(SIGINT);
  const auto begin = std::chrono::steady_clock::now();
  const Finished stopped = process.wait();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);  // it is to be 2 s; a busy machine may be slow
  EXPECT_EQ(stopped.exit_code, 128 + SIGINT);
  EXPECT_THAT(stopped.out, StartsWith("label  found  kept  duplicates  failed\ncat "));
  EXPECT_EQ(stopped.err, "winnow-scrape: stopped by signal 2\n");
  EXPECT_EQ(kept(), 10u);
  EXPECT_TRUE(std::filesystem::exists(set() / "ATTRIBUTION.md"));

  serve_jpegs(11);
  const Finished resumed = scrape({"--urls", list, "--label", "cat", "--resume"});
  EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_THAT(resumed.out, EndsWith("cat       11    11           0       0\n"));
  EXPECT_EQ(kept(), 11u);
  EXPECT_EQ(server_.count(), 12);
}

TEST_F(ScrapeTest, KilledItLeavesNothingBrokenAndGoesOn) {
  constexpr int kPictures = 200;
  for (std::uint64_t i = 0; i < kPictures; ++i) {
    server_.route(fmt::format("/{}.jpg", i), [body = jpeg(i)](Connection& connection, const Request&) {
      connection.sleep(5ms);
      connection.respond(200, "", body);
    });
  }
  const std::string list = list_of(kPictures);
  // Drawings are more alike than photographs.
  std::vector<std::string> arguments = {"--urls",        list, "--label",     "cat",
                                        "--connections", "4",  "--same-bits", "-1"};
  for (const int after : {50, 120}) {
    test::Process process(command(arguments), folder_.path());
    while (server_.count() < after && process.running()) std::this_thread::sleep_for(1ms);
    process.signal(SIGKILL);
    EXPECT_EQ(process.wait().exit_code, 128 + SIGKILL);
    if (after == 50) arguments.emplace_back("--resume");
    std::set<std::string> known;
    scraping::read_manifest(set(), [&](const ManifestRow& row) {
      known.insert(row.file);
      EXPECT_EQ(sha256_hex(as_bytes(test::read_text(set() / row.file))), row.sha256);
    });
    EXPECT_GT(known.size(), 0u);
    // A picture may be there before its row, but never half.
    for (const std::string& file : test::list_files(set() / "cat")) {
      EXPECT_EQ(sha256_hex(as_bytes(test::read_text(set() / "cat" / file))).substr(0, 16),
                file.substr(0, 16));
    }
  }
  const Finished resumed = scrape(arguments);
  EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(kept(), static_cast<std::size_t>(kPictures));
  EXPECT_LT(server_.count(), kPictures + 2 * 60);  // only what was under way is fetched twice
}

TEST_F(ScrapeTest, AFullDiskIsOneLineAndASoundSet) {
  serve_jpegs(5);
  server_.serve("/5.jpg", "image/jpeg", jpeg(5, 1000, 1000));
  // No file may grow beyond 64 kB: the nearest to a full disk that needs no rights.
  std::string line = "trap '' XFSZ; ulimit -f 128; exec " + test::built_programs().string() + "/";
  for (const std::string& word : command({"--urls", list_of(6), "--label", "cat"})) line += word + " ";
  ASSERT_GT(jpeg(5, 1000, 1000).size(), 65536u);
  const Finished run = test::run({"/bin/sh", "-c", line}, folder_.path());
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err,
              AllOf(StartsWith("winnow-scrape: set/cat/"), EndsWith(".jpg: cannot write: File too large\n")));
  kept();
  const Finished resumed = scrape({"--urls", list_of(6), "--label", "cat", "--resume"});
  EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_EQ(kept(), 6u);
}

TEST_F(ScrapeTest, CannotWriteThere) {
  folder_.write("set", "a file");
  const Finished run = scrape({"--urls", list_of(1), "--label", "cat"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, StartsWith("winnow-scrape: set: cannot create the folder: "));
  EXPECT_EQ(server_.connections(), 0);
}

TEST_F(ScrapeTest, ProgressGoesToStderrOnly) {
  serve_jpegs(2);
  const Finished run = scrape({"--urls", list_of(2), "--label", "cat", "--progress"});
  EXPECT_THAT(run.err, HasSubstr("scraping"));
  EXPECT_THAT(run.err, HasSubstr("2/2"));
  EXPECT_THAT(run.err, HasSubstr("cat 2 of 2"));
  EXPECT_THAT(run.out, Not(HasSubstr("scraping")));
}

}  // namespace
}  // namespace winnow::tools
