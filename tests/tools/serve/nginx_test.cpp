// winnow-serve behind the real nginx, with the configuration of deploy/nginx.
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <thread>

#include "behind_nginx.hpp"
#include "support/built.hpp"
#include "support/fake_http_server.hpp"
#include "support/free_port.hpp"

namespace winnow::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

constexpr std::size_t kLimit = 20 << 20;  // of nginx and of winnow-serve
// With the body taken in first, and passed on as it comes.
const std::vector<std::string> kUploads = {"/api/classify", "/v2/models/colours/infer"};
constexpr const char* kRawFile =
    "Inference-Header-Content-Length: 0\r\n";  // for the second, nothing to the first

TEST_F(ServeBehindNginx, TakesTwentyMegabytes) {
  Process server(behind_nginx(), folder_.path());
  RunningNginx nginx({wait_for_port(server)});
  std::string body = photo();
  body.resize(kLimit);
  for (const std::string& target : kUploads) {
    const Reply reply = nginx.ask("POST", target, body, kRawFile);
    EXPECT_EQ(reply.status, 200) << target << reply.body;
  }
}

TEST_F(ServeBehindNginx, TakesUploadsThatDribbleIn) {
  Process server(behind_nginx(), folder_.path());
  RunningNginx nginx({wait_for_port(server)});
  std::string body = photo();
  body.resize(200'000);
  for (const std::string& target : kUploads) {
    for (const bool chunked : {false, true}) {
      const auto client = nginx.connect();
      const std::string length = chunked ? "Transfer-Encoding: chunked\r\n"
                                         : "Content-Length: " + std::to_string(body.size()) + "\r\n";
      client->send("POST " + target + " HTTP/1.1\r\nHost: " + kSiteName + "\r\n" + kRawFile + length +
                   "\r\n");
      constexpr std::size_t kPiece = 10'000;
      for (std::size_t sent = 0; sent < body.size(); sent += kPiece) {
        const std::string piece = body.substr(sent, kPiece);
        ASSERT_TRUE(client->send(chunked ? "2710\r\n" + piece + "\r\n" : piece));
        std::this_thread::sleep_for(15ms);
      }
      if (chunked) client->send("0\r\n\r\n");
      EXPECT_EQ(client->read_reply().status, 200) << target << (chunked ? " in chunks" : "");
    }
  }
}

// "upstream prematurely closed connection" is what nginx says of a connection that it uses again while
// winnow-serve closes it. Whoever waits for less is nginx, so that cannot be.
TEST_F(ServeBehindNginx, UsesConnectionsAgainWithoutASingle502) {
  Process server(behind_nginx(), folder_.path());
  RunningNginx nginx({wait_for_port(server)});
  EXPECT_EQ(load(nginx, request_text("POST", "/api/classify", photo()), 8, 450),
            (std::map<int, int>{{200, 3600}}));
  EXPECT_EQ(load(nginx, request_text("GET", "/healthz"), 8, 450), (std::map<int, int>{{200, 3600}}));
  nginx.stop();
  EXPECT_THAT(nginx.error_log(), Not(HasSubstr("prematurely closed")));
}

TEST_F(ServeBehindNginx, UsesConnectionsAgainThatAreKeptForASecond) {
  Process server(behind_nginx({"--idle-seconds", "2"}), folder_.path());
  RunningNginx nginx({wait_for_port(server)}, {{"keepalive_timeout 60s", "keepalive_timeout 1s"}});
  EXPECT_EQ(
      load(nginx, request_text("POST", "/api/classify", photo()), 8, 100, {950ms, 1000ms, 1050ms, 2000ms}),
      (std::map<int, int>{{200, 4000}}));
  nginx.stop();
  EXPECT_THAT(nginx.error_log(), Not(HasSubstr("prematurely closed")));
}

// A GET is sent again, so not even a wrong configuration shows.
TEST_F(ServeBehindNginx, AsksAgainWhereTheServerWasQuickerToClose) {
  Process server(behind_nginx({"--idle-seconds", "0.1"}), folder_.path());
  RunningNginx nginx({wait_for_port(server)});
  EXPECT_EQ(
      load(nginx, request_text("GET", "/healthz"), 8, 20, {99ms, 100ms, 100ms, 101ms, 100ms, 100ms, 100ms}),
      (std::map<int, int>{{200, 1280}}));
}

// In both halves of the way a client that is still sending has to see why, and no reset.
TEST_F(ServeBehindNginx, DeliversARefusalOfWhatIsTooLarge) {
  Process server(behind_nginx({"--max-body", "1000000"}), folder_.path());
  RunningNginx nginx({wait_for_port(server)});
  const std::string megabyte(1'000'000, 'x');
  for (const std::string& target : kUploads) {
    for (const bool chunked : {false, true}) {
      // The first number is more than nginx lets pass, the second only more than winnow-serve does.
      for (const int megabytes : {30, 12}) {
        SCOPED_TRACE(target + (chunked ? " in chunks " : " ") + std::to_string(megabytes));
        const auto client = nginx.connect();
        client->send("POST " + target + " HTTP/1.1\r\nHost: " + kSiteName + "\r\n" +
                     (chunked ? "Transfer-Encoding: chunked\r\n\r\n"
                              : "Content-Length: " + std::to_string(megabytes * 1'000'000) + "\r\n\r\n"));
        for (int i = 0; i < megabytes; ++i) {
          ASSERT_TRUE(client->send(chunked ? "f4240\r\n" + megabyte + "\r\n" : megabyte))
              << "cut off at " << i;
        }
        if (chunked) client->send("0\r\n\r\n");
        const Reply reply = client->read_reply();
        EXPECT_EQ(reply.status, 413);
        const Json body = Json::parse(reply.body);
        EXPECT_TRUE(body.contains("error") || body.at("type") == "urn:winnow:problem:too-large")
            << reply.body;
      }
    }
  }
}

TEST_F(ServeBehindNginx, RefusesWhatIsTooLargeBeforeItIsSent) {
  Process server(behind_nginx(), folder_.path());
  RunningNginx nginx({wait_for_port(server)});
  for (const std::string& target : kUploads) {
    const auto client = nginx.connect();
    client->send("POST " + target + " HTTP/1.1\r\nHost: " + kSiteName +
                 "\r\nExpect: 100-continue\r\nContent-Length: " + std::to_string(kLimit + 1) + "\r\n\r\n");
    EXPECT_EQ(client->read_reply().status, 413) << target << ", and not 100";
  }
  nginx.stop();
  for (const Json& line : nginx.access_log()) EXPECT_EQ(line.at("upstream_status"), "") << line;
}

TEST_F(ServeBehindNginx, OutlivesClientsThatGo) {
  Process server(behind_nginx(), folder_.path());
  RunningNginx nginx({wait_for_port(server)});
  const std::string head =
      std::string(" HTTP/1.1\r\nHost: ") + kSiteName + "\r\nContent-Length: 1000000\r\n\r\n";
  for (const std::string& target : kUploads) {
    for (int i = 0; i < 20; ++i) {
      nginx.connect()->send("POST " + target + head + std::string(100'000, 'x'));
      nginx.connect()->send(request_text("POST", target, photo(), kRawFile));
    }
  }
  EXPECT_EQ(load(nginx, request_text("POST", "/api/classify", photo()), 4, 50),
            (std::map<int, int>{{200, 200}}));
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait().exit_code, 0);
  for (const Json& line : read_json_lines(folder_ / "access.jsonl")) {
    EXPECT_THAT(line.at("status").get<int>(), testing::AnyOf(0, 200, 504))
        << line;  // 504: nothing was computed
  }
}

TEST_F(ServeBehindNginx, BelievesNobodyButNginx) {
  Process server(behind_nginx({"--rate", "0.001", "--burst", "3"}), folder_.path());
  RunningNginx nginx({wait_for_port(server)});
  const std::string lies = "X-Forwarded-For: 192.0.2.1\r\nForwarded: for=192.0.2.2\r\nX-Request-Id: mine\r\n";
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) {
    const Reply reply = nginx.ask("GET", "/api/openapi.json", "", lies);
    EXPECT_EQ(reply.status, 200);
    EXPECT_THAT(reply.header("strict-transport-security"), HasSubstr("max-age=31536000"));
    EXPECT_THAT(reply.header("content-security-policy"), HasSubstr("default-src"));
    ids.push_back(reply.header("x-request-id"));
  }
  const Reply refused = nginx.ask("GET", "/", "", "X-Forwarded-For: 192.0.2.3\r\n");
  EXPECT_EQ(refused.status, 429) << "it is the same client";
  EXPECT_EQ(nginx.ask("GET", "/metrics").status, 429) << "and not this machine";
  nginx.stop();
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait().exit_code, 0);
  const std::vector<Json> inner = read_json_lines(folder_ / "access.jsonl");
  const std::vector<Json> outer = nginx.access_log();
  ASSERT_EQ(inner.size(), 5U);
  ASSERT_EQ(outer.size(), 5U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(inner[i].at("remote"), "127.0.0.1");
    EXPECT_EQ(inner[i].at("request_id"), ids[i]);
    EXPECT_EQ(outer[i].at("request_id"), ids[i]);
  }
}

