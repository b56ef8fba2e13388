#include "winnow/net/http_message.hpp"

#include <gtest/gtest.h>

namespace winnow::net {
namespace {

HttpResponse response() {
  return {.status = 200,
          .url = *Url::parse("http://example.org/"),
          .headers = {{"content-type", "Text/HTML; charset=utf-8"},
                      {"x-robots-tag", "noai"},
                      {"x-robots-tag", "none"}},
          .body = {},
          .memory_lease = {}};
}

TEST(HttpMessage, FindsHeaders) {
  EXPECT_EQ(response().header("x-robots-tag"), "noai");
  EXPECT_EQ(response().header("etag"), "");
}

TEST(HttpMessage, DescribesStatuses) {
  EXPECT_EQ(describe_status(404), "404 Not Found");
  EXPECT_EQ(describe_status(599), "599");
}

}  // namespace
}  // namespace winnow::net
