#include "winnow/httpd/asset.hpp"

#include <gtest/gtest.h>

#include "winnow/core/hash.hpp"

namespace winnow::httpd {
namespace {

Response ask(const Asset& asset, const std::vector<std::string>& conditions = {}) {
  Request request;
  for (const std::string& condition : conditions) request.headers.add("If-None-Match", condition);
  return asset.answer(request);
}

TEST(Asset, IsSentWithWhatACacheNeeds) {
  const Asset page("content", "text/html", Freshness::kRevalidate);
  const Response response = ask(page);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "content");
  EXPECT_EQ(response.headers.find("Content-Type"), "text/html");
  EXPECT_EQ(response.headers.find("Cache-Control"), "no-cache");
  EXPECT_EQ(response.headers.find("ETag"), '"' + sha256_hex(as_bytes("content")).substr(0, 12) + '"');
  const Asset script("content", "text/javascript", Freshness::kForever);
  EXPECT_EQ(ask(script).headers.find("Cache-Control"), "public, max-age=31536000, immutable");
}

TEST(Asset, ChangesItsTagWithItsContent) {
  const Asset one("one", "text/plain", Freshness::kRevalidate);
  const Asset other("other", "text/plain", Freshness::kRevalidate);
  EXPECT_NE(ask(one).headers.find("ETag"), ask(other).headers.find("ETag"));
}

TEST(Asset, IsNotSentToWhoHasIt) {
  const Asset asset("content", "text/plain", Freshness::kRevalidate);
  const std::string etag(*ask(asset).headers.find("ETag"));
  for (const std::vector<std::string>& conditions :
       {std::vector<std::string>{etag}, {"W/" + etag}, {"*"}, {"\"other\", " + etag}, {"\"other\"", etag}}) {
    const Response response = ask(asset, conditions);
    EXPECT_EQ(response.status, 304) << conditions.front();
    EXPECT_EQ(response.body, "");
    EXPECT_EQ(response.headers.find("ETag"), etag);
    EXPECT_EQ(response.headers.find("Cache-Control"), "no-cache");
  }
  EXPECT_EQ(ask(asset, {"\"other\""}).status, 200);
}

TEST(NamesEtag, ReadsLists) {
  const std::string etag = "\"abc\"";
  for (const std::string names :
       {"\"abc\"", "W/\"abc\"", "*", " \"abc\" ", "\"x\",\"abc\"", "\"x\" , W/\"abc\"", "\"a,b\", \"abc\"",
        "\"\", \"abc\"", ",, \"abc\"", "\"abc\", nonsense"}) {
    EXPECT_TRUE(names_etag(names, etag)) << names;
  }
  for (const std::string names : {"", "abc", "\"abc", "abc\"", "\"ABC\"", "\"abcd\"", "W/", "w/\"abc\"", "**",
                                  "\"x\" \"abc\"", "\"x,\"abc\"", "nonsense, \"abc\""}) {
    EXPECT_FALSE(names_etag(names, etag)) << names;
  }
}

TEST(HashedName, HoldsTheHashBeforeTheExtension) {
  const std::string name = hashed_name("app.min.js", "content");
  EXPECT_EQ(name, "app.min." + sha256_hex(as_bytes("content")).substr(0, 12) + ".js");
  EXPECT_NE(name, hashed_name("app.min.js", "other"));
  EXPECT_EQ(hashed_name("plain", "").size(), std::string("plain.").size() + 12);
}

}  // namespace
}  // namespace winnow::httpd
