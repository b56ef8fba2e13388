#include "winnow/net/http_message.hpp"

#include <gmock/gmock.h>

namespace winnow::net {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

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

TEST(HttpMessage, GivesEveryValueOfARepeatedHeader) {
  const HttpResponse answer = response();
  EXPECT_THAT(answer.header_values("x-robots-tag"), ElementsAre("noai", "none"));
  EXPECT_THAT(answer.header_values("etag"), IsEmpty());
}

TEST(HttpMessage, DescribesStatuses) {
  EXPECT_EQ(describe_status(404), "404 Not Found");
  EXPECT_EQ(describe_status(599), "599");
}

}  // namespace
}  // namespace winnow::net
