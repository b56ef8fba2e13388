#include "winnow/jobs/accounts.hpp"

#include "jobs_fixture.hpp"

namespace winnow::jobs {
namespace {

using Accounting = OnBoth;

TEST_P(Accounting, RegisteringSigningInAndOut) {
  Accounts all{db(), {}};
  const auto id = all.register_user(" Ann@Example.ORG ", "correct horse");
  ASSERT_TRUE(id) << id.failure().message;
  EXPECT_EQ(all.register_user("Ann@example.org", "another one").failure().code, "taken");
  EXPECT_EQ(all.register_user("no address", "correct horse").failure().code, "bad_address");
  EXPECT_EQ(all.register_user("bob@example.org", "short").failure().code, "bad_password");
  EXPECT_EQ(all.sign_in("Ann@example.org", "wrong horse").failure().code, "wrong");
  EXPECT_EQ(all.sign_in("nobody@example.org", "correct horse").failure().code, "wrong");
  const auto session = all.sign_in("Ann@example.org", "correct horse");
  ASSERT_TRUE(session);
  const auto found = all.find_session(*session);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->user.id, *id);
  EXPECT_TRUE(found->user.confirmed);
  EXPECT_FALSE(found->user.premium);
  EXPECT_EQ(database->ask("SELECT COUNT(*) FROM credentials WHERE hash='" + *session + "'"), "0");

  const std::string renewed = all.renew(*session);
  EXPECT_FALSE(all.find_session(*session));
  EXPECT_TRUE(all.find_session(renewed));
  all.sign_out(renewed);
  EXPECT_FALSE(all.find_session(renewed));
  EXPECT_FALSE(all.find_session(""));
  EXPECT_FALSE(all.find_session("wns_" + std::string(43, 'A')));
}

TEST_P(Accounting, SessionsEnd) {
  Accounts all{db(), {}};
  (void)all.register_user("ann@example.org", "correct horse");
  const std::string session = all.sign_in("ann@example.org", "correct horse").value();
  for (int day = 0; day < 29; ++day) {
    database->advance(std::chrono::hours(23));
    ASSERT_TRUE(all.find_session(session)) << "used each day, day " << day;
  }
  database->advance(std::chrono::hours(23 * 3));
  EXPECT_FALSE(all.find_session(session)) << "not used for long";
  const std::string other = all.sign_in("ann@example.org", "correct horse").value();
  for (int day = 0; day < 31; ++day) {
    database->advance(std::chrono::hours(23));
    (void)all.find_session(other);
  }
  database->advance(std::chrono::hours(23));
  EXPECT_FALSE(all.find_session(other)) << "however much it is used";
}

TEST_P(Accounting, TokensForPrograms) {
  Accounts all{db(), {}};
  const std::string ann = all.register_user("ann@example.org", "correct horse").value();
  const std::string bob = all.register_user("bob@example.org", "correct horse").value();
  const std::string token = all.create_token(ann, "laptop");
  ASSERT_TRUE(all.find_token(token));
  EXPECT_EQ(all.find_token(token)->id, ann);
  EXPECT_FALSE(all.find_session(token)) << "a token is no session";
  const auto listed = all.list_tokens(ann);
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].name, "laptop");
  EXPECT_EQ(listed[0].id.find(token), std::string::npos);
  EXPECT_FALSE(all.revoke_token(bob, listed[0].id)) << "somebody else's";
  EXPECT_TRUE(all.revoke_token(ann, listed[0].id));
  EXPECT_FALSE(all.find_token(token));
}

TEST_P(Accounting, AddressesAreConfirmedByLetter) {
  Accounts all{db(), {.confirm_addresses = true}};
  MemoryStore store;
  const std::string ann = all.register_user("ann@example.org", "correct horse").value();
  EXPECT_FALSE(all.find_user(ann)->confirmed);
  EXPECT_NE(database->ask("SELECT body FROM emails"), "");
  work_off(store);
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(database->ask("SELECT body FROM emails"), "") << "its link lets somebody confirm";
  EXPECT_EQ(sent[0].recipient, "ann@example.org");
  const std::size_t at = sent[0].body.find("https://pets.example/confirm?token=");
  ASSERT_NE(at, std::string::npos) << sent[0].body;
  const std::string token = sent[0].body.substr(at + 35, 47);
  EXPECT_FALSE(all.confirm("wnc_" + std::string(43, 'A')));
  EXPECT_TRUE(all.confirm(token)) << token;
  EXPECT_TRUE(all.find_user(ann)->confirmed);
  EXPECT_FALSE(all.confirm(token)) << "once";
}

INSTANTIATE_TEST_SUITE_P(sqlite, Accounting, ::testing::Values("sqlite"));
INSTANTIATE_TEST_SUITE_P(postgresql, Accounting, ::testing::Values("postgresql"));

}  // namespace
}  // namespace winnow::jobs
