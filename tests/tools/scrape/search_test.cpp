// Searches: what the options come to, and whole runs against servers that stand in for the providers.
#include "scrape/search.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <CLI/App.hpp>

#include <sstream>

#include "scrape/run.hpp"
#include "support/drawing.hpp"
#include "support/fake_http_server.hpp"
#include "support/recording_context.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/json.hpp"
#include "winnow/image/encode.hpp"
#include "winnow/scraping/image_set.hpp"

namespace winnow::tools {
namespace {

using namespace std::chrono_literals;
using scraping::LicencePolicy;
using scraping::ManifestRow;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

ScrapeOptions parse(std::vector<std::string> arguments) {
  ScrapeOptions options;
  CLI::App app;
  add_options(app, options);
  std::reverse(arguments.begin(), arguments.end());
  app.parse(arguments);
  return options;
}

// A search that is as it should be, and what is added to it.
ScrapeOptions search(const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = {"-o", "out", "--contact", "me@example.org", "--count", "5"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return parse(arguments);
}

std::string complaint(const ScrapeOptions& options) {
  try {
    check(options);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    return error.what();
  }
  return "";
}

TEST(ScrapeSearch, LabelsAloneAreSearchedFor) {
  const ScrapeOptions options = search({"--label", "big_dog", "--label", "cat"});
  EXPECT_EQ(complaint(options), "");
  EXPECT_TRUE(is_search(options));
  const auto queries = search_queries(options);
  ASSERT_EQ(queries.size(), 2u);
  EXPECT_EQ(queries[0].label, "big_dog");
  EXPECT_EQ(queries[0].words, "big dog");
  const auto providers = search_providers(options);
  ASSERT_EQ(providers.size(), 2u);
  EXPECT_EQ(providers[0].provider->name(), "commons");
  EXPECT_EQ(providers[1].provider->name(), "openverse");
  EXPECT_EQ(search_options(options).count, 5u);
  EXPECT_EQ(licence_policy(options), LicencePolicy::kFree);
}

TEST(ScrapeSearch, PairsQueriesWithLabels) {
  const ScrapeOptions options =
      search({"--label", "dog", "--query", "dog", "--label", "dog", "--query", " hound_x "});
  EXPECT_EQ(complaint(options), "");
  const auto queries = search_queries(options);
  EXPECT_EQ(queries[1].label, "dog");
  EXPECT_EQ(queries[1].words, "hound_x");
  EXPECT_EQ(complaint(search({"--label", "dog", "--query", "a", "--query", "b"})),
            "each --query needs a --label of its own; there are 2 and 1");
  EXPECT_EQ(complaint(search({"--query", "a"})),
            "each --query needs a --label of its own; there are 1 and 0");
}

TEST(ScrapeSearch, RefusesWhatIsNoQuery) {
  EXPECT_EQ(complaint(search({"--label", "dog", "--query", " "})), "--query: is empty");
  EXPECT_EQ(complaint(search({"--label", "dog", "--query", std::string(201, 'x')})),
            "--query: is longer than 200 bytes");
  EXPECT_EQ(complaint(search({"--label", "dog", "--query", "\xff"})), "--query: is not UTF-8");
  EXPECT_THAT(complaint(search({"--label", "dog", "--query", "dog", "--page", "http://a/"})),
              HasSubstr("do not go together"));
  EXPECT_THAT(complaint(search({"--label", "a/b"})), HasSubstr("a label cannot hold a slash"));
}

TEST(ScrapeSearch, WantsToKnowWhoSearchesAndForHowMany) {
  EXPECT_EQ(complaint(parse({"-o", "out", "--label", "dog", "--count", "5"})),
            "--contact: is needed for a search: the sources want a mail address or URL to reach you at");
  EXPECT_THAT(complaint(parse({"-o", "out", "--label", "dog", "--contact", "me@example.org"})),
              HasSubstr("--count: is needed for a search"));
}

TEST(ScrapeSearch, TakesSourcesByTheirNames) {
  const ScrapeOptions options =
      search({"--label", "dog", "--source", "flickr,openverse,flickr", "--flickr-key", "K"});
  EXPECT_EQ(complaint(options), "");
  EXPECT_THAT(options.sources, ElementsAre("flickr", "openverse", "flickr"));
  EXPECT_EQ(search_providers(options).size(), 2u);
  EXPECT_EQ(complaint(search({"--label", "dog", "--source", "bing"})),
            "--source: there is no source \"bing\"; there are commons, openverse, flickr, serpapi, pixabay, "
            "pexels, "
            "unsplash");
}

TEST(ScrapeSearch, NamesTheVariableOfAKey) {
  EXPECT_EQ(complaint(search({"--label", "dog", "--source", "flickr"})),
            "--source flickr: needs a key; set WINNOW_SCRAPE_FLICKR_KEY");
  EXPECT_EQ(complaint(search({"--label", "dog", "--source", "serpapi", "--licence", "any"})),
            "--source serpapi: needs a key; set WINNOW_SCRAPE_SERPAPI_KEY");
}

TEST(ScrapeSearch, RefusesSourcesWhoseTermsForbidTraining) {
  for (const std::string name : {"pexels", "unsplash", "pixabay"}) {
    const std::vector<std::string> arguments = {"--label", "dog", "--source", name, "--" + name + "-key",
                                                "K"};
    EXPECT_THAT(complaint(search(arguments)),
                HasSubstr("if you have permission, say whose with --permission-note"));
    std::vector<std::string> permitted = arguments;
    permitted.insert(permitted.end(), {"--permission-note", "mail of 3 May"});
    EXPECT_EQ(complaint(search(permitted)), "");
    EXPECT_EQ(search_providers(search(permitted)).at(0).permission, "mail of 3 May");
  }
  EXPECT_EQ(complaint(search({"--label", "dog", "--source", "serpapi", "--serpapi-key", "K"})),
            "--source serpapi: does not know who has the rights; --licence any takes pictures nevertheless");
  EXPECT_EQ(
      complaint(search({"--label", "dog", "--source", "serpapi", "--serpapi-key", "K", "--licence", "any"})),
      "");
  EXPECT_EQ(search_providers(search({"--label", "dog", "--permission-note", "x"})).at(0).permission, "");
}

TEST(ScrapeSearch, LicencesDependOnWhereOneLooks) {
  EXPECT_EQ(licence_policy(search({"--label", "dog", "--licence", "noncommercial"})),
            LicencePolicy::kNonCommercial);
  EXPECT_EQ(licence_policy(parse({"-o", "out", "--urls", "l"})), LicencePolicy::kAny);
  EXPECT_EQ(licence_policy(parse({"-o", "out", "--urls", "l", "--licence", "free"})), LicencePolicy::kFree);
}

TEST(ScrapeSearch, PartsGoWithLists) {
  EXPECT_EQ(complaint(parse({"-o", "out", "--urls", "l", "--shard", "2/8"})), "");
  for (const char* bad : {"0/2", "3/2", "2", "x"}) {
    EXPECT_EQ(complaint(parse({"-o", "out", "--urls", "l", "--shard", bad})),
              "--shard: has to be like 2/8: which part, from 1, and of how many");
  }
  EXPECT_THAT(complaint(search({"--label", "dog", "--shard", "1/2"})),
              HasSubstr("--shard: goes with --urls"));
  EXPECT_EQ(complaint(search({"--label", "dog", "--find-only"})), "");
  EXPECT_THAT(complaint(parse({"-o", "out", "--urls", "l", "--find-only"})),
              HasSubstr("--find-only: goes with searches and pages"));
  EXPECT_THAT(complaint(search({"--label", "dog", "--find-only", "--resume"})), HasSubstr("--resume"));
}

TEST(ScrapeSearch, HelpEndsWithTheSources) {
  EXPECT_THAT(help_end(), HasSubstr("  pexels     forbidden_without_permission  Pexels' terms"));
  EXPECT_THAT(help_end(), HasSubstr("  commons    licence_dependent "));
}

// A run with Commons and Openverse played by one server.
class ScrapeSearchRun : public testing::Test {
 protected:
  using Connection = test::FakeHttpServer::Connection;
  using Request = test::FakeHttpServer::Request;

  std::string picture(const std::string& name, std::uint64_t seed) {
    server_.serve("/" + name, "image/jpeg",
                  std::string(as_text(image::encode_jpeg(test::draw_scene("discs", seed, 96, 80)))));
    return server_.url("/" + name);
  }
  // One page of results with these licences.
  void serve_commons(const std::vector<std::string>& licences) {
    Json pages = Json::array();
    for (std::size_t i = 0; i < licences.size(); ++i) {
      pages.push_back(
          {{"pageid", i},
           {"title", fmt::format("File:Lasagna {}.jpg", i)},
           {"index", i + 1},
           {"imageinfo",
            {{{"thumburl", picture(fmt::format("c{}.jpg", i), i)},
              {"descriptionurl", server_.url(fmt::format("/wiki/{}", i))},
              {"mediatype", "BITMAP"},
              {"extmetadata",
               {{"LicenseShortName", {{"value", licences[i]}}}, {"Artist", {{"value", "<b>Ann</b>"}}}}}}}}});
    }
    server_.serve("/w/api.php", "application/json",
                  Json{{"batchcomplete", true}, {"query", {{"pages", pages}}}}.dump());
  }
  void serve_openverse(int count) {
    Json results = Json::array();
    for (int i = 0; i < count; ++i) {
      results.push_back({{"id", fmt::format("id{}", i)},
                         {"url", picture(fmt::format("o{}.jpg", i), 1000 + static_cast<std::uint64_t>(i))},
                         {"title", "Lasagna"},
                         {"creator", "Bo"},
                         {"license", "by"},
                         {"license_version", "2.0"},
                         {"license_url", "https://creativecommons.org/licenses/by/2.0/"}});
    }
    server_.serve("/v1/images/", "application/json", Json{{"page_count", 1}, {"results", results}}.dump());
  }
  ScrapeOptions options(const std::vector<std::string>& more) {
    ScrapeOptions options = search(more);
    options.output = folder_ / "set";
    options.allow_private = true;
    options.no_politeness = true;
    options.client.retry = {.retries = 0};
    options.api_addresses = {{"commons", server_.url("/w/api.php")},
                             {"openverse", server_.url("/v1/images/")},
                             {"pexels", server_.url("/pexels")}};
    return options;
  }
  cli::Outcome scrape(const ScrapeOptions& options) {
    cli::ToolContext tool{static_cast<const Context&>(context_), out_, "winnow-scrape"};
    return run(options, tool);
  }
  std::vector<ManifestRow> rows() const {
    std::vector<ManifestRow> all;
    scraping::read_manifest(folder_ / "set", [&](const ManifestRow& row) { all.push_back(row); });
    return all;
  }

  test::TemporaryFolder folder_;
  test::FakeHttpServer server_;
  test::RecordingContext context_;
  std::ostringstream out_;
};

TEST_F(ScrapeSearchRun, DrawsOnBothSourcesUntilThereIsEnough) {
  serve_commons({"CC BY-SA 4.0", "CC0", "CC BY 2.0", "CC BY-NC 4.0"});
  serve_openverse(4);
  EXPECT_EQ(scrape(options({"--label", "lasagna"})), cli::Outcome::kDone) << context_.messages();
  EXPECT_THAT(out_.str(), HasSubstr("\nlasagna"));
  std::map<std::string, int> by_source;
  for (const ManifestRow& row : rows()) {
    ++by_source[row.source];
    EXPECT_EQ(row.query, "lasagna");
    EXPECT_NE(row.licence, "CC BY-NC 4.0");
  }
  EXPECT_GE(by_source["commons"], 1);
  EXPECT_GE(by_source["openverse"], 1);
  EXPECT_THAT(server_.requests("/w/api.php").at(0).headers.at("user-agent"), EndsWith(" (me@example.org)"));
  const std::string credits = test::read_text(folder_ / "set" / "ATTRIBUTION.md");
  EXPECT_THAT(
      credits,
      HasSubstr("\"Lasagna\" by Bo, licence CC BY 2.0 (<https://creativecommons.org/licenses/by/2.0/>)"));
}

TEST_F(ScrapeSearchRun, SaysWhatIsMissing) {
  serve_commons({"CC0", "CC BY-NC 4.0"});
  serve_openverse(1);
  EXPECT_EQ(scrape(options({"--label", "lasagna", "--label", "sushi"})), cli::Outcome::kItemsFailed);
  EXPECT_THAT(context_.messages(), HasSubstr("passed over for their licence\n"));
  EXPECT_THAT(context_.messages(),
              HasSubstr("of 5 pictures, there are no more; try other words (--query) or sources "
                        "(--source)\n"));
  EXPECT_EQ(out_.str().find("2 pictures"), std::string::npos);
}

TEST_F(ScrapeSearchRun, FindsNowAndFetchesLater) {
  serve_commons({"CC0", "CC BY 2.0", "CC BY-NC 4.0"});
  serve_openverse(3);
  ScrapeOptions finding = options({"--label", "lasagna", "--find-only"});
  finding.output = folder_ / "found.jsonl";
  EXPECT_EQ(scrape(finding), cli::Outcome::kDone) << context_.messages();
  EXPECT_EQ(out_.str(), "label    found\nlasagna      5\n");
  EXPECT_EQ(server_.count("/c0.jpg"), 0);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "set"));

