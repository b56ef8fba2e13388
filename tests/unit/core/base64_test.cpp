#include "winnow/core/base64.hpp"

#include <gtest/gtest.h>

namespace winnow {
namespace {

std::optional<std::string> decode(std::string_view text) {
  const std::optional<Bytes> bytes = from_base64(text);
  return bytes ? std::optional(std::string(as_text(*bytes))) : std::nullopt;
}

// RFC 4648 section 10.
TEST(Base64, IsWhatTheStandardSays) {
  for (const auto& [plain, coded] :
       std::vector<std::pair<std::string, std::string>>{{"", ""},
                                                        {"f", "Zg=="},
                                                        {"fo", "Zm8="},
                                                        {"foo", "Zm9v"},
                                                        {"foob", "Zm9vYg=="},
                                                        {"foobar", "Zm9vYmFy"}}) {
    EXPECT_EQ(to_base64(as_bytes(plain)), coded);
    EXPECT_EQ(decode(coded), plain);
    EXPECT_EQ(decode(coded.substr(0, coded.find('='))), plain) << "padding may be missing";
  }
  EXPECT_EQ(decode("-_-_"), decode("+/+/"));
}

TEST(Base64, KeepsEveryByte) {
  Bytes all;
  for (int i = 0; i < 1024; ++i) all.push_back(static_cast<std::uint8_t>(i * 7));
  for (std::size_t size = 0; size < 300; ++size) {
    const ByteSpan part = ByteSpan(all).first(size);
    EXPECT_EQ(from_base64(to_base64(part)), Bytes(part.begin(), part.end()));
  }
}

TEST(Base64, RefusesEverythingElse) {
  for (const std::string text :
       {"Z", "Zg=", "Zg===", "=", "====", "Zm9v\n", "Zm 9v", "Zm9v!", "Zg==Zg==", "\xff\xff\xff\xff"}) {
    EXPECT_EQ(decode(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace winnow
