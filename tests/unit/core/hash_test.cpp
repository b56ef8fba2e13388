#include "winnow/core/hash.hpp"

#include <gtest/gtest.h>

#include "support/temporary_folder.hpp"
#include "winnow/core/error.hpp"

namespace winnow {
namespace {

// The examples of FIPS 180-4.
TEST(Sha256, MatchesThePublishedVectors) {
  EXPECT_EQ(sha256_hex({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex(as_bytes("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex(as_bytes(std::string(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, ReadsPastAZeroByte) {
  EXPECT_NE(sha256_hex(as_bytes(std::string_view("a\0b", 3))),
            sha256_hex(as_bytes(std::string_view("a\0c", 3))));
}

TEST(Sha256, IsTheSameOfPieces) {
  Sha256 hash;
  hash.update(as_bytes("a"));
  hash.update({});
  hash.update(as_bytes("bc"));
  EXPECT_EQ(hash.finish(), sha256_hex(as_bytes("abc")));
  EXPECT_EQ(Sha256().finish(), sha256_hex({}));
}

TEST(Sha256, IsTheSameOfFiles) {
  const test::TemporaryFolder folder;
  const std::string content(700'001, 'x');  // more than one block, and not whole ones
  const FileDigest digest = sha256_of_file(folder.write("file", content));
  EXPECT_EQ(digest.sha256, sha256_hex(as_bytes(content)));
  EXPECT_EQ(digest.bytes, content.size());
  EXPECT_THROW((void)sha256_of_file(folder / "none"), Error);
  EXPECT_THROW((void)sha256_of_file(folder.path()), Error);
}

}  // namespace
}  // namespace winnow
