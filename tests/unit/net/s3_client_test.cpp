#include "winnow/net/s3_client.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "support/certificate.hpp"
#include "support/fake_http_server.hpp"
#include "support/peer.hpp"
#include "support/raw_client.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/hash.hpp"

namespace winnow::net {
namespace {

using test::FakeHttpServer;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kSecret = "secret/that+nobody=sees";

S3Options options_for(int port) {
  S3Options options;
  options.endpoint = fmt::format("http://127.0.0.1:{}", port);
  options.region = "eu-central-1";
  options.bucket = "bucket";
  options.access_key = "AKIAEXAMPLE";
  options.secret_key = kSecret;
  options.attempts = 3;
  options.first_delay = std::chrono::milliseconds(1);
  return options;
}

TEST(S3Signature, IsTheOneThatBotocoreComputes) {
  if (!test::has_peer("botocore")) GTEST_SKIP() << "botocore is not in .deps/peers; run scripts/setup.sh";
  test::Peer oracle = test::Peer::script("sigv4_oracle.py", {"AKIAEXAMPLE", kSecret, "eu-central-1"});
  const test::TemporaryFolder folder;
  auto large = folder.write("large", std::string(6u << 20, 'x'));
  for (const bool temporary : {false, true}) {
    for (const bool virtual_host : {false, true}) {
      S3Options options = options_for(oracle.port());
      options.multipart_above = 5 << 20;
      options.part_bytes = 5 << 20;
      if (temporary) options.session_token = "token/of+some=length==";
      options.virtual_host = virtual_host;
      if (virtual_host) options.endpoint = fmt::format("http://localhost:{}", oracle.port());
      S3Client client(options);
      for (const std::string key :
           {"plain", "a b/c+d=e@f:g", "\xc3\xa4/\xe2\x82\xac", "100%/~._-", "(a)'b'!*;,$&"}) {
        client.put(key, as_bytes("small"), {.storage_class = "GLACIER", .create_only = true});
        client.put(key, as_bytes(std::string(2u << 20, 'x')));
        client.put(key, {});
        (void)client.head(key);
        (void)client.get(key, 1000);
        (void)client.get_file(key, folder / "back");
        (void)client.copy(key, key + " 2", "STANDARD_IA");
        (void)client.list(key, key, 10);
        client.restore(key, 2, "Standard");
        client.remove(key);
        // The oracle keeps nothing, which is found at the end.
        EXPECT_THROW((void)client.put_file(key, large), Error);
      }
    }
  }
  const std::string log = test::request(oracle.port(), "GET", "/__log").body;
  unsigned good = 0;
  for (std::size_t begin = 0; begin < log.size();) {
    const std::size_t end = std::min(log.find('\n', begin), log.size());
    const std::string line = log.substr(begin, end - begin);
    EXPECT_THAT(line, testing::EndsWith(" ok"));
    ++good;
    begin = end + 1;
  }
  EXPECT_GE(good, 4u * 5 * 17);
  EXPECT_THAT(log, HasSubstr("PUT /bucket/a%20b/c%2Bd%3De%40f%3Ag?partNumber=2&uploadId=a%2Fb%2Bc%3Dd%20e "));
  EXPECT_THAT(log, HasSubstr("PUT /%C3%A4/%E2%82%AC token ok")) << "by the bucket's host name";
}

TEST(S3Client, TrustsTheAuthorityItIsGivenAndNoOther) {
  if (!test::has_peer("botocore")) GTEST_SKIP() << "botocore is not in .deps/peers; run scripts/setup.sh";
  const test::TemporaryFolder folder;
  const test::Certificate made = test::make_certificate("localhost");
  const auto certificate = folder.write("certificate.pem", made.certificate);
  test::Peer oracle = test::Peer::script("sigv4_oracle.py", {"AKIAEXAMPLE", kSecret, "eu-central-1",
                                                             certificate, folder.write("key.pem", made.key)});
  S3Options options = options_for(oracle.port());
  options.endpoint = fmt::format("https://localhost:{}", oracle.port());
  EXPECT_THROW((void)S3Client(options).head("key"), Error);
  options.ca_file = certificate;
  EXPECT_TRUE(S3Client(options).head("key"));
}

class S3ClientTest : public testing::Test {
 protected:
  using Connection = FakeHttpServer::Connection;
  using Request = FakeHttpServer::Request;

