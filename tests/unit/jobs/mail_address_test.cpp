#include "winnow/jobs/mail_address.hpp"

#include <gtest/gtest.h>

#include <string>

namespace winnow::jobs {
namespace {

TEST(MailAddress, IsKeptAsItIsComparedLater) {
  EXPECT_EQ(mail_address("ada@example.org"), "ada@example.org");
  EXPECT_EQ(mail_address(" Ada.Lovelace+photos@Mail.EXAMPLE.org\n"), "Ada.Lovelace+photos@mail.example.org");
  EXPECT_EQ(mail_address("o'neil_1!#$%&*/=?^`{|}~-@xn--bcher-kva.example"),
            "o'neil_1!#$%&*/=?^`{|}~-@xn--bcher-kva.example");
  EXPECT_EQ(mail_address("a@b.c"), "a@b.c");
  EXPECT_EQ(mail_address("a@1.2.3.example"), "a@1.2.3.example");
}

class NoMailAddress : public testing::TestWithParam<std::string> {};

TEST_P(NoMailAddress, IsRefused) {
  EXPECT_EQ(mail_address(GetParam()), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(All, NoMailAddress,
                         testing::Values("", " ", "@", "ada", "ada@", "@example.org", "ada@example",
                                         "ada@@example.org", "ada@lovelace@example.org", "ada@example..org",
                                         "ada@.example.org", "ada@example.org.", ".ada@example.org",
                                         "ada.@example.org", "a..da@example.org", "a da@example.org",
                                         "ada@exam ple.org", "\"ada\"@example.org", "ada(friend)@example.org",
                                         "ada@[127.0.0.1]", "ada@127.0.0.1", "ada@-example.org",
                                         "ada@example-.org", "ada@exa_mple.org", "Ada <ada@example.org>",
                                         "ada@example.org,bob@example.org", "ada\r\nBcc: bob@example.org",
                                         "ada@example.org\r\nBcc: bob", "\xc3\xa4@example.org",
                                         "ada@b\xc3\xbc"
                                         "cher.example",
                                         std::string("ada\0@example.org", 16)));

TEST(MailAddress, IsBounded) {
  const std::string most_before_at(64, 'a');
  EXPECT_TRUE(mail_address(most_before_at + "@example.org"));
  EXPECT_FALSE(mail_address("a" + most_before_at + "@example.org"));
  const std::string label(63, 'b');
  EXPECT_TRUE(mail_address("a@" + label + ".org"));
  EXPECT_FALSE(mail_address("a@b" + label + ".org"));
  const std::string domain = label + "." + label + "." + label + "." + std::string(60, 'c');  // 252
  EXPECT_TRUE(mail_address("a@" + domain));
  EXPECT_FALSE(mail_address("ab@" + domain));
  EXPECT_FALSE(mail_address("a@" + std::string(10'000'000, '.')));
}

}  // namespace
}  // namespace winnow::jobs
