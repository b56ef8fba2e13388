#include "winnow/scraping/provider.hpp"

#include <gtest/gtest.h>

#include "winnow/scraping/source_terms.hpp"

namespace winnow::scraping {
namespace {

TEST(Provider, IsMadeByItsName) {
  EXPECT_EQ(make_provider("commons", {})->name(), "commons");
  for (const char* name : {"", "bing", "Commons"}) {
    try {
      (void)make_provider(name, {});
      ADD_FAILURE() << name;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    }
  }
}

TEST(Provider, KeepsItsKeyToItself) {
  for (const SourceTerms& source : source_terms()) {
    const auto provider = make_provider(source.name, {.key = "SECRET/1"});
    const Result<ApiRequest> request = provider->request("dog", "");
    ASSERT_TRUE(request) << source.name;
    EXPECT_EQ(request->shown.find("SECRET"), std::string::npos) << source.name;
    EXPECT_EQ(provider->redact("bad key SECRET/1, SECRET%2F1!"), "bad key [key], [key]!");
  }
  EXPECT_EQ(make_provider("commons", {})->redact("nothing to hide"), "nothing to hide");
}

TEST(Provider, CanBeAnotherServer) {
  for (const SourceTerms& source : source_terms()) {
    const auto provider = make_provider(source.name, {.address = "http://127.0.0.1:1/api", .key = "k"});
    EXPECT_TRUE(provider->request("dog", "")->shown.starts_with("http://127.0.0.1:1/api?")) << source.name;
  }
}

TEST(Provider, RefusesWordsThatMakeNoAddress) {
  for (const SourceTerms& source : source_terms()) {
    const auto provider = make_provider(source.name, {.key = "k"});
    EXPECT_EQ(provider->request(std::string(9000, 'x'), "").failure().code, "bad_url") << source.name;
    EXPECT_FALSE(provider->report("http://example.org/")) << source.name;
  }
}

}  // namespace
}  // namespace winnow::scraping