  S3Client& client() {
    if (!client_) client_ = std::make_unique<S3Client>(options_);
    return *client_;
  }
  void answer(int status, const std::string& headers, const std::string& body) {
    server_.route("/bucket/key",
                  [=](Connection& connection, const Request&) { connection.respond(status, headers, body); });
  }
  // What the error of a get says.
  std::string message(ErrorKind kind, std::string code = "") {
    try {
      (void)client().get("key", 1000);
      ADD_FAILURE() << "succeeds";
      return "";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind) << error.what();
      const auto* refusal = dynamic_cast<const S3Error*>(&error);
      EXPECT_EQ(refusal != nullptr ? refusal->code() : "", code) << error.what();
      EXPECT_THAT(error.what(), Not(HasSubstr(kSecret)));
      return error.what();
    }
  }

  FakeHttpServer server_;
  S3Options options_ = options_for(server_.port());
  std::unique_ptr<S3Client> client_;
};

TEST_F(S3ClientTest, SaysThatTheClockIsWrong) {
  answer(403, "",
         "<Error><Code>RequestTimeTooSkewed</Code><ServerTime>2026-11-21T12:00:00Z</ServerTime></Error>");
  EXPECT_THAT(message(ErrorKind::kNetwork, "RequestTimeTooSkewed"),
              testing::AllOf(HasSubstr("clock"), HasSubstr("2026-11-21T12:00:00Z")));
  EXPECT_EQ(server_.count(), 1) << "it stays so however often one asks";
}

TEST_F(S3ClientTest, TriesAgainWhatMayPassAndNothingElse) {
  for (const auto& [status, code, tries] :
       std::vector<std::tuple<int, std::string, int>>{{500, "InternalError", 3},
                                                      {503, "SlowDown", 3},
                                                      {409, "OperationAborted", 3},
                                                      {400, "RequestTimeout", 3},
                                                      {403, "AccessDenied", 1},
                                                      {404, "NoSuchKey", 1},
                                                      {403, "SignatureDoesNotMatch", 1},
                                                      {400, "InvalidRequest", 1}}) {
    const int before = server_.count();
    answer(status, "", "<Error><Code>" + code + "</Code></Error>");
    EXPECT_THROW((void)client().get("key", 1000), Error);
    EXPECT_EQ(server_.count() - before, tries) << code;
  }
  answer(502, "", "<html>no gateway</html>");
  EXPECT_THAT(message(ErrorKind::kNetwork), HasSubstr("HTTP 502"));
}

TEST_F(S3ClientTest, DoesNotFollowRedirects) {
  answer(307, "Location: http://127.0.0.1:1/other\r\n", "<Error><Code>TemporaryRedirect</Code></Error>");
  message(ErrorKind::kNetwork, "TemporaryRedirect");
  EXPECT_EQ(server_.count(), 1);
}

TEST_F(S3ClientTest, FindsDamageByTheHash) {
  answer(200, "x-amz-meta-sha256: " + sha256_hex(as_bytes("content")) + "\r\n", "content");
  EXPECT_EQ(as_text(client().get("key", 1000).bytes), "content");
  answer(200, "x-amz-meta-sha256: " + sha256_hex(as_bytes("content")) + "\r\n", "cOntent");
  EXPECT_THAT(message(ErrorKind::kInvalid), HasSubstr("damaged"));
  const test::TemporaryFolder folder;
  EXPECT_THROW((void)client().get_file("key", folder / "file"), Error);
  EXPECT_THAT(test::list_files(folder.path()), testing::ElementsAre());
}

TEST_F(S3ClientTest, TakesNoMoreThanItMay) {
  answer(200, "", std::string(1001, 'x'));
  message(ErrorKind::kInvalid);
  server_.route("/bucket/key", [](Connection& connection, const Request&) {
    connection.send("HTTP/1.1 200 OK\r\n\r\n" + std::string(100'000, 'x'));  // of no stated length
  });
  message(ErrorKind::kInvalid);
  server_.route("/bucket/key", [](Connection& connection, const Request&) {
    connection.send("HTTP/1.1 200 OK\r\nX: " + std::string(200'000, 'x') + "\r\n\r\n");
  });
  message(ErrorKind::kNetwork);
}

TEST_F(S3ClientTest, AsksAgainForWhatWasCutOff) {
  std::atomic<int> asked = 0;
  server_.route("/bucket/key", [&](Connection& connection, const Request&) {
    connection.send(++asked < 3 ? "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\ncon"
                                : "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\ncontent");
  });
  const test::TemporaryFolder folder;
  EXPECT_EQ(client().get_file("key", folder / "file").bytes, 7u);
  EXPECT_EQ(test::read_text(folder / "file"), "content");
  EXPECT_THAT(test::list_files(folder.path()), testing::ElementsAre("file"));
}

TEST_F(S3ClientTest, ReadsListsAndTheirFaults) {
  server_.serve(
      "/bucket", "application/xml",
      "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>a&amp;b</Key><Size>12</Size>"
      "<LastModified>2026-11-21T12:00:01.000Z</LastModified><StorageClass>DEEP_ARCHIVE</StorageClass></"
      "Contents>"
      "<Contents><Key>c</Key><Size>0</Size></Contents></ListBucketResult>");
  const auto objects = client().list("", "", 10);
  ASSERT_EQ(objects.size(), 2u);
  EXPECT_EQ(objects[0].key, "a&b");
  EXPECT_EQ(objects[0].bytes, 12u);
  EXPECT_EQ(objects[0].state, S3State::kCold);
  EXPECT_EQ(std::chrono::system_clock::to_time_t(objects[0].modified), 1795262401);
  EXPECT_EQ(objects[1].state, S3State::kHot);
  EXPECT_EQ(objects[1].storage_class, "STANDARD");
  server_.serve("/bucket", "application/xml", "<ListBucketResult><Contents><Key>a");
  EXPECT_THROW((void)client().list("", "", 10), Error);
  server_.serve("/bucket", "application/xml", "<Error><Code>AccessDenied</Code></Error>");
  EXPECT_THROW((void)client().list("", "", 10), S3Error);
}

TEST_F(S3ClientTest, TellsStatesApart) {
  const auto state_of = [&](const std::string& headers) {
    answer(200, headers, "");
    return client().head("key")->state;
  };
  EXPECT_EQ(state_of(""), S3State::kHot);
  EXPECT_EQ(state_of("x-amz-storage-class: STANDARD_IA\r\n"), S3State::kHot);
  const std::string cold = "x-amz-storage-class: GLACIER\r\n";
  EXPECT_EQ(state_of(cold), S3State::kCold);
  EXPECT_EQ(state_of(cold + "x-amz-restore: ongoing-request=\"true\"\r\n"), S3State::kThawing);
  EXPECT_EQ(
      state_of(cold +
               "x-amz-restore: ongoing-request=\"false\", expiry-date=\"Fri, 21 Dec 2012 00:00:00 GMT\"\r\n"),
      S3State::kThawed);
  answer(404, "", "");
  EXPECT_FALSE(client().head("key"));
}

TEST_F(S3ClientTest, SaysWhoDoesNotAnswer) {
  options_.endpoint = "http://127.0.0.1:1";
  EXPECT_THAT(message(ErrorKind::kNetwork),
              testing::AllOf(HasSubstr("s3://bucket/key"), HasSubstr("3 times")));
}

}  // namespace
}  // namespace winnow::net
