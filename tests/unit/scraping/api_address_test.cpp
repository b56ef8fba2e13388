#include "api_address.hpp"

#include <gmock/gmock.h>

namespace winnow::scraping {
namespace {

using testing::ElementsAre;

TEST(ApiAddress, EncodesWhatHasAMeaning) {
  EXPECT_EQ(percent_encode("aZ9-._~"), "aZ9-._~");
  EXPECT_EQ(percent_encode("a b&c=d+e#f/g?h%"), "a%20b%26c%3Dd%2Be%23f%2Fg%3Fh%25");
  EXPECT_EQ(percent_encode("\xc3\xa4\n"), "%C3%A4%0A");
}

TEST(ApiAddress, BuildsAnAddress) {
  const Result<ApiRequest> request =
      ApiAddress("http://a/x").add("q", "big dog&page=9").add("n", "2").request();
  ASSERT_TRUE(request);
  EXPECT_EQ(request->url.text(), "http://a/x?q=big%20dog%26page%3D9&n=2");
  EXPECT_EQ(request->shown, request->url.text());
  EXPECT_FALSE(request->headers);
}

TEST(ApiAddress, DoesNotShowSecrets) {
  const Result<ApiRequest> request = ApiAddress("http://a/x")
                                         .add("q", "dog")
                                         .add_secret("key", "hidden")
                                         .add_header("Authorization", "hidden\r\nX-More: 1")
                                         .request();
  ASSERT_TRUE(request);
  EXPECT_EQ(request->url.text(), "http://a/x?q=dog&key=hidden");
  EXPECT_EQ(request->shown, "http://a/x?q=dog");
  EXPECT_THAT(*request->headers, ElementsAre("Authorization: hiddenX-More: 1"));
}

TEST(ApiAddress, RefusesWhatMakesNoAddress) {
  EXPECT_EQ(ApiAddress("http://a/").add("q", std::string(9000, 'x')).request().failure().code, "bad_url");
  EXPECT_EQ(ApiAddress("nonsense").request().failure().code, "bad_url");
}

}  // namespace
}  // namespace winnow::scraping
