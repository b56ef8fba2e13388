#include "winnow/httpd/listen_address.hpp"

#include <gtest/gtest.h>

namespace winnow::httpd {
namespace {

TEST(ListenAddress, IsReadAsItIsWritten) {
  for (const std::string text : {"127.0.0.1:8080", "0.0.0.0:80", "localhost:0", "[::1]:65535", "[::]:1"}) {
    const Result<ListenAddress> address = parse_listen_address(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(to_string(*address), text);
  }
  EXPECT_EQ(*parse_listen_address("127.0.0.1:8080"), ListenAddress{});
  EXPECT_EQ(*parse_listen_address("[::1]:80"), (ListenAddress{"::1", 80}));
}

TEST(ListenAddress, IsNothingElse) {
  for (const std::string text : {"",
                                 ":",
                                 "8080",
                                 ":8080",
                                 "localhost",
                                 "localhost:",
                                 "localhost:x",
                                 "localhost:80x",
                                 "localhost:-1",
                                 "localhost:+1",
                                 "localhost:65536",
                                 "localhost: 80",
                                 "::1:80",
                                 "[::1]",
                                 "[::1]80",
                                 "[::1:80",
                                 "::1]:80",
                                 "[localhost]:80",
                                 "[]:80",
                                 "a b:80",
                                 "http://localhost:80"}) {
    EXPECT_FALSE(parse_listen_address(text)) << text;
  }
}

}  // namespace
}  // namespace winnow::httpd