  ScrapeOptions fetching = parse({"-o", "x", "--urls", finding.output.string(), "--shard", "1/1"});
  fetching.output = folder_ / "set";
  fetching.allow_private = true;
  fetching.no_politeness = true;
  EXPECT_EQ(scrape(fetching), cli::Outcome::kDone) << context_.messages();
  EXPECT_EQ(rows().size(), 5u);
  for (const ManifestRow& row : rows()) {
    EXPECT_EQ(row.query, "lasagna");
    EXPECT_TRUE(row.source == "commons" || row.source == "openverse") << row.source;
  }
}

TEST_F(ScrapeSearchRun, WhatIsFoundCanGoToStdout) {
  serve_commons({"CC0"});
  serve_openverse(0);
  ScrapeOptions finding = options({"--label", "lasagna", "--find-only"});
  finding.output = "-";
  EXPECT_EQ(scrape(finding), cli::Outcome::kItemsFailed);  // one of five
  const Json row = Json::parse(out_.str());
  EXPECT_EQ(row["url"], server_.url("/c0.jpg"));
  EXPECT_EQ(row["licence"], "CC0");
}

TEST_F(ScrapeSearchRun, NothingFoundLeavesNoList) {
  server_.serve("/w/api.php", "application/json", R"({"batchcomplete":true})");
  serve_openverse(0);
  ScrapeOptions finding = options({"--label", "lasagna", "--find-only"});
  finding.output = folder_ / "found.jsonl";
  EXPECT_THROW((void)scrape(finding), Error);
  EXPECT_THAT(test::list_files(folder_.path()), IsEmpty());
}

TEST_F(ScrapeSearchRun, OneSourceLessIsNotTheEnd) {
  server_.route("/w/api.php",
                [](Connection& connection, const Request&) { connection.respond(503, "", ""); });
  serve_openverse(6);
  EXPECT_EQ(scrape(options({"--label", "lasagna"})), cli::Outcome::kItemsFailed);
  EXPECT_THAT(context_.messages(), HasSubstr("action=query"));
  EXPECT_THAT(context_.messages(), HasSubstr(": answers 503 Service Unavailable; skipped\n"));
  EXPECT_THAT(context_.messages(), Not(HasSubstr("there are no more")));
}

TEST_F(ScrapeSearchRun, AllSourcesLessIs) {
  server_.serve("/w/api.php", "text/html", "<html>Access denied</html>");
  try {
    (void)scrape(options({"--label", "lasagna"}));
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("nothing was kept of 2 found (1 blocked, 1 http_404)"));
  }
}

TEST_F(ScrapeSearchRun, PermissionIsInTheManifestAndKeysAreNowhere) {
  server_.serve("/pexels", "application/json",
                Json{{"photos", {{{"id", 1}, {"src", {{"large", picture("p.jpg", 5)}}}}}}}.dump());
  const ScrapeOptions asked = options({"--label", "lasagna", "--source", "pexels", "--pexels-key",
                                       "SECRETKEY", "--permission-note", "mail of 3 May"});
  EXPECT_EQ(scrape(asked), cli::Outcome::kItemsFailed);
  ASSERT_EQ(rows().size(), 1u);
  EXPECT_EQ(rows()[0].permission, "mail of 3 May");
  EXPECT_EQ(server_.requests("/pexels").at(0).headers.at("authorization"), "SECRETKEY");
  EXPECT_EQ(server_.requests("/p.jpg").at(0).headers.count("authorization"), 0u);
  for (const std::string& file : test::list_files(folder_ / "set")) {
    EXPECT_THAT(test::read_text(folder_ / "set" / file), Not(HasSubstr("SECRETKEY"))) << file;
  }
  EXPECT_THAT(context_.messages() + out_.str(), Not(HasSubstr("SECRETKEY")));
}

}  // namespace
}  // namespace winnow::tools
