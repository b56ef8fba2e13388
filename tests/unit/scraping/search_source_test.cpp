#include "winnow/scraping/search_source.hpp"

#include <gmock/gmock.h>

#include <thread>

#include "collector_fixture.hpp"
#include "search_fixture.hpp"

namespace winnow::scraping {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

class SearchSourceTest : public CollectorFixture {
 protected:
  SearchProvider provider(const std::string& name, const std::string& key = "") const {
    return {std::make_shared<PlainProvider>(name, server_.url("/" + name), RequestLimit{}, key), ""};
  }
  void serve(const std::string& name, const std::string& body) {
    server_.serve("/" + name, "application/json", body);
  }
  // Pages of `size` pictures, more and more of them; every picture is there.
  void serve_pages(const std::string& name, int size, int last) {
    server_.route("/" + name, [this, name, size, last](Connection& connection, const Request& request) {
      const std::size_t at = request.target.find("page=") + 5;
      const std::string number = request.target.substr(at, request.target.find('&', at) - at);
      const int page = number.empty() ? 1 : std::stoi(number);
      Json json = {{"hits", Json::array()}};
      for (int i = 0; i < size; ++i) {
        const int picture = (page - 1) * size + i;
        const std::string path = fmt::format("/{}/{}.jpg", name, picture);
        server_.serve(path, "image/jpeg", jpeg(static_cast<std::uint64_t>(picture) + name.size() * 1000));
        json["hits"].push_back(server_.url(path));
      }
      if (page < last) json["next"] = std::to_string(page + 1);
      connection.respond(200, "Content-Type: application/json\r\n", json.dump());
    });
  }
  std::vector<std::string> read(std::vector<SearchProvider> providers, std::vector<SearchQuery> queries,
                                const SearchOptions& options = {}) {
    net::HttpClient client(client_options_);
    SearchSource source(client, std::move(providers), std::move(queries), options);
    std::vector<std::string> all;
    while (const auto finding = source.next({})) {
      const Result<net::Url> url = net::Url::parse(finding->candidate.url);
      all.push_back(finding->failure ? finding->failure->code : std::string(url->path()));
      last_ = *finding;
    }
    return all;
  }

