#include "winnow/scraping/page_source.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <thread>

#include "support/drawing.hpp"
#include "support/fake_http_server.hpp"
#include "winnow/image/encode.hpp"

namespace winnow::scraping {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

net::HttpClientOptions hasty() {
  return {
      .refuse = nullptr, .limits = {0, 0ms}, .retry = {.retries = 1, .first_delay = 5ms, .min_pause = 5ms}};
}

class PageSourceTest : public testing::Test {
 protected:
  PageSeed seed(const std::string& path, const std::string& label = "cat") const {
    return {label, *net::Url::parse(server_.url(path))};
  }
  void serve_page(const std::string& path, const std::string& html) {
    server_.serve(path, "text/html", html);
  }

  // The paths of all images, and the code of what failed in brackets.
  std::vector<std::string> read(std::vector<PageSeed> seeds, PageOptions options = {}) {
    PageSource source(client_, std::move(seeds), options);
    std::vector<std::string> found;
    while (const auto finding = source.next({})) {
      const std::string path(net::Url::parse(finding->candidate.url)->path());
      found.push_back(finding->failure ? fmt::format("{} ({})", path, finding->failure->code) : path);
      last_ = *finding;
    }
    return found;
  }

  test::FakeHttpServer server_;
  net::HttpClient client_{hasty()};
  Finding last_;
};

TEST_F(PageSourceTest, FindsTheImagesOfAPage) {
  serve_page("/g/", "<img src=1.jpg><img src=2.jpg alt=Tom><a rel=license href=/cc0>CC0</a>");
  EXPECT_THAT(read({seed("/g/")}), ElementsAre("/g/1.jpg", "/g/2.jpg"));
  EXPECT_EQ(last_.candidate.label, "cat");
  EXPECT_EQ(last_.candidate.title, "Tom");
  EXPECT_EQ(last_.candidate.source, "page");
  EXPECT_EQ(last_.candidate.page_url, server_.url("/g/"));
  EXPECT_EQ(last_.candidate.licence, server_.url("/cc0"));
}

TEST_F(PageSourceTest, FollowsNextPages) {
  serve_page("/1", "<img src=1.jpg><a rel=next href=/2>more</a>");
  serve_page("/2", "<img src=2.jpg><link rel=next href=/3>");
  serve_page("/3", "<img src=3.jpg>");
  EXPECT_THAT(read({seed("/1")}), ElementsAre("/1.jpg", "/2.jpg", "/3.jpg"));
}

TEST_F(PageSourceTest, FollowsNoMorePagesThanAllowed) {
  for (int i = 0; i < 10; ++i) {
    serve_page(fmt::format("/{}", i),
               fmt::format("<img src={0}.jpg><a rel=next href=/{1}>more</a>", i, i + 1));
  }
  EXPECT_THAT(read({seed("/0")}, {.max_pages = 3}), SizeIs(3));
  EXPECT_EQ(server_.count(), 3);
}

TEST_F(PageSourceTest, FollowsLinksAsDeepAsAllowed) {
  serve_page("/", "<img src=0.jpg><a href=a>a</a><a href=b>b</a><a href=/>home</a>");
  serve_page("/a", "<img src=a.jpg><a href=c>c</a>");
  serve_page("/b", "<img src=b.jpg><a href=a>a</a>");
  serve_page("/c", "<img src=c.jpg><a href=d>d</a>");
  serve_page("/d", "<img src=d.jpg>");
  EXPECT_THAT(read({seed("/")}), ElementsAre("/0.jpg"));
  EXPECT_THAT(read({seed("/")}, {.depth = 1}), ElementsAre("/0.jpg", "/a.jpg", "/b.jpg"));
  EXPECT_THAT(read({seed("/")}, {.depth = 2}), ElementsAre("/0.jpg", "/a.jpg", "/b.jpg", "/c.jpg"));
  EXPECT_THAT(read({seed("/")}, {.max_pages = 2, .depth = 9}), ElementsAre("/0.jpg", "/a.jpg"));
}

TEST_F(PageSourceTest, PagesThatFollowAreNoDeeper) {
  serve_page("/", "<a href=/x>x</a><a rel=next href=/2>more</a>");
  serve_page("/2", "<a href=/y>y</a>");
  serve_page("/x", "<img src=x.jpg>");
  serve_page("/y", "<img src=y.jpg>");
  EXPECT_THAT(read({seed("/")}, {.depth = 1}), ElementsAre("/x.jpg", "/y.jpg"));
}

TEST_F(PageSourceTest, LinksStayOnTheSite) {
  serve_page("/", "<a href='" + server_.url("/far", "other.localhost") + "'>x</a><a href=/moved>y</a>" +
                      "<a href=/no rel='ugc nofollow'>z</a><a href=/gone>g</a><a href=/1.pdf>p</a>" +
                      "<a href='mailto:a@b'>m</a><a href='javascript:x()'>j</a><a href=/last>l</a>");
  server_.redirect("/moved", server_.url("/there", "other.localhost"));
  serve_page("/there", "<img src=t.jpg><a href='" + server_.url("/deep", "other.localhost") + "'>d</a>");
  serve_page("/last", "<img src=l.jpg>");
  EXPECT_THAT(read({seed("/")}, {.depth = 5}), ElementsAre("/t.jpg", "/gone (http_404)", "/l.jpg"));
  for (const char* path : {"/far", "/no", "/1.pdf", "/deep"}) EXPECT_EQ(server_.count(path), 0) << path;
}

TEST_F(PageSourceTest, ASiteWithoutEndComesToOne) {
  server_.route("/", [](auto& connection, const auto&) { connection.respond(200, "", "<a href=/0>x</a>"); });
  for (int i = 0; i < 30; ++i) {
    std::string links = fmt::format("<img src=/{}.jpg>", i);
    for (int j = 0; j < 200; ++j) links += fmt::format("<a href=/{}?{}>x</a>", (i + j) % 30, j);
    serve_page(fmt::format("/{}", i), links);
  }
  read({seed("/")}, {.max_pages = 25, .depth = 1000});
  EXPECT_EQ(server_.count(), 25);
}

TEST_F(PageSourceTest, LeavesALoopOfPages) {
  serve_page("/1", "<img src=1.jpg><a rel=next href=/2>more</a>");
  serve_page("/2", "<img src=2.jpg><a rel=next href=/1#again>more</a>");
  EXPECT_THAT(read({seed("/1")}), ElementsAre("/1.jpg", "/2.jpg"));
}

TEST_F(PageSourceTest, StaysOnItsHost) {
  serve_page("/1", "<img src=1.jpg><a rel=next href='" + server_.url("/2", "other.localhost") + "'>more</a>");
  serve_page("/2", "<img src=2.jpg>");
  EXPECT_THAT(read({seed("/1")}), ElementsAre("/1.jpg"));
  EXPECT_EQ(server_.count("/2"), 0);
}

TEST_F(PageSourceTest, ResolvesAgainstWhereItWasRedirected) {
  server_.redirect("/old", "/new/");
  serve_page("/new/", "<img src=1.jpg>");
  EXPECT_THAT(read({seed("/old")}), ElementsAre("/new/1.jpg"));
}

TEST_F(PageSourceTest, ReadsAllSeeds) {
  serve_page("/a", "<img src=1.jpg>");
  serve_page("/b", "<img src=2.jpg>");
  EXPECT_THAT(read({seed("/a", "cat"), seed("/b", "dog"), seed("/none", "fox")}),
              UnorderedElementsAre("/1.jpg", "/2.jpg", "/none (http_404)"));
}

TEST_F(PageSourceTest, SaysWhichPageCouldNotBeRead) {
  server_.serve("/picture", "text/html",
                std::string(as_text(image::encode_jpeg(test::draw_gradient(80, 80)))));
  server_.route("/error", [](auto& connection, const auto&) { connection.respond(500, "", ""); });
  server_.serve("/large", "text/html", std::string(5000, ' '));
  EXPECT_THAT(read({seed("/picture")}), ElementsAre("/picture (not_a_page)"));
  EXPECT_THAT(read({seed("/error")}), ElementsAre("/error (http_500)"));
  EXPECT_THAT(read({seed("/large")}, {.max_page_bytes = 4000}), ElementsAre("/large (too_large)"));
  serve_page("/1", "<img src=1.jpg><a rel=next href=/gone>more</a>");
  EXPECT_THAT(read({seed("/1")}), ElementsAre("/1.jpg", "/gone (http_404)"));
}

TEST_F(PageSourceTest, APageWithoutImagesIsNoFailure) {
  serve_page("/1", "<p>nothing</p>");
  EXPECT_THAT(read({seed("/1")}), IsEmpty());
}

TEST_F(PageSourceTest, LooksNoFurtherWhenThereIsEnough) {
  serve_page("/1", "<img src=1.jpg><img src=2.jpg><a rel=next href=/2>more</a>");
  serve_page("/2", "<img src=3.jpg><a rel=next href=/3>more</a>");
  serve_page("/3", "<img src=4.jpg>");
  PageSource source(client_, {seed("/1")}, {});
  ASSERT_TRUE(source.next({}));
  source.enough("dog");
  ASSERT_TRUE(source.next({}));
  source.enough("cat");
  EXPECT_FALSE(source.next({}));
  EXPECT_EQ(server_.count("/3"), 0);
}

TEST_F(PageSourceTest, AsksForNothingBeforeItIsAskedNorForAFullLabel) {
  serve_page("/1", "<img src=1.jpg>");
  serve_page("/2", "<img src=2.jpg>");
  PageSource source(client_, {seed("/1", "cat"), seed("/2", "dog")}, {});
  source.enough("cat");
  const auto finding = source.next({});
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->candidate.label, "dog");
  EXPECT_FALSE(source.next({}));
  EXPECT_EQ(server_.count("/1"), 0);
}

