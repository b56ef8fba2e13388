#include "winnow/httpd/tls.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <spdlog/sinks/ostream_sink.h>

#include <future>
#include <sstream>
#include <thread>

#include "running_server.hpp"
#include "support/certificate.hpp"
#include "support/temporary_folder.hpp"
#include "support/tls_client.hpp"
#include "winnow/core/error.hpp"

namespace winnow::httpd {
namespace {

using test::TlsClient;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class Tls : public testing::Test {
 protected:
  void SetUp() override { write("first"); }

  void write(const std::string& name, int days = 10) const {
    const test::Certificate made = test::make_certificate(name, days);
    folder_.write("cert.pem", made.certificate);
    folder_.write("key.pem", made.key);
  }

  [[nodiscard]] std::shared_ptr<TlsIdentity> identity() {
    return std::make_shared<TlsIdentity>(TlsFiles{folder_ / "cert.pem", folder_ / "key.pem"}, log_);
  }

  [[nodiscard]] std::function<void(ServerOptions&)> with_tls() {
    return [this](ServerOptions& options) { options.tls = identity_; };
  }

  test::TemporaryFolder folder_;
  std::ostringstream written_;
  Logger log_{"test", std::make_shared<spdlog::sinks::ostream_sink_mt>(written_)};
  std::shared_ptr<TlsIdentity> identity_;
};

constexpr const char* kLast = "Connection: close\r\n";

TEST_F(Tls, AnswersInVersions1_2And1_3) {
  identity_ = identity();
  RunningServer server(echo, with_tls());
  EXPECT_THAT(server->url(), StartsWith("https://127.0.0.1:"));
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient client(server.port(), {.least = version, .most = version, .protocol = "http/1.1"});
    ASSERT_TRUE(client.agreed());
    EXPECT_EQ(client.version(), version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3");
    EXPECT_EQ(client.protocol(), "http/1.1");
    client.send(get("/one"));
    EXPECT_THAT(client.read_until("/one ? "), StartsWith("HTTP/1.1 200 OK"));
    client.send(get("/two", kLast));
    EXPECT_THAT(client.read_all(), EndsWith("GET /two ? "));
    EXPECT_TRUE(client.clean()) << "a client can tell the end from a connection that was cut";
  }
}

TEST_F(Tls, RefusesOldVersionsWeakCiphersAndOtherProtocols) {
  identity_ = identity();
  RunningServer server(echo, with_tls());
  const auto agrees = [&](const TlsClient::Offer& offer) { return TlsClient(server.port(), offer).agreed(); };
  EXPECT_FALSE(agrees({.least = TLS1_VERSION, .most = TLS1_VERSION, .ciphers = "ALL:@SECLEVEL=0"}));
  EXPECT_FALSE(agrees({.least = TLS1_1_VERSION, .most = TLS1_1_VERSION, .ciphers = "ALL:@SECLEVEL=0"}));
  EXPECT_FALSE(agrees({.most = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES128-SHA"})) << "CBC";
  EXPECT_FALSE(agrees({.most = TLS1_2_VERSION, .ciphers = "AES128-GCM-SHA256"})) << "no forward secrecy";
  EXPECT_FALSE(agrees({.protocol = "h2"}));
  EXPECT_TRUE(agrees({.most = TLS1_2_VERSION, .ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256"}));
}

TEST_F(Tls, CarriesLargeBodiesBothWays) {
  identity_ = identity();
  RunningServer server(echo, with_tls());
  const std::string body(3'000'000, 'x');
  TlsClient client(server.port());
  ASSERT_TRUE(client.send(post("/up", body, kLast)));
  const std::string answer = client.read_all();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK"));
  EXPECT_TRUE(answer.ends_with(body));
}

TEST_F(Tls, DoesNotAnswerPlainText) {
  identity_ = identity();
  RunningServer server(echo, with_tls());
  RawClient client(server.port());
  client.send(get("/"));
  EXPECT_THAT(client.read_all(), testing::Not(HasSubstr("HTTP/1.1")));
  EXPECT_TRUE(TlsClient(server.port()).agreed()) << "and others are served";
}

TEST_F(Tls, ClosesAHandshakeThatTakesTooLong) {
  identity_ = identity();
  RunningServer server(echo, [&](ServerOptions& options) {
    options.tls = identity_;
    options.timeouts.handshake = std::chrono::milliseconds(50);
  });
  RawClient silent(server.port());
  EXPECT_TRUE(silent.closed_by_server());
  RawClient half(server.port());
  half.send(std::string_view("\x16\x03\x01\x00", 4));
  EXPECT_TRUE(half.closed_by_server());
}

TEST_F(Tls, ClosesIdleConnectionsAndHeadersThatDripIn) {
  identity_ = identity();
  RunningServer server(echo, [&](ServerOptions& options) {
    options.tls = identity_;
    options.timeouts.header = std::chrono::milliseconds(50);
    options.timeouts.idle = std::chrono::milliseconds(50);
  });
  TlsClient slow(server.port());
  slow.send("GET / HT");
  EXPECT_THAT(slow.read_all(), StartsWith("HTTP/1.1 408"));
  TlsClient idle(server.port());
  idle.send(get("/"));
  EXPECT_THAT(idle.read_all(), StartsWith("HTTP/1.1 200"));
  EXPECT_TRUE(idle.clean());
}

TEST_F(Tls, NoticesThatAClientHasGone) {
  identity_ = identity();
  std::promise<Responder> asked;
  RunningServer server([&](const Request&, Responder respond) { asked.set_value(std::move(respond)); },
                       with_tls());
  auto client = std::make_unique<TlsClient>(server.port());
  client->send(get("/"));
  Responder respond = asked.get_future().get();
  EXPECT_TRUE(respond.wanted());
  client.reset();
  while (respond.wanted()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

TEST_F(Tls, TakesANewCertificateForNewConnections) {
  identity_ = identity();
  RunningServer server(echo, with_tls());
  EXPECT_FALSE(identity_->refresh()) << "nothing has changed";
  TlsClient before(server.port());
  EXPECT_EQ(before.common_name(), "first");
  write("second");
  EXPECT_TRUE(identity_->refresh());
  EXPECT_EQ(TlsClient(server.port()).common_name(), "second");
  before.send(get("/still", kLast));
  EXPECT_THAT(before.read_all(), EndsWith("GET /still ? ")) << "open connections go on";
}

TEST_F(Tls, KnowsWhenTheCertificateEnds) {
  const auto days_left = [](const TlsIdentity& shown) {
    return std::chrono::round<std::chrono::days>(shown.not_after() - std::chrono::system_clock::now())
        .count();
  };
  identity_ = identity();
  EXPECT_EQ(days_left(*identity_), 10);
  write("second", 90);
  EXPECT_EQ(days_left(*identity_), 10);
  EXPECT_TRUE(identity_->refresh());
  EXPECT_EQ(days_left(*identity_), 90);
}

TEST_F(Tls, KeepsTheOldCertificateWhereTheNewOneIsNoGood) {
  identity_ = identity();
  RunningServer server(echo, with_tls());
  folder_.write("key.pem", test::make_certificate("other").key);
  EXPECT_FALSE(identity_->refresh());
  EXPECT_THAT(written_.str(), HasSubstr("stays in use"));
  written_.str("");
  EXPECT_FALSE(identity_->refresh());
  EXPECT_EQ(written_.str(), "") << "says so once";
  EXPECT_EQ(TlsClient(server.port()).common_name(), "first");
  std::filesystem::remove(folder_ / "cert.pem");
  EXPECT_FALSE(identity_->refresh());
  EXPECT_EQ(TlsClient(server.port()).common_name(), "first");
  write("third");
  EXPECT_TRUE(identity_->refresh());
  EXPECT_EQ(TlsClient(server.port()).common_name(), "third");
}

TEST_F(Tls, ExplainsFilesItCannotUse) {
  const auto complaint = [&]() -> std::string {
    try {
      (void)identity();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalid);
      return error.what();
    }
    return "none";
  };
  EXPECT_EQ(complaint(), "none");
  folder_.write("key.pem", "no key");
  EXPECT_THAT(complaint(), HasSubstr("key.pem: no usable key"));
  folder_.write("key.pem", test::make_certificate("other").key);
  EXPECT_THAT(complaint(), HasSubstr("key.pem: "));
  folder_.write("cert.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  EXPECT_THAT(complaint(), HasSubstr("cert.pem: no usable certificate"));
  std::filesystem::remove(folder_ / "cert.pem");
  EXPECT_THAT(complaint(), HasSubstr("cert.pem: no usable certificate"));
  write("old", -1);
  EXPECT_THAT(complaint(), HasSubstr("has expired"));
}

}  // namespace
}  // namespace winnow::httpd