TEST_F(ServeBehindNginx, SpeaksOnlyTlsAndOnlyForItsName) {
  Process server(behind_nginx(), folder_.path());
  RunningNginx nginx({wait_for_port(server)});
  const std::string host = std::string("Host: ") + kSiteName + "\r\n\r\n";
  RawClient plain(nginx.plain_port());
  plain.send("GET /models/a?b HTTP/1.1\r\n" + host);
  const Reply moved = plain.read_reply();
  EXPECT_EQ(moved.status, 308);
  EXPECT_EQ(moved.header("location"), std::string("https://") + kSiteName + "/models/a?b");
  EXPECT_FALSE(TlsClient(nginx.port(), {.most = 0x0302}).agreed()) << "TLS 1.1";
  TlsClient scanner(nginx.port());
  scanner.send("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  EXPECT_EQ(scanner.read_reply().status, 421);
}

// Were it taken for a failure, nginx would leave both alone, and say so to those who only ask about a
// picture.
TEST_F(ServeBehindNginx, PassesOnThatInstancesHaveTooMuchToDo) {
  FakeHttpServer instances[2];
  for (FakeHttpServer& instance : instances) {
    instance.serve("/healthz", "text/plain", "ok\n");
    instance.route("/jobs", [](FakeHttpServer::Connection& client, const FakeHttpServer::Request&) {
      client.respond(503, "Retry-After: 10\r\n", "no database");
    });
  }
  RunningNginx nginx(
      {static_cast<std::uint16_t>(instances[0].port()), static_cast<std::uint16_t>(instances[1].port())});
  for (int i = 0; i < 20; ++i) {
    for (int k = 0; k < 2; ++k) {  // at one, and at the other
      const Reply reply = nginx.ask("GET", "/jobs");
      EXPECT_EQ(reply.status, 503);
      EXPECT_EQ(reply.header("retry-after"), "10");
    }
    EXPECT_EQ(nginx.ask("GET", "/healthz").status, 200);
  }
  EXPECT_GE(instances[0].count("/jobs"), 1);
  EXPECT_GE(instances[1].count("/jobs"), 1);
}

// What is on a picture may be asked twice; a job may not be sent twice, and its sender is told.
TEST_F(ServeBehindNginx, AsksAnotherWhenAnInstanceDiesWithAPicture) {
  Process ready(behind_nginx(), folder_.path());
  FakeHttpServer dying;
  const auto die = [](FakeHttpServer::Connection&, const FakeHttpServer::Request&) {};
  for (const char* path : {"/api/classify", "/classify", "/api/v1/jobs"}) dying.route(path, die);
  RunningNginx nginx({wait_for_port(ready), static_cast<std::uint16_t>(dying.port())});
  const auto ask_until_it_dies = [&](const std::string& path) {
    std::vector<Reply> replies;
    for (int i = 0; i < 2000 && dying.count(path) == 0; ++i)
      replies.push_back(nginx.ask("POST", path, photo()));
    EXPECT_EQ(dying.count(path), 1) << path;
    return replies.back();
  };
  EXPECT_EQ(ask_until_it_dies("/api/classify").status, 200);
  EXPECT_EQ(ask_until_it_dies("/classify").status, 200);
  const Reply job = ask_until_it_dies("/api/v1/jobs");
  EXPECT_EQ(job.status, 502);
  EXPECT_EQ(job.header("retry-after"), "2");
}

TEST_F(ServeBehindNginx, SendsNobodyToAnInstanceThatDoesNotListen) {
  Process ready(behind_nginx(), folder_.path());
  RunningNginx nginx({wait_for_port(ready), static_cast<std::uint16_t>(free_port())});
  EXPECT_EQ(load(nginx, request_text("POST", "/api/classify", photo()), 4, 100),
            (std::map<int, int>{{200, 400}}));
}

// It listens when its models have answered, and not before: nobody, with an upload or without, meets it
// earlier.
TEST_F(ServeBehindNginx, ShowsNobodyThatAnInstanceIsStarting) {
  Process ready(behind_nginx(), folder_.path());
  const auto port = static_cast<std::uint16_t>(free_port());
  RunningNginx nginx({wait_for_port(ready), port});
  Load load(nginx, request_text("POST", "/v2/models/colours/infer", photo(), kRawFile), 4);
  for (int i = 0; i < 3; ++i) {
    Process starting(behind_nginx({"--listen", "127.0.0.1:" + std::to_string(port), "--drain-delay", "2"}),
                     folder_.path());
    while (!listens(port)) std::this_thread::sleep_for(1ms);
    EXPECT_EQ(test::request(port, "GET", "/readyz").status, 200);
    load.go_on(200);
    starting.signal(SIGTERM);
    EXPECT_EQ(starting.wait().exit_code, 0);
  }
  EXPECT_THAT(load.end(), testing::IsEmpty());
}

TEST_F(ServeBehindNginx, SaysThatTheServerIsAway) {
  RunningNginx nginx({static_cast<std::uint16_t>(free_port())});
  const Reply reply = nginx.ask("POST", "/api/classify", photo());
  EXPECT_EQ(reply.status, 502);
  EXPECT_EQ(reply.header("retry-after"), "2");
  EXPECT_EQ(reply.header("content-type"), "application/problem+json");
  EXPECT_EQ(Json::parse(reply.body).at("type"), "urn:winnow:problem:unreachable");
}

// One after the other, as a careful administrator restarts them. Pictures may be sent twice, so none is lost
// even in the moment in which the port closes.
TEST_F(ServeBehindNginx, LosesNothingWhenOneOfTwoIsStartedAgain) {
  std::vector<std::uint16_t> ports;
  std::vector<std::unique_ptr<Process>> servers;
  const auto start = [&](std::uint16_t port) {
    return std::make_unique<Process>(
        behind_nginx({"--listen", "127.0.0.1:" + std::to_string(port), "--drain-delay", "3"}),
        folder_.path());
  };
  for (int i = 0; i < 2; ++i) {
    ports.push_back(static_cast<std::uint16_t>(free_port()));
    servers.push_back(start(ports.back()));
    wait_for_port(*servers.back());
  }
  RunningNginx nginx(ports);
  Load load(nginx, request_text("POST", "/api/classify", photo()), 6);
  for (std::size_t i = 0; i < servers.size(); ++i) {
    load.go_on(200);
    servers[i]->signal(SIGTERM);
    EXPECT_EQ(servers[i]->wait().exit_code, 0);
    load.go_on(200);
    servers[i] = start(ports[i]);
    wait_for_port(*servers[i]);
  }
  load.go_on(200);
  EXPECT_THAT(load.end(), testing::IsEmpty());
}

// As systemd has it: the socket stays, and connections wait in it for the next process.
TEST_F(ServeBehindNginx, LosesNothingWhenItIsStartedAgainOnASocketThatStays) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(listener, 511), 0);
  const auto start = [&] {
    std::string line = "LISTEN_PID=$$ LISTEN_FDS=1 exec " + (built_programs() / "winnow-serve").string();
    for (const std::string& word : behind_nginx({"--drain-delay", "0.5"})) {
      if (word != "winnow-serve") line += " " + word;
    }
    line += " 3<&" + std::to_string(listener);
    return std::make_unique<Process>(std::vector<std::string>{"/bin/sh", "-c", line}, folder_.path());
  };
  std::unique_ptr<Process> server = start();
  RunningNginx nginx({wait_for_port(*server)});
  Load load(nginx, request_text("POST", "/api/classify", photo()), 6);
  for (int i = 0; i < 3; ++i) {
    load.go_on(200);
    server->signal(SIGTERM);
    EXPECT_EQ(server->wait().exit_code, 0);
    server = start();
    wait_for_port(*server);
  }
  load.go_on(200);
  EXPECT_THAT(load.end(), testing::IsEmpty());
  ::close(listener);
}

}  // namespace
}  // namespace winnow::test
