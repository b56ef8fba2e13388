// What keeps winnow-serve safe, as its options have it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "support/certificate.hpp"
#include "support/colour_network.hpp"
#include "support/process.hpp"
#include "support/raw_client.hpp"
#include "support/temporary_folder.hpp"
#include "support/tls_client.hpp"
#include "winnow/core/json.hpp"

namespace winnow {
namespace {

using test::Finished;
using test::TlsClient;
using testing::HasSubstr;
using testing::Not;

class SecureServe : public testing::Test {
 protected:
  void SetUp() override {
    const Bytes bytes = test::colour_model({});
    folder_.write("colours.onnx", as_text(bytes));
  }

  void write_certificate(const std::string& name) const {
    const test::Certificate made = test::make_certificate(name);
    folder_.write("cert.pem", made.certificate);
    folder_.write("key.pem", made.key);
  }

  static std::vector<std::string> command(const std::vector<std::string>& more) {
    std::vector<std::string> words = {"winnow-serve", "colours.onnx", "--no-cache", "--listen",
                                      "127.0.0.1:0",  "--poll",       "0.05"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  static std::uint16_t wait_for_port(test::Process& server, const std::string& scheme = "http") {
    const std::string start = "ready on " + scheme + "://127.0.0.1:";
    const std::string line = server.wait_for_err(start);
    return static_cast<std::uint16_t>(std::stoi(line.substr(line.find(start) + start.size())));
  }

  test::TemporaryFolder folder_;
};

TEST_F(SecureServe, SpeaksTlsAndTakesANewCertificateWhileItRuns) {
  write_certificate("first");
  test::Process server(command({"--tls-cert", "cert.pem", "--tls-key", "key.pem"}), folder_.path());
  const std::uint16_t port = wait_for_port(server, "https");
  TlsClient client(port);
  EXPECT_EQ(client.common_name(), "first");
  client.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.read_all(), HasSubstr("Strict-Transport-Security: max-age=31536000"));
  TlsClient figures(port);
  figures.send("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(figures.read_all(), HasSubstr("\nwinnow_certificate_end_seconds "));
  folder_.write("cert.pem", "no certificate");
  server.wait_for_err("the certificate from before stays in use");
  EXPECT_EQ(TlsClient(port).common_name(), "first");
  write_certificate("second");
  server.wait_for_err("a new certificate from cert.pem is in use");
  EXPECT_EQ(TlsClient(port).common_name(), "second");
}

TEST_F(SecureServe, LeadsFromPlainHttpToTls) {
  write_certificate("first");
  test::Process server(
      command({"--tls-cert", "cert.pem", "--tls-key", "key.pem", "--redirect-http", "127.0.0.1:0"}),
      folder_.path());
  wait_for_port(server, "https");
  const std::string lines = server.wait_for_err("plain HTTP on http://127.0.0.1:");
  const std::string start = "plain HTTP on http://127.0.0.1:";
  const auto port = static_cast<std::uint16_t>(std::stoi(lines.substr(lines.find(start) + start.size())));
  const test::Reply reply = test::request(port, "GET", "/models/a?b");
  EXPECT_EQ(reply.status, 308);
  EXPECT_THAT(reply.header("location"), testing::MatchesRegex("https://[a-z0-9.]+:[0-9]+/models/a\\?b"));
}

TEST_F(SecureServe, MakesListsAndRevokesKeys) {
  const auto keys = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"winnow-serve", "--keys", "keys.json"});
    return test::run(words, folder_.path());
  };
  const Finished made = keys({"--add-key", "shop", "--scope", "classify", "--quota", "2"});
  EXPECT_EQ(made.exit_code, 0) << made.err;
  const std::string key = made.out.substr(0, made.out.find('\n'));
  EXPECT_THAT(key, testing::MatchesRegex("winnow_[A-Za-z0-9_-]+"));
  EXPECT_THAT(made.err, Not(HasSubstr(key)));
  EXPECT_THAT(keys({"--list-keys"}).out, testing::StartsWith("shop\tclassify\t2 a day\t20"));
  EXPECT_THAT(keys({"--list-keys"}).out, Not(HasSubstr(key)));
  EXPECT_EQ(keys({"--add-key", "shop"}).exit_code, 2);
  EXPECT_EQ(keys({"--revoke-key", "nobody"}).exit_code, 2);

