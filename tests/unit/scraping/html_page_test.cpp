#include "winnow/scraping/html_page.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace winnow::scraping {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

HtmlPage parse(std::string_view html, const PageLimits& limits = {}) {
  Result<HtmlPage> page =
      parse_page(as_bytes(html), *net::Url::parse("http://example.org/g/page.html"), limits);
  EXPECT_TRUE(page) << html.substr(0, 100);
  return page ? std::move(*page) : HtmlPage{};
}

std::vector<std::string> images(std::string_view html) {
  std::vector<std::string> urls;
  for (const PageImage& image : parse(html).images) urls.push_back(image.url.text());
  return urls;
}

TEST(HtmlPage, FindsImages) {
  EXPECT_THAT(
      images("<p><img src=a.jpg><img src='/b.png'><IMG SRC=\"http://other.example/c.webp?x=1&amp;y=2\">"),
      ElementsAre("http://example.org/g/a.jpg", "http://example.org/b.png",
                  "http://other.example/c.webp?x=1&y=2"));
}

TEST(HtmlPage, ReadsOptOutsIfAsked) {
  const auto opt_out = [](std::string_view html) {
    return parse(html, {.robots_token = "winnow-scrape"}).opt_out;
  };
  EXPECT_EQ(opt_out("<meta name=robots content='max-image-preview:large, NoAI'>"), "meta robots: noai");
  EXPECT_EQ(opt_out("<meta name=ROBOTS content=none>"), "meta robots: none");
  EXPECT_EQ(opt_out("<meta name=Winnow-Scrape content=noimageindex>"), "meta winnow-scrape: noimageindex");
  EXPECT_EQ(opt_out("<meta name=tdm-reservation content=1>"), "tdm-reservation: 1");
  EXPECT_EQ(opt_out("<meta name=robots content=nofollow><meta name=googlebot content=noindex>"
                    "<meta name=tdm-reservation content=0><meta content=noai>"),
            "");
  EXPECT_EQ(parse("<meta name=robots content=noai>").opt_out, "");
}

TEST(HtmlPage, NofollowEndsAGallery) {
  const PageLimits limits{.robots_token = "winnow-scrape"};
  EXPECT_FALSE(parse("<meta name=robots content='index, nofollow'><a rel=next href=2>2</a>", limits).next);
  EXPECT_FALSE(parse("<a rel='next nofollow' href=2>2</a>", limits).next);
  EXPECT_TRUE(parse("<meta name=robots content=nofollow><a href=x>x</a>", limits).links.empty());
  EXPECT_TRUE(parse("<a rel='next nofollow' href=2>2</a>").next);
}

TEST(HtmlPage, TellsWhereItLeads) {
  const HtmlPage page = parse(
      "<base href=/b/><a href=x>1</a><a href=./x#top>2</a><a href=big.jpg>3</a><a href=y rel=NoFollow>4</a>"
      "<a href=z.pdf>5</a><a href=d.svg>6</a><a href='mailto:a@b'>7</a><a href='http://other.example/'>8</a>"
      "<a>9</a><a href='  '>10</a><a href='data:text/html,x'>11</a>");
  std::vector<std::string> links;
  for (const net::Url& link : page.links) links.push_back(link.text());
  EXPECT_THAT(links, ElementsAre("http://example.org/b/x", "http://other.example/"));
  std::string many;
  for (int i = 0; i < 50; ++i) many += "<a href=/" + std::to_string(i) + ">x</a>";
  EXPECT_THAT(parse(many, {.max_links = 7}).links, SizeIs(7));
}

TEST(HtmlPage, NamesEachOnce) {
  EXPECT_THAT(images("<img src=a.jpg><img src=./a.jpg><img src=a.jpg#x><noscript><img src=a.jpg></noscript>"),
              ElementsAre("http://example.org/g/a.jpg"));
}

