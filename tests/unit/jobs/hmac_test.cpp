#include "hmac.hpp"

#include <gtest/gtest.h>

#include <string>

namespace winnow::jobs {
namespace {

TEST(Hmac, AgreesWithRfc4231) {
  // Test case 2.
  const auto code = hmac_sha256("Jefe", "what do ya want for nothing?");
  const std::array<std::uint8_t, 8> first = {0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e};
  const std::array<std::uint8_t, 4> last = {0x64, 0xec, 0x38, 0x43};
  EXPECT_TRUE(same_secret(ByteSpan(code).first(8), first));
  EXPECT_TRUE(same_secret(ByteSpan(code).last(4), last));
  // Test case 6: a key longer than a block.
  const auto of_long_key =
      hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First");
  const std::array<std::uint8_t, 4> of_long_key_first = {0x60, 0xe4, 0x31, 0x59};
  EXPECT_TRUE(same_secret(ByteSpan(of_long_key).first(4), of_long_key_first));
}

TEST(Hmac, TakesAnEmptyKeyAndText) {
  EXPECT_EQ(hmac_sha256("", "")[0], 0xb6);
}

TEST(SameSecret, ComparesLengthAndContent) {
  EXPECT_TRUE(same_secret({}, {}));
  EXPECT_TRUE(same_secret(as_bytes("abc"), as_bytes("abc")));
  EXPECT_FALSE(same_secret(as_bytes("abc"), as_bytes("abcd")));
  EXPECT_FALSE(same_secret(as_bytes("abc"), as_bytes("abd")));
}

}  // namespace
}  // namespace winnow::jobs