TEST_F(PageSourceTest, StopsWaitingForPagesThatAreNotNeededAnyMore) {
  server_.route("/hang", [](auto& connection, const auto&) { connection.sleep(1h); });
  PageSource source(client_, {seed("/hang")}, {});
  const std::jthread filler([&] {
    while (server_.count("/hang") == 0) std::this_thread::sleep_for(1ms);
    source.enough("cat");
  });
  EXPECT_FALSE(source.next({}));
}

TEST_F(PageSourceTest, LeavesPagesThatOptOut) {
  const PageOptions polite{.robots_token = "winnow-scrape"};
  serve_page("/1", "<meta name=robots content=noai><img src=1.jpg><a rel=next href=/2>more</a>");
  EXPECT_THAT(read({seed("/1")}, polite), ElementsAre("/1 (opted_out)"));
  EXPECT_EQ(last_.failure->message, "is a page whose pictures are not to be collected: meta robots: noai");
  server_.route("/2", [](auto& connection, const auto&) {
    connection.respond(200, "X-Robots-Tag: noimageindex\r\n", "<img src=1.jpg>");
  });
  EXPECT_THAT(read({seed("/2")}, polite), ElementsAre("/2 (opted_out)"));
  EXPECT_THAT(read({seed("/2")}), ElementsAre("/1.jpg"));
}

TEST_F(PageSourceTest, StopsWaitingWhenAsked) {
  server_.route("/hang", [](auto& connection, const auto&) { connection.sleep(1h); });
  PageSource source(client_, {seed("/hang")}, {});
  std::stop_source stop;
  const std::jthread stopper([&] {
    std::this_thread::sleep_for(50ms);
    stop.request_stop();
  });
  EXPECT_FALSE(source.next(stop.get_token()));
}

}  // namespace
}  // namespace winnow::scraping
