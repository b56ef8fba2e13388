#include "winnow/net/smtp_client.hpp"

#include <gmock/gmock.h>

#include <thread>

#include "support/certificate.hpp"
#include "support/free_port.hpp"
#include "support/peer.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/json.hpp"
#include "winnow/core/text.hpp"

namespace winnow::net {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class SmtpClientTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!test::has_peer("aiosmtpd")) GTEST_SKIP() << "aiosmtpd is not in .deps/peers; run scripts/setup.sh";
  }

  void start(const std::string& mode) {
    std::vector<std::string> arguments{mode};
    options_.host = "127.0.0.1";
    if (mode != "plain") {
      const test::Certificate made = test::make_certificate("localhost");
      options_.host = "localhost";
      options_.ca_file = folder_.write("certificate.pem", made.certificate);
      arguments.insert(arguments.end(), {options_.ca_file, folder_.write("key.pem", made.key)});
    }
    server_.emplace(test::Peer::script("smtp_server.py", arguments));
    options_.port = server_->port();
    options_.security = mode == "plain"      ? SmtpSecurity::kNone
                        : mode == "starttls" ? SmtpSecurity::kStartTls
                                             : SmtpSecurity::kTls;
  }
  [[nodiscard]] MailResult send(const std::string& to, const std::string& subject = "Your pictures are back",
                                const std::string& text = "See\nhttps://example.org/job/7\n") {
    return SmtpClient(options_).send({.id = "job-7-epoch-2", .to = to, .subject = subject, .text = text});
  }
  // What the server has taken so far.
  [[nodiscard]] std::vector<Json> taken() const {
    std::vector<Json> mails;
    const std::string out = server_->out();
    for (const std::string_view line : split(out, '\n')) {
      if (!line.empty()) mails.push_back(Json::parse(line));
    }
    return mails;
  }

  test::TemporaryFolder folder_;
  std::optional<test::Peer> server_;
  SmtpOptions options_{.from = "winnow@example.org", .helo_name = "mail.example.org"};
};

TEST_F(SmtpClientTest, SendsMail) {
  start("plain");
  const MailResult result = send("anna@example.com");
  EXPECT_EQ(result.outcome, MailOutcome::kSent) << result.reason;
  EXPECT_EQ(send("anna@example.com").outcome, MailOutcome::kSent);
  const auto mails = taken();
  ASSERT_EQ(mails.size(), 2u);
  EXPECT_EQ(mails[0]["from"], "winnow@example.org");
  EXPECT_EQ(mails[0]["to"], Json({"anna@example.com"}));
  EXPECT_EQ(mails[0]["helo"], "mail.example.org");
  for (const Json& mail : mails) {
    EXPECT_THAT(mail["content"].get<std::string>(),
                AllOf(HasSubstr("Message-ID: <job-7-epoch-2@example.org>\r\n"),
                      HasSubstr("From: <winnow@example.org>\r\n"), HasSubstr("To: <anna@example.com>\r\n"),
                      HasSubstr("Subject: Your pictures are back\r\n"),
                      testing::ContainsRegex("Date: [A-Z][a-z]+, [0-9][0-9] [A-Z][a-z]+ 20[0-9]+ .* .0000"),
                      testing::EndsWith("\r\n\r\nSee\r\nhttps://example.org/job/7\r\n")));
  }
}

TEST_F(SmtpClientTest, WritesAllOfUnicode) {
  start("plain");
  const std::string subject =
      "Gr\xc3\xbc\xc3\x9f"
      "e: " +
      std::string(60, 'x') + "\xe2\x82\xac\xf0\x9f\x98\x80";
  const std::string text = "\xc3\xa4\n.\n..dots\n" + std::string(5000, 'y') + "\n";
  ASSERT_EQ(send("anna@example.com", subject, text).outcome, MailOutcome::kSent);
  const test::Finished read = test::run(
      {"/usr/bin/python3", "-c",
       "import email, email.policy, json, sys; m = "
       "email.message_from_string(json.loads(sys.argv[1]), policy=email.policy.default); "
       "sys.stdout.buffer.write((m['Subject'] + '|' + m.get_content()).replace('\\r\\n', '\\n').encode())",
       taken().at(0)["content"].dump()});
  EXPECT_EQ(read.out, subject + "|" + text) << read.err;
  for (const std::string_view line : split(taken().at(0)["content"].get<std::string>(), '\n')) {
    EXPECT_LE(line.size(), 200u) << line;
  }
}