TEST(HtmlPage, PrefersTheLinkAroundAThumbnail) {
  const HtmlPage page =
      parse("<a href=big.JPG><span><img src=thumb.jpg alt=' a cat '></span></a><img src=other.jpg>");
  ASSERT_THAT(page.images, SizeIs(2));
  EXPECT_EQ(page.images[0].url.text(), "http://example.org/g/big.JPG");
  EXPECT_EQ(page.images[0].title, "a cat");
  EXPECT_EQ(page.images[1].url.text(), "http://example.org/g/other.jpg");
}

TEST(HtmlPage, TakesTheImageWhereTheLinkLeadsElsewhere) {
  EXPECT_THAT(
      images("<a href=detail.html><img src=a.jpg></a><a href=/wiki/File:Cat.jpg><img src=b.jpg></a>"
             "<a href='data:image/png;base64,AAAA'><img src=c.jpg></a>"),
      ElementsAre("http://example.org/g/a.jpg", "http://example.org/g/b.jpg", "http://example.org/g/c.jpg"));
}

TEST(HtmlPage, TakesLinksToImageFilesWithoutAThumbnail) {
  EXPECT_THAT(
      images("<a href=a.jpeg>a.jpeg</a><a href='b.avif?download=1'>b</a><a href=c.html>c</a><a>d</a>"),
      ElementsAre("http://example.org/g/a.jpeg", "http://example.org/g/b.avif?download=1"));
}

TEST(HtmlPage, TakesTheLargestOfASrcset) {
  EXPECT_THAT(images("<img src=s.jpg srcset='a.jpg 320w, c.jpg 1280w,b.jpg 640w'>"),
              ElementsAre("http://example.org/g/c.jpg"));
  EXPECT_THAT(images("<img srcset='a.jpg, b.jpg 2x, c.jpg 1.5x'>"),
              ElementsAre("http://example.org/g/b.jpg"));
  EXPECT_THAT(images("<img srcset='a,b.jpg 1x, c.jpg 3x 100w,'>"), ElementsAre("http://example.org/g/c.jpg"));
  EXPECT_THAT(images("<img src=s.jpg srcset='data:image/gif;base64,R0lG 900w'>"),
              ElementsAre("http://example.org/g/s.jpg"));
  EXPECT_THAT(images("<img src=s.jpg srcset=' , ,, '>"), ElementsAre("http://example.org/g/s.jpg"));
  EXPECT_THAT(images("<img srcset='a.jpg -5w, b.jpg nanx, c.jpg 2x, d.jpg 99999999999999999999w, e.jpg w'>"),
              ElementsAre("http://example.org/g/c.jpg"));
  EXPECT_THAT(images("<img src=p.gif data-srcset='a.jpg 1x, b.jpg 2x'>"),
              ElementsAre("http://example.org/g/b.jpg"));
}

TEST(HtmlPage, TakesTheLargestSourceOfAPicture) {
  EXPECT_THAT(
      images("<picture><source srcset='a.webp 400w, b.webp 1600w' type=image/webp>"
             "<source srcset='d.svg 9000w' type=image/svg+xml><img src=s.jpg srcset='c.jpg 800w'></picture>"
             "<img src=t.jpg>"),
      ElementsAre("http://example.org/g/b.webp", "http://example.org/g/t.jpg"));
}

TEST(HtmlPage, PrefersLazyAttributesToPlaceholders) {
  EXPECT_THAT(
      images("<img src=blank.gif data-src=a.jpg><img src=blank.gif data-original=b.jpg>"
             "<img src='data:image/gif;base64,R0lG' data-lazy-src=c.jpg>"),
      ElementsAre("http://example.org/g/a.jpg", "http://example.org/g/b.jpg", "http://example.org/g/c.jpg"));
}

TEST(HtmlPage, PassesOverWhatCannotBeFetched) {
  EXPECT_THAT(images("<img><img src=''><img src='data:image/png;base64,AA'><img src='blob:http://a/b'>"
                     "<img src='ftp://a/b.jpg'><img src='http://'><img src=logo.svg><img src='  '>"
                     "<img src='javascript:alert(1)'><template><img src=a.jpg></template>"),
              IsEmpty());
}

