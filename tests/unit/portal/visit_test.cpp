#include "visit.hpp"

#include <gtest/gtest.h>

#include "winnow/jobs/token.hpp"

namespace winnow::portal {
namespace {

httpd::Request with(const std::string& name, const std::string& value) {
  httpd::Request request;
  request.headers.add("Host", "pets.example");
  request.headers.add(name, value);
  return request;
}

TEST(Visit, FindsItsCookieAmongOthersAndTakesNoOther) {
  const std::string token = jobs::make_token(jobs::TokenKind::kSession).text;
  EXPECT_EQ(session_of(with("Cookie", "a=b; winnow=" + token + " ;c"), false), token);
  EXPECT_EQ(session_of(with("Cookie", "__Host-winnow=" + token), true), token);
  EXPECT_EQ(session_of(with("Cookie", "winnow=" + token), true), "") << "a plain one can be planted";
  EXPECT_EQ(session_of(with("Cookie", "winnow=wns_short"), false), "");
  EXPECT_EQ(session_of(with("Cookie", ";;=;winnow"), false), "");
  EXPECT_EQ(session_of(with("X", "y"), false), "");
}

TEST(Visit, FindsTokensOfPrograms) {
  EXPECT_EQ(bearer_of(with("Authorization", "bearer  wnk_1 ")), "wnk_1");
  EXPECT_EQ(bearer_of(with("Authorization", "Basic x")), std::nullopt);
  EXPECT_EQ(bearer_of(with("X", "y")), std::nullopt);
}

TEST(Visit, KnowsPagesOfOtherSites) {
  const auto foreign = [](const std::string& name, const std::string& value, const std::string& url = "") {
    return is_foreign(with(name, value), url);
  };
  EXPECT_FALSE(foreign("X", "a program says nothing"));
  EXPECT_FALSE(foreign("Origin", "https://PETS.example"));
  EXPECT_TRUE(foreign("Origin", "https://evil.example"));
  EXPECT_TRUE(foreign("Origin", "https://pets.example.evil.example"));
  EXPECT_TRUE(foreign("Origin", "null"));
  EXPECT_FALSE(foreign("Origin", "https://public.example", "https://public.example"));
  EXPECT_FALSE(foreign("Sec-Fetch-Site", "same-origin"));
  EXPECT_FALSE(foreign("Sec-Fetch-Site", "none"));
  EXPECT_TRUE(foreign("Sec-Fetch-Site", "same-site"));
  EXPECT_TRUE(foreign("Sec-Fetch-Site", "cross-site"));
}

TEST(Visit, GoesNowhereElseAfterSigningIn) {
  for (const char* good : {"/jobs", "/jobs/0a1b", "/account", "/upgrade", "/jobs/0a/results.csv"})
    EXPECT_EQ(safe_target(good), good);
  for (const char* bad : {"", "//evil.example", "/jobs//evil", "https://evil.example", "/jobsx",
                          "/jobs\r\nX: y", "/jobs?x=1", "/sign-out", "/\\evil"}) {
    const std::string target = safe_target(bad);
    EXPECT_TRUE(target == "/jobs" || target.starts_with("/jobs/")) << bad << " -> " << target;
  }
  EXPECT_EQ(safe_target(std::nullopt), "/jobs");
}

TEST(Visit, CookiesEndWhereThereIsNoSession) {
  EXPECT_EQ(cookie_of("", false, std::chrono::hours(1)),
            "winnow=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
}

}  // namespace
}  // namespace winnow::portal
