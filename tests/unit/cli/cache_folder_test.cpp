#include "winnow/cli/cache_folder.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "support/process.hpp"

namespace winnow::cli {
namespace {

std::string cache_folder_with(const char* xdg, const char* home) {
  return test::run_in_child([&] {
           ::setenv("XDG_CACHE_HOME", xdg, 1);
           ::setenv("HOME", home, 1);
           std::cout << cache_folder().string();
           return 0;
         })
      .out;
}

TEST(CacheFolder, FollowsTheSpecification) {
  EXPECT_EQ(cache_folder_with("/var/cache/me", "/home/me"), "/var/cache/me/winnow");
  EXPECT_EQ(cache_folder_with("", "/home/me"), "/home/me/.cache/winnow");
  EXPECT_EQ(cache_folder_with("relative", "/home/me"), "/home/me/.cache/winnow");
  EXPECT_EQ(cache_folder_with("", ""), "");
}

}  // namespace
}  // namespace winnow::cli