TEST(HtmlPage, ResolvesAgainstTheBase) {
  EXPECT_THAT(images("<head><base href=/other/><base href=/third/></head><img src=a.jpg>"),
              ElementsAre("http://example.org/other/a.jpg"));
  EXPECT_THAT(images("<base href='javascript:x'><img src=a.jpg>"), ElementsAre("http://example.org/g/a.jpg"));
}

TEST(HtmlPage, TakesTheSocialImageIfThereIsNothingElse) {
  const std::string head =
      "<meta property=og:image content=/og.jpg><meta name=twitter:image content=/tw.jpg>";
  EXPECT_THAT(images(head + "<p>text"), ElementsAre("http://example.org/og.jpg"));
  EXPECT_THAT(images(head + "<img src=a.jpg>"), ElementsAre("http://example.org/g/a.jpg"));
  EXPECT_THAT(images("<meta property=og:image content=''>"), IsEmpty());
}

TEST(HtmlPage, FindsTheNextPageAndTheLicence) {
  const HtmlPage page = parse(
      "<a rel='nofollow NEXT' href='?p=2'>next</a><link rel=next href=no>"
      "<a rel=license href='https://creativecommons.org/licenses/by/4.0/'>CC BY</a>");
  EXPECT_EQ(page.next->text(), "http://example.org/g/page.html?p=2");
  EXPECT_EQ(page.licence, "https://creativecommons.org/licenses/by/4.0/");
  EXPECT_EQ(parse("<link rel=next href=/2>").next->text(), "http://example.org/2");
  EXPECT_FALSE(parse("<a rel=nextish href=2>").next);
  EXPECT_FALSE(parse("<a rel=next href='javascript:more()'>").next);
}

TEST(HtmlPage, ReadsWhateverBytes) {
  EXPECT_THAT(images(""), IsEmpty());
  EXPECT_THAT(images(std::string(1000, '\0')), IsEmpty());
  EXPECT_THAT(images("\xff\xfe\x00<img"), IsEmpty());
  EXPECT_THAT(images("<img src=a.jpg"), IsEmpty());  // ends inside the tag
  EXPECT_THAT(images("<img src=a\xff.jpg>"), SizeIs(1));
  EXPECT_THAT(
      images(
          "<table><img src=a.jpg><tr><td><img src=b.jpg></table><a href=c.jpg><a href=d.jpg><img src=e.jpg>"),
      SizeIs(4));
}

TEST(HtmlPage, StandsDeepNesting) {
  std::string html;
  for (int i = 0; i < 30'000; ++i) html += "<div>";
  html += "<img src=a.jpg>";
  const Result<HtmlPage> page = parse_page(as_bytes(html), *net::Url::parse("http://example.org/"));
  if (page) {
    EXPECT_THAT(page->images, SizeIs(1));
  } else {
    EXPECT_EQ(page.failure().code, "page_too_complex");
  }
}

// Every paragraph opens all the unclosed elements again: 20,000 x 20,000 from 200 kB.
TEST(HtmlPage, GivesUpOnPagesThatExplode) {
  std::string html = "<p>";
  for (int i = 0; i < 20'000; ++i) html += "<b id=" + std::to_string(i) + ">";
  for (int i = 0; i < 20'000; ++i) html += "<p>x";
  const PageLimits limits{.max_memory = 64'000'000};
  const Result<HtmlPage> page = parse_page(as_bytes(html), *net::Url::parse("http://example.org/"), limits);
  ASSERT_FALSE(page);
  EXPECT_EQ(page.failure().code, "page_too_complex");
}

TEST(HtmlPage, LimitsTheNumberOfImages) {
  std::string html;
  for (int i = 0; i < 100; ++i)
    html += "<img src=" + std::to_string(i) + ".jpg><a href=l" + std::to_string(i) + ".jpg></a>";
  EXPECT_THAT(parse(html, {.max_images = 10}).images, SizeIs(10));
}

}  // namespace
}  // namespace winnow::scraping