TEST_F(SmtpClientTest, TellsLaterFromNever) {
  start("plain");
  EXPECT_EQ(send("rcpt451@example.com").outcome, MailOutcome::kTryLater);
  EXPECT_EQ(send("data451@example.com").outcome, MailOutcome::kTryLater);
  EXPECT_EQ(send("rcpt554@example.com").outcome, MailOutcome::kRefused);
  const MailResult never = send("data554@example.com");
  EXPECT_EQ(never.outcome, MailOutcome::kRefused);
  EXPECT_THAT(never.reason, HasSubstr("554"));
  EXPECT_EQ(send("drop@example.com").outcome, MailOutcome::kTryLater) << "taken, but nobody said so";
  options_.answer_timeout = std::chrono::seconds(1);
  EXPECT_EQ(send("hang@example.com").outcome, MailOutcome::kTryLater);
  options_.port = static_cast<std::uint16_t>(test::free_port());
  EXPECT_EQ(send("anna@example.com").outcome, MailOutcome::kTryLater);
}

TEST_F(SmtpClientTest, RefusesWhatWouldBecomeAnotherMail) {
  start("plain");
  for (const std::string to : {"", "anna", "@x", "anna@", "a@b@c", "anna@example.com\r\nBcc: x@y",
                               "anna@example.com>\r\nDATA", "a b@c", "a@b, c@d", "\xc3\xa4@b"}) {
    EXPECT_EQ(send(to).outcome, MailOutcome::kRefused) << to;
  }
  for (const std::string& subject :
       std::vector<std::string>{"a\r\nBcc: x@y", "a\nb", std::string("a\0b", 3), "\xff"}) {
    EXPECT_EQ(send("anna@example.com", subject).outcome, MailOutcome::kRefused) << subject;
  }
  EXPECT_EQ(SmtpClient(options_).send({.id = "a>\r\nBcc: b", .to = "anna@example.com"}).outcome,
            MailOutcome::kRefused);
  EXPECT_TRUE(taken().empty());
}

TEST_F(SmtpClientTest, SpeaksTlsByStartTls) {
  start("starttls");
  const MailResult result = send("anna@example.com");
  EXPECT_EQ(result.outcome, MailOutcome::kSent) << result.reason;
  EXPECT_EQ(taken().at(0)["tls"], true);
  options_.ca_file.clear();
  EXPECT_EQ(send("anna@example.com").outcome, MailOutcome::kTryLater) << "signed by nobody one knows";
  EXPECT_EQ(taken().size(), 1u);
}

TEST_F(SmtpClientTest, SpeaksTlsFromTheFirstByte) {
  start("tls");
  const MailResult result = send("anna@example.com");
  EXPECT_EQ(result.outcome, MailOutcome::kSent) << result.reason;
  EXPECT_EQ(taken().at(0)["tls"], true);
}

TEST_F(SmtpClientTest, SendsNothingInTheClearThatWasToBeHidden) {
  start("plain");
  options_.security = SmtpSecurity::kStartTls;
  EXPECT_EQ(send("anna@example.com").outcome, MailOutcome::kTryLater);
  EXPECT_TRUE(taken().empty());
}

TEST_F(SmtpClientTest, SignsIn) {
  start("plain");
  options_.username = "user";
  options_.password = "pass word";
  const MailResult result = send("anna@example.com");
  EXPECT_EQ(result.outcome, MailOutcome::kSent) << result.reason;
  EXPECT_EQ(taken().at(0)["user"], "user");
  options_.password = "another-one";
  const MailResult wrong = send("anna@example.com");
  EXPECT_EQ(wrong.outcome, MailOutcome::kTryLater) << "the mail is not at fault";
  EXPECT_THAT(wrong.reason, Not(HasSubstr("another-one")));
}

TEST_F(SmtpClientTest, EndsWhenItIsStopped) {
  start("plain");
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW((void)SmtpClient(options_, stop.get_token()).send({.id = "a", .to = "anna@example.com"}),
               Error);
}

TEST(SmtpOptions, AreChecked) {
  const SmtpOptions good{.host = "localhost", .from = "a@b"};
  EXPECT_NO_THROW(SmtpClient{good});
  for (const auto& change : std::vector<void (*)(SmtpOptions&)>{
           [](SmtpOptions& o) { o.host = ""; }, [](SmtpOptions& o) { o.host = "a/b"; },
           [](SmtpOptions& o) { o.host = "user@host"; }, [](SmtpOptions& o) { o.from = "nobody"; },
           [](SmtpOptions& o) { o.from = "a@b\r\nX: y"; }, [](SmtpOptions& o) { o.helo_name = "a b"; },
           [](SmtpOptions& o) { o.port = 0; }}) {
    SmtpOptions wrong = good;
    change(wrong);
    EXPECT_THROW(SmtpClient{wrong}, Error);
  }
}

}  // namespace
}  // namespace winnow::net
