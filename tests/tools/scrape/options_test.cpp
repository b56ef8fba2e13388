#include "scrape/options.hpp"

#include <gmock/gmock.h>
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "winnow/core/error.hpp"

namespace winnow::tools {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

ScrapeOptions parse(std::vector<std::string> arguments) {
  ScrapeOptions options;
  CLI::App app;
  add_options(app, options);
  std::reverse(arguments.begin(), arguments.end());
  app.parse(arguments);
  return options;
}

std::string complaint(const std::vector<std::string>& arguments) {
  try {
    const ScrapeOptions options = parse(arguments);
    check(options);
    (void)page_seeds(options);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage) << error.what();
    return error.what();
  }
  return "";
}

TEST(ScrapeOptions, DefaultsAreThoseOfTheLibraries) {
  const ScrapeOptions options = parse({"-o", "out", "--urls", "list.txt"});
  EXPECT_EQ(options.output, "out");
  EXPECT_EQ(options.urls, "list.txt");
  const scraping::CollectOptions collect = collect_options(options);
  EXPECT_EQ(collect.count, scraping::CollectOptions{}.count);
  EXPECT_EQ(collect.max_bytes, scraping::CollectOptions{}.max_bytes);
  EXPECT_TRUE(collect.dedupe_across_labels);
  const net::HttpClientOptions client = client_options(options);
  EXPECT_EQ(client.limits.concurrent, 2u);
  EXPECT_EQ(client.limits.interval, 1s);
  EXPECT_TRUE(client.refuse);
  for (const std::string& token :
       {client.robots_token, collect.robots_token, page_options(options).robots_token}) {
    EXPECT_EQ(token, "winnow-scrape");
  }
  EXPECT_EQ(client.user_agent, "winnow-scrape/" WINNOW_VERSION);
}

TEST(ScrapeOptions, BindsMaintenance) {
  EXPECT_TRUE(parse({"-o", "out", "--verify"}).verify);
  EXPECT_EQ(parse({"-o", "out", "--remove-list", "gone.txt"}).remove_list, "gone.txt");
}

TEST(ScrapeOptions, BindsEveryFlag) {
  const ScrapeOptions options = parse({"--output",        "out",         "--urls",          "l",
                                       "--label",         "cat",         "--count",         "5",
                                       "--min-side",      "32",          "--max-bytes",     "1000",
                                       "--max-pixels",    "2000",        "--max-pages",     "3",
                                       "--connections",   "7",           "--contact",       "me@example.org",
                                       "--no-politeness", "--no-dedupe", "--allow-private", "--resume",
                                       "--same-bits",     "2",           "--max-side",      "640",
                                       "--quality",       "80",          "--keep-exif"});
  EXPECT_THAT(options.labels, ElementsAre("cat"));
  EXPECT_EQ(options.page.max_pages, 3u);
  EXPECT_TRUE(options.resume);
  const scraping::CollectOptions collect = collect_options(options);
  EXPECT_EQ(collect.count, 5u);
  EXPECT_EQ(collect.requirements.min_side, 32);
  EXPECT_EQ(collect.max_bytes, 1000u);
  EXPECT_EQ(collect.requirements.max_pixels, 2000u);
  EXPECT_FALSE(collect.dedupe_across_labels);
  EXPECT_EQ(collect.same_picture_bits, 2);
  EXPECT_EQ(collect.storage.max_side, 640);
  EXPECT_EQ(collect.storage.quality, 80);
  EXPECT_TRUE(collect.storage.keep_exif);
  const net::HttpClientOptions client = client_options(options);
  EXPECT_EQ(client.max_connections, 7u);
  EXPECT_EQ(client.limits.concurrent, 0u);
  EXPECT_EQ(client.limits.interval, 0s);
  EXPECT_FALSE(client.refuse);
  EXPECT_EQ(client.robots_token + collect.robots_token + page_options(options).robots_token, "");
  EXPECT_EQ(client.user_agent, "winnow-scrape/" WINNOW_VERSION " (me@example.org)");
}

TEST(ScrapeOptions, PairsLabelsWithPages) {
  const ScrapeOptions options = parse(
      {"-o", "out", "--label", "big dog", "--page", "http://a/1", "--page", "http://a/2", "--label", "cat"});
  check(options);
  const std::vector<scraping::PageSeed> seeds = page_seeds(options);
  ASSERT_EQ(seeds.size(), 2u);
  EXPECT_EQ(seeds[0].label, "big dog");
  EXPECT_EQ(seeds[0].url.text(), "http://a/1");
  EXPECT_EQ(seeds[1].label, "cat");
  EXPECT_EQ(seeds[1].url.text(), "http://a/2");
}

TEST(ScrapeOptions, RefusesWhatDoesNotGoTogether) {
  EXPECT_EQ(complaint({"-o", "out"}), "nothing to scrape; give --label, --page, --urls or --from");
  EXPECT_THAT(complaint({"-o", "out", "--page", "http://a/", "--label", "a", "--urls", "l"}),
              HasSubstr("--query, --page, --urls and --from do not go together"));
  EXPECT_EQ(complaint({"-o", "out", "--page", "http://a/"}),
            "each --page needs a --label of its own; there are 1 and 0");
  EXPECT_EQ(complaint({"-o", "out", "--page", "http://a/", "--page", "http://b/", "--label", "a"}),
            "each --page needs a --label of its own; there are 2 and 1");
  EXPECT_THAT(complaint({"-o", "out", "--urls", "l", "--label", "a", "--label", "b"}),
              HasSubstr("--label: only one goes with --urls"));
}

TEST(ScrapeOptions, RefusesBadLabelsAndAddresses) {
  EXPECT_EQ(complaint({"-o", "out", "--urls", "l", "--label", "a/b"}),
            "--label \"a/b\": a label cannot hold a slash; it becomes the name of a folder");
  EXPECT_THAT(complaint({"-o", "out", "--page", "http://a/", "--label", ".."}),
              HasSubstr("--label \"..\": "));
  EXPECT_THAT(complaint({"-o", "out", "--page", "http://a/", "--label", ""}),
              HasSubstr("a label cannot be empty"));
  EXPECT_EQ(complaint({"-o", "out", "--page", "example.org", "--label", "a"}),
            "--page example.org does not begin with http:// or https://");
  EXPECT_EQ(complaint({"-o", "out", "--page", "file:///etc/passwd", "--label", "a"}),
            "--page file:///etc/passwd is a file: address; only http and https are fetched");
}

TEST(ScrapeOptions, RefusesBadValues) {
  const std::vector<std::vector<std::string>> bad = {
      {"--urls", "l"},
      {"-o", "out", "--count", "-1"},
      {"-o", "out", "--count", "many"},
      {"-o", "out", "--min-side", "0"},
      {"-o", "out", "--max-bytes", "0"},
      {"-o", "out", "--max-pixels", "x"},
      {"-o", "out", "--max-pages", "0"},
      {"-o", "out", "--connections", "0"},
      {"-o", "out", "--connections", "100000"},
      {"-o", "out", "--contact", "nobody"},
      {"-o", "out", "--contact", "a@b\r\nX: y"},
      {"-o", "out", "--contact", "a@b (me)"},
      {"-o", "out", "--urls", "l", "stray"},
      {"-o", "out", "--licence", "mine"},
  };
  for (const std::vector<std::string>& arguments : bad)
    EXPECT_THROW(parse(arguments), CLI::ParseError) << arguments.back();
}

}  // namespace
}  // namespace winnow::tools