  Finding last_;
};

TEST_F(SearchSourceTest, ReadsAllPages) {
  serve_pages("a", 2, 3);
  EXPECT_THAT(read({provider("a")}, {{"big dog", "dog & hound"}}),
              ElementsAre("/a/0.jpg", "/a/1.jpg", "/a/2.jpg", "/a/3.jpg", "/a/4.jpg", "/a/5.jpg"));
  EXPECT_EQ(last_.candidate.label, "big dog");
  EXPECT_EQ(last_.candidate.query, "dog & hound");
  EXPECT_EQ(last_.candidate.source, "a");
  EXPECT_THAT(server_.requests("/a").at(0).target, HasSubstr("q=dog%20%26%20hound"));
}

TEST_F(SearchSourceTest, PermissionsComeWithWhatNeedsThem) {
  serve_pages("a", 1, 1);
  SearchProvider asked = provider("a");
  asked.permission = "mail of 3 May";
  read({asked}, {{"dog", "dog"}});
  EXPECT_EQ(last_.candidate.permission, "mail of 3 May");
}

TEST_F(SearchSourceTest, FailuresNameTheAddressButNotTheKey) {
  server_.route("/a", [](Connection& connection, const Request&) { connection.respond(403, "", "no"); });
  EXPECT_THAT(read({provider("a", "SECRET")}, {{"dog", "dog"}, {"cat", "cat"}}), ElementsAre("http_403"));
  EXPECT_EQ(last_.candidate.url, server_.url("/a") + "?q=dog&page=");
  EXPECT_EQ(last_.failure->message, "answers 403 Forbidden");
  EXPECT_EQ(server_.requests("/a").at(0).headers.at("x-key"), "SECRET");
  EXPECT_EQ(server_.count(), 1);
}

TEST_F(SearchSourceTest, KeysDoNotFollowRedirects) {
  server_.redirect("/a", server_.url("/elsewhere", "other.localhost"));
  EXPECT_THAT(read({provider("a", "SECRET")}, {{"dog", "dog"}}), ElementsAre("too_many_redirects"));
  EXPECT_EQ(server_.count("/elsewhere"), 0);
}

TEST_F(SearchSourceTest, BadAnswersAreFindings) {
  serve("html", "<html>blocked</html>");
  serve("broken", "{\"hits\":");
  serve("said", R"({"error":"api_error"})");
  server_.route("/busy", [](Connection& connection, const Request&) { connection.respond(503, "", ""); });
  server_.route("/end", [](Connection& connection, const Request&) { connection.respond(410, "", ""); });
  EXPECT_THAT(read({provider("html"), provider("broken"), provider("said"), provider("busy"), provider("end"),
                    provider("none")},
                   {{"dog", "dog"}}),
              UnorderedElementsAre("blocked", "bad_answer", "api_error", "http_503", "http_404"));
  EXPECT_EQ(server_.count("/busy"), 2);  // once again, by the client
}

TEST_F(SearchSourceTest, HugeAndEndlessAnswersAreGivenUp) {
  serve("huge", "{\"hits\":[]," + std::string(5000, ' ') + "}");
  server_.route("/endless", [](Connection& connection, const Request&) {
    connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (connection.send("1000\r\n" + std::string(4096, ' ') + "\r\n")) {
    }
  });
  EXPECT_THAT(read({provider("huge"), provider("endless")}, {{"dog", "dog"}}, {.max_answer_bytes = 4000}),
              ElementsAre("too_large", "too_large"));
}

TEST_F(SearchSourceTest, AsksAgainWhenTheServerIsBusy) {
  server_.route("/a", [this](Connection& connection, const Request&) {
    const bool first = server_.count("/a") == 1;
    connection.respond(200, "", first ? R"({"wait_ms":5})" : R"({"hits":["http://x/1.jpg"]})");
  });
  EXPECT_THAT(read({provider("a")}, {{"dog", "dog"}}), ElementsAre("/1.jpg"));
  serve("b", R"({"wait_ms":1})");
  EXPECT_THAT(read({provider("b")}, {{"dog", "dog"}}, {.max_ask_again = 3}), ElementsAre("rate_limited"));
  EXPECT_EQ(server_.count("/b"), 4);
}

TEST_F(SearchSourceTest, TooManyRequestsAreTriedAgainLater) {
  server_.route("/a", [this](Connection& connection, const Request&) {
    if (server_.count("/a") == 1) {
      connection.respond(429, "Retry-After: 0.01\r\n", "");
    } else {
      connection.respond(200, "", R"({"hits":["http://x/1.jpg"]})");
    }
  });
  EXPECT_THAT(read({provider("a")}, {{"dog", "dog"}}), ElementsAre("/1.jpg"));
}

TEST_F(SearchSourceTest, AProviderWithoutRequestsLeftIsLeftAlone) {
  server_.route("/a", [](Connection& connection, const Request&) {
    connection.respond(200, "X-RateLimit-Remaining: 0\r\n", R"({"hits":["http://x/1.jpg"],"next":"2"})");
  });
  EXPECT_THAT(read({provider("a")}, {{"dog", "dog"}}), UnorderedElementsAre("/1.jpg", "rate_limited"));
  EXPECT_EQ(server_.count("/a"), 1);
}

TEST_F(SearchSourceTest, ApisAreAskedWithoutRobotsTxt) {
  client_options_.robots_token = "winnow-scrape";
  server_.serve("/robots.txt", "text/plain", "User-agent: *\nDisallow: /\n");
  serve("a", R"({"hits":["http://x/1.jpg"]})");
  EXPECT_THAT(read({provider("a")}, {{"dog", "dog"}}), ElementsAre("/1.jpg"));
  EXPECT_EQ(server_.count("/robots.txt"), 0);
}

TEST_F(SearchSourceTest, StopsWaitingWhenAsked) {
  server_.route("/a", [](Connection& connection, const Request&) { connection.sleep(1h); });
  net::HttpClient client(client_options_);
  SearchSource source(client, {provider("a")}, {{"dog", "dog"}}, {});
  std::stop_source stop;
  const std::jthread stopper([&] {
    std::this_thread::sleep_for(50ms);
    stop.request_stop();
  });
  EXPECT_FALSE(source.next(stop.get_token()));
}

TEST_F(SearchSourceTest, AStoppedClientIsTheEnd) {
  net::HttpClient client(client_options_);
  client.stop();
  SearchSource source(client, {provider("a")}, {{"dog", "dog"}}, {});
  EXPECT_FALSE(source.next({}));
}

TEST_F(SearchSourceTest, GivesUpWhoDoesNotAnswer) {
  server_.route("/a", [](Connection& connection, const Request&) { connection.sleep(1h); });
  serve_pages("b", 1, 1);
  EXPECT_THAT(read({provider("a"), provider("b")}, {{"dog", "dog"}}, {.max_wait = 200ms}),
              ElementsAre("/b/0.jpg", "timeout"));
}

TEST_F(SearchSourceTest, CollectsAsManyAsWantedFromSeveralSources) {
  serve_pages("a", 5, 1000);
  serve_pages("bb", 5, 1);
  server_.route("/a/1.jpg", [](Connection& connection, const Request&) { connection.respond(404, "", ""); });
  net::HttpClient client(client_options_);
  ImageSetWriter set(set_);
  options_.count = 20;
  SearchSource source(client, {provider("a"), provider("bb"), provider("none")}, {{"dog", "dog"}},
                      {.count = 20});
  const Summary summary = collect(source, set, client, options_, context_);
  EXPECT_EQ(summary.total().kept, 20u);
  EXPECT_LE(server_.count("/a"), 7);  // not a thousand
  std::map<std::string, int> by_source;
  for (const ManifestRow& row : rows()) by_source[row.source] += row.outcome == RowOutcome::kKept ? 1 : 0;
  EXPECT_EQ(by_source["bb"], 5);
  EXPECT_EQ(by_source["a"], 15);
  expect_sound();
}

TEST_F(SearchSourceTest, CollectsWhatThereIs) {
  serve_pages("a", 3, 2);
  net::HttpClient client(client_options_);
  ImageSetWriter set(set_);
  options_.count = 50;
  SearchSource source(client, {provider("a")}, {{"dog", "dog"}, {"cat", "cat"}}, {.count = 50});
  const Summary summary = collect(source, set, client, options_, context_);
  EXPECT_EQ(summary.total().kept, 6u);        // both labels find the same,
  EXPECT_EQ(summary.total().duplicates, 6u);  // and an address is fetched once
}

TEST_F(SearchSourceTest, ResumesWithWhatIsMissing) {
  serve_pages("a", 5, 1000);
  options_.count = 7;
  for (const std::uint64_t count : {7u, 12u}) {
    net::HttpClient client(client_options_);
    ImageSetWriter set(set_);
    options_.count = count;
    SearchSource source(client, {provider("a")}, {{"dog", "dog"}}, {.count = count});
    EXPECT_EQ(collect(source, set, client, options_, context_).total().kept, count);
  }
  EXPECT_LE(server_.count("/a"), 10);
  expect_sound();
}

}  // namespace
}  // namespace winnow::scraping