  test::Process server(command({"--keys", "keys.json", "--require-key", "--access-log", "-", "--verbose"}),
                       folder_.path());
  const std::uint16_t port = wait_for_port(server);
  const std::string header = "X-Api-Key: " + key + "\r\n";
  EXPECT_EQ(test::request(port, "GET", "/v1/models", "").status, 401);
  EXPECT_EQ(test::request(port, "GET", "/v1/models", "", header).status, 200);
  EXPECT_EQ(test::request(port, "GET", "/v1/models", "", header).status, 200);
  EXPECT_EQ(test::request(port, "GET", "/v1/models", "", header).status, 429);
  EXPECT_EQ(keys({"--revoke-key", "shop"}).exit_code, 0);
  server.wait_for_err("0 keys in use");
  EXPECT_EQ(test::request(port, "GET", "/v1/models", "", header).status, 401);
  server.signal(SIGTERM);
  const Finished finished = server.wait();
  EXPECT_THAT(finished.out + finished.err, Not(HasSubstr(key)));
  EXPECT_THAT(finished.out, HasSubstr("/v1/models"));
}

// One command, as socat or nc would send it.
std::string command_admin(const std::filesystem::path& path, const std::string& line) {
  const int client = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  EXPECT_EQ(::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0) << path;
  EXPECT_EQ(::send(client, line.data(), line.size(), MSG_NOSIGNAL), static_cast<ssize_t>(line.size()));
  ::shutdown(client, SHUT_WR);
  std::string answer;
  char byte = 0;
  while (::recv(client, &byte, 1, 0) == 1) answer += byte;
  ::close(client);
  return answer;
}

TEST_F(SecureServe, IsAdministeredOnASocketOfItsUserOnly) {
  const std::filesystem::path path = folder_ / "admin";
  std::vector<std::string> words = command({"--admin-socket", "admin"});
  *std::find(words.begin(), words.end(), "0.05") = "0";  // what changes is looked at when it is asked for
  test::Process server(words, folder_.path());
  const std::uint16_t port = wait_for_port(server);
  struct stat about {};
  ASSERT_EQ(::stat(path.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 07777, 0600U);
  EXPECT_TRUE(Json::parse(command_admin(path, "status\n")).contains("serving"));
  EXPECT_TRUE(Json::parse(command_admin(path, "explode\n")).contains("error"));
  EXPECT_TRUE(Json::parse(command_admin(path, "")).contains("error"));
  EXPECT_TRUE(Json::parse(command_admin(path, std::string(5000, 'x'))).contains("error"));
  EXPECT_TRUE(Json::parse(command_admin(path, "log-level debug\n")).contains("done"));
  const Bytes two = test::colour_model({.classes = 2});
  folder_.write("new", as_text(two));
  std::filesystem::rename(folder_ / "new", folder_ / "colours.onnx");
  EXPECT_TRUE(Json::parse(command_admin(path, "reload\n")).contains("done"));
  EXPECT_THAT(command_admin(path, "status\n"), HasSubstr("2 classes"));
  for (const char* target : {"/admin", "/reload", "/drain", "/status"}) {
    EXPECT_EQ(test::request(port, "POST", target).status, 404) << "none of it is on the port";
  }
  EXPECT_TRUE(Json::parse(command_admin(path, "drain\n")).contains("done"));
  EXPECT_EQ(server.wait().exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(SecureServe, TakesTheAdminSocketOfADeadServerButNothingElse) {
  {
    test::Process killed(command({"--admin-socket", "admin"}), folder_.path());
    wait_for_port(killed);
  }
  EXPECT_TRUE(std::filesystem::exists(folder_ / "admin"));
  test::Process server(command({"--admin-socket", "admin"}), folder_.path());
  wait_for_port(server);
  const Finished second = test::run(command({"--admin-socket", "admin"}), folder_.path());
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_THAT(second.err, HasSubstr("admin: Address already in use"));
  folder_.write("file", "precious");
  EXPECT_EQ(test::run(command({"--admin-socket", "file"}), folder_.path()).exit_code, 1);
  EXPECT_EQ(test::read_text(folder_ / "file"), "precious");
}

TEST_F(SecureServe, SaysInTheLogWhoATrustedProxyAsksFor) {
  test::Process server(command({"--trusted-proxy", "127.0.0.0/8", "--proxy-header", "Forwarded",
                                "--access-log", "-", "--rate", "0.01", "--burst", "1"}),
                       folder_.path());
  const std::uint16_t port = wait_for_port(server);
  EXPECT_EQ(test::request(port, "GET", "/", "", "Forwarded: for=192.0.2.9\r\n").status, 200);
  EXPECT_EQ(test::request(port, "GET", "/", "", "Forwarded: for=192.0.2.9\r\n").status, 429);
  server.signal(SIGTERM);
  const Finished finished = server.wait();
  EXPECT_EQ(Json::parse(finished.out.substr(0, finished.out.find('\n'))).at("remote"), "192.0.2.9");
}

TEST_F(SecureServe, ClosesTheGateIfAsked) {
  test::Process server(command({"--gate", "work", "--gate-work", "10"}), folder_.path());
  const std::uint16_t port = wait_for_port(server);
  EXPECT_EQ(test::request(port, "POST", "/api/classify", "x").status, 403);
  EXPECT_EQ(Json::parse(test::request(port, "GET", "/api/challenge").body).at("maxnumber"), 10);
}

TEST_F(SecureServe, ExplainsBadUsageInOneLine) {
  write_certificate("first");
  folder_.write("key.pem", "no key");
  for (const std::vector<std::string>& more : std::vector<std::vector<std::string>>{
           {"--tls-cert", "cert.pem"},
           {"--tls-key", "key.pem"},
           {"--redirect-http", "127.0.0.1:0"},
           {"--tls-cert", "cert.pem", "--tls-key", "key.pem"},
           {"--trusted-proxy", "everybody"},
           {"--proxy-header", "X-Real-Ip"},
           {"--rate", "-1"},
           {"--gate", "moat"},
           {"--gate", "turnstile"},
           {"--gate", "turnstile", "--captcha-site-key", "x", "--captcha-secret-file", "nowhere"},
           {"--require-key"},
           {"--add-key", "shop"},
           {"--keys", "nowhere.json"},
           {"--admin-socket", std::string(200, 'x')},
           {"--admin-socket", "no/such/folder"},
           {"--tls-cert", "nowhere.pem", "--tls-key", "key.pem"}}) {
    const Finished result = test::run(command(more), folder_.path());
    EXPECT_THAT(result.exit_code, testing::AnyOf(1, 2)) << result.err;
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
  }
}

}  // namespace
}  // namespace winnow
