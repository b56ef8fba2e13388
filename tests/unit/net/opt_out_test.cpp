#include "winnow/net/opt_out.hpp"

#include <gtest/gtest.h>

namespace winnow::net {
namespace {

std::string directive(std::string_view list) {
  return opt_out_directive(list, "winnow-scrape");
}

TEST(OptOut, FindsTheDirectives) {
  for (const char* name : {"noai", "noimageai", "noindex", "noimageindex", "noml", "none"}) {
    EXPECT_EQ(directive(name), name);
  }
  EXPECT_EQ(directive("NOAI"), "noai");
  EXPECT_EQ(directive(" nofollow ,\tnoai "), "noai");
}

TEST(OptOut, OthersSayNothingAboutThis) {
  for (const char* list :
       {"", "all", "nofollow", "nosnippet, noarchive", "noaim", "no ai", ",,,", ":", "a:"}) {
    EXPECT_EQ(directive(list), "") << list;
  }
}

TEST(OptOut, ColonsAreNotAlwaysAfterNames) {
  EXPECT_EQ(directive("noai, max-image-preview:large"), "noai");
  EXPECT_EQ(directive("max-image-preview:large, noai"), "noai");
  EXPECT_EQ(directive("unavailable_after: 25 Jun 2030 15:00:00 PST, noindex"), "noindex");
  EXPECT_EQ(directive("max-snippet: -1"), "");
}

TEST(OptOut, WhatIsForOthersIsNotForUs) {
  EXPECT_EQ(directive("googlebot: noindex"), "");
  EXPECT_EQ(directive("googlebot: noindex, noai"), "");
  EXPECT_EQ(directive("winnow-scrape: noai"), "noai");
  EXPECT_EQ(directive("Winnow-Scrape: noai"), "noai");
  EXPECT_EQ(directive("*: noai"), "noai");
  EXPECT_EQ(directive("googlebot: nofollow, winnow-scrape: noindex"), "noindex");
}

TEST(OptOut, ReadsContentUsage) {
  EXPECT_TRUE(forbids_training("train-ai=n"));
  EXPECT_TRUE(forbids_training("search=y, TRAIN-AI=n;x=1"));
  for (const char* usage : {"", "train-ai=y", "train-ai", "search=n", "xtrain-ai=n"}) {
    EXPECT_FALSE(forbids_training(usage)) << usage;
  }
}

TEST(OptOut, ReadsEveryHeader) {
  const auto of = [](std::vector<HttpResponse::Header> headers) { return opt_out(headers, "winnow-scrape"); };
  EXPECT_EQ(of({{"x-robots-tag", "noai"}}), "X-Robots-Tag: noai");
  EXPECT_EQ(of({{"x-robots-tag", "nofollow"}, {"x-robots-tag", "none"}}), "X-Robots-Tag: none");
  EXPECT_EQ(of({{"content-usage", "train-ai=n"}}), "Content-Usage: train-ai=n");
  EXPECT_EQ(of({{"tdm-reservation", " 1 "}}), "tdm-reservation: 1");
  EXPECT_EQ(of({}), "");
  EXPECT_EQ(of({{"tdm-reservation", "0"}, {"x-other", "noai"}, {"content-usage", "train-ai=y"}}), "");
}

}  // namespace
}  // namespace winnow::net
