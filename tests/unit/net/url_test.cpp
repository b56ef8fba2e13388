#include "winnow/net/url.hpp"

#include <gmock/gmock.h>

#include <string>

namespace winnow::net {
namespace {

using testing::HasSubstr;

std::string parsed(std::string_view text) {
  const Result<Url> url = Url::parse(text);
  return url ? url->text() : url.failure().code;
}

std::string resolved(std::string_view base, std::string_view reference) {
  const Result<Url> url = Url::parse(base)->resolve(reference);
  return url ? url->text() : url.failure().code;
}

TEST(Url, OneNormalForm) {
  EXPECT_EQ(parsed("http://example.org"), "http://example.org/");
  EXPECT_EQ(parsed("  HTTP://Example.ORG:80/a/./b/../c.jpg#top\n"), "http://example.org/a/c.jpg");
  EXPECT_EQ(parsed("https://example.org:443/"), "https://example.org/");
  EXPECT_EQ(parsed("https://example.org:80/"), "https://example.org:80/");
  EXPECT_EQ(parsed("http://example.org./x"), "http://example.org/x");
  EXPECT_EQ(parsed("http:\\\\example.org\\a\\b?c\\d"), "http://example.org/a/b?c%5Cd");
  EXPECT_EQ(parsed("http://example.org/a\n  b.jpg"), "http://example.org/a%20%20b.jpg");
}

TEST(Url, EncodesWhatMayNotStandInIt) {
  EXPECT_EQ(parsed("http://example.org/a b.jpg?q=x y"), "http://example.org/a%20b.jpg?q=x%20y");
  EXPECT_EQ(parsed("http://example.org/\xc3\xbc.jpg"), "http://example.org/%c3%bc.jpg");
  EXPECT_EQ(parsed("http://example.org/a%20b%zz"), "http://example.org/a%20b%zz");
  EXPECT_EQ(parsed("http://example.org/\"<x>`{|}^"), "http://example.org/%22%3Cx%3E%60%7B%7C%7D%5E");
}

TEST(Url, WritesHostNamesInPunycode) {
  EXPECT_EQ(parsed("http://b\xc3\xbc"
                   "cher.example/x"),
            "http://xn--bcher-kva.example/x");
  EXPECT_EQ(parsed("http://B\xc3\x9c"
                   "CHER.example/x"),
            "http://xn--bcher-kva.example/x");
  EXPECT_EQ(parsed("http://\xff\xfe.example/"), "bad_url");
  EXPECT_EQ(parsed("http://\xe2\x82\xac" + std::string(80, 'a') + ".example/"), "bad_url");
}

TEST(Url, SeesThroughDisguisedAddresses) {
  for (const char* text :
       {"http://0x7f000001/", "http://2130706433/", "http://0177.0.0.1/", "http://127.1/"}) {
    EXPECT_EQ(parsed(text), "http://127.0.0.1/") << text;
  }
  EXPECT_EQ(Url::parse("http://[::FFFF:127.0.0.1]/")->host(), "[::ffff:127.0.0.1]");
}

TEST(Url, DropsCredentials) {
  EXPECT_EQ(parsed("https://me:secret@example.org/x"), "https://example.org/x");
  EXPECT_EQ(parsed("https://me@example.org/x"), "https://example.org/x");
  // Not a user name before "@evil": the backslash ends the host, as in browsers.
  EXPECT_EQ(parsed("http://example.org\\@evil.example/"), "http://example.org/@evil.example/");
  EXPECT_EQ(resolved("http://example.org/", "//me:secret@other.example/"), "http://other.example/");
}

TEST(Url, KnowsItsParts) {
  const Result<Url> url = Url::parse("http://Example.org:8080/a/b.jpg?c=d");
  EXPECT_EQ(url->host(), "example.org");
  EXPECT_EQ(url->path(), "/a/b.jpg");
  EXPECT_EQ(*url, *Url::parse("http://example.ORG:8080/a/b.jpg?c=d#e"));
}

TEST(Url, RefusesOtherSchemes) {
  for (const char* text :
       {"ftp://example.org/x", "file:///etc/passwd", "javascript:alert(1)", "data:image/png;base64,AA",
        "blob:http://example.org/x", "mailto:a@example.org", "gopher://example.org/"}) {
    EXPECT_EQ(parsed(text), "refused_scheme") << text;
    EXPECT_EQ(resolved("http://example.org/", text), "refused_scheme") << text;
  }
  EXPECT_THAT(Url::parse("FTP://example.org/").failure().message,
              HasSubstr("is a ftp: address; only http and https"));
}

TEST(Url, RefusesWhatIsNone) {
  const std::string too_long = "http://example.org/" + std::string(kMaxUrlLength, 'a');
  for (const std::string& text :
       {std::string(), std::string("   "), std::string("example.org/x.jpg"), std::string("//example.org/x"),
        std::string("example.org:8080/x"), std::string("http://"), std::string("http://exa mple.org/"),
        std::string("http://example.org:99999/"), std::string("http://example.org:port/"),
        std::string("http://[::1"), std::string("http://[fe80::1%25eth0]/"), std::string("http://./"),
        std::string("http://a\0b/", 11), std::string("http://a\x01/"), too_long}) {
    EXPECT_EQ(parsed(text), "bad_url") << text.substr(0, 50);
  }
  // 4,000 characters that become 12,000.
  std::string swelling = "http://example.org/";
  for (int i = 0; i < 2000; ++i) swelling += "\xc3\xbc";
  EXPECT_EQ(parsed(swelling), "bad_url");
}

TEST(Url, ResolvesReferences) {
  const std::string base = "http://example.org/gallery/page.html?n=1#top";
  EXPECT_EQ(resolved(base, "a.jpg"), "http://example.org/gallery/a.jpg");
  EXPECT_EQ(resolved(base, "../up/a b.jpg"), "http://example.org/up/a%20b.jpg");
  EXPECT_EQ(resolved(base, "/root.jpg"), "http://example.org/root.jpg");
  EXPECT_EQ(resolved(base, "//other.example/x"), "http://other.example/x");
  EXPECT_EQ(resolved(base, "https://other.example/x"), "https://other.example/x");
  EXPECT_EQ(resolved(base, "?n=2"), "http://example.org/gallery/page.html?n=2");
  EXPECT_EQ(resolved(base, "#bottom"), "http://example.org/gallery/page.html?n=1");
  EXPECT_EQ(resolved(base, ""), "http://example.org/gallery/page.html?n=1");
  EXPECT_EQ(resolved(base, "\n a.jpg \t"), "http://example.org/gallery/a.jpg");
  EXPECT_EQ(resolved(base, "../../../../a.jpg"), "http://example.org/a.jpg");
}

TEST(Url, RefusesBadReferences) {
  const std::string base = "http://example.org/";
  EXPECT_EQ(resolved(base, "http://"), "bad_url");
  EXPECT_EQ(resolved(base, "//"), "bad_url");
  EXPECT_EQ(resolved(base, std::string(kMaxUrlLength + 1, 'a')), "bad_url");
  EXPECT_EQ(resolved(base, std::string(kMaxUrlLength - 5, 'a')), "bad_url");  // too long once joined
  EXPECT_EQ(resolved(base, "a\x02.jpg"), "bad_url");
}

}  // namespace
}  // namespace winnow::net
