// Requests that servers are known to read differently, sent to winnow-serve and to nginx in front of it. What
// one takes for one request and the other for two lets a stranger slip requests past the first (RFC
// 9112 11.2). So whatever nginx lets through has to be to winnow-serve what it was to nginx: as many
// requests, the same paths, and bodies of the same length. What winnow-serve itself refuses is in
// tests/unit/httpd/request_head_test.cpp in full.
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <thread>

#include "running_nginx.hpp"
#include "serve_process.hpp"
#include "support/raw_client.hpp"

namespace winnow::test {
namespace {

using namespace std::string_literals;

struct Hostile {
  std::string name;
  std::string bytes;  // "HOST" is a Host field, "UP" a method, a path and the protocol of an upload
  // What winnow-serve takes it for: method, path and bytes of the body of each request. Empty: it refuses it.
  std::string direct;
  // And behind nginx, which may refuse it too, or pass on what it made of it, cleanly.
  std::string proxied;
};

// Behind each of them comes GET /smuggled, on the same connection.
const std::string kBoth = "POST /api/classify 5, GET /smuggled 0";
const std::string kGetBoth = "GET /a 0, GET /smuggled 0";
const std::string kNothing;
// It was refused, but there was no doubt where it ended, so the one behind it is one.
const std::string kNext = "GET /smuggled 0";

std::vector<Hostile> lengths() {
  const auto with = [](const std::string& fields) { return "UPHOST" + fields + "\r\nhello"; };
  return {
      {"one length", with("Content-Length: 5\r\n"), kBoth, kBoth},
      {"length and coding", with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), kNothing, kNothing},
      {"coding and length",
       "UPHOSTTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n5\r\nhello\r\n0\r\n\r\n", kNothing,
       kNothing},
      {"two lengths", with("Content-Length: 5\r\nContent-Length: 6\r\n"), kNothing, kNothing},
      {"the same length twice", with("Content-Length: 5\r\nContent-Length: 5\r\n"), kNothing, kNothing},
      {"list of lengths", with("Content-Length: 5, 5\r\n"), kNothing, kNothing},
      {"signed length", with("Content-Length: +5\r\n"), kNothing, kNothing},
      {"negative length", with("Content-Length: -5\r\n"), kNothing, kNothing},
      {"length with a space in it", with("Content-Length: 5 5\r\n"), kNothing, kNothing},
      {"length with a comma behind", with("Content-Length: 5,\r\n"), kNothing, kNothing},
      {"length with spaces around", with("Content-Length:  5  \r\n"), kBoth, kBoth},
      {"length with a tab before", with("Content-Length:\t5\r\n"), kBoth, kNothing},
      {"hexadecimal length", with("Content-Length: 0x5\r\n"), kNothing, kNothing},
      {"length with a point", with("Content-Length: 5.0\r\n"), kNothing, kNothing},
      {"length with zeros before", with("Content-Length: 0005\r\n"), kBoth, kBoth},
      {"length beyond 64 bits", with("Content-Length: 18446744073709551621\r\n"), kNothing, kNothing},
      {"length over the limit", with("Content-Length: 99999999999\r\n"), kNothing, kNothing},
      {"empty length", with("Content-Length:\r\n"), kNothing, kNothing},
      {"space before the colon of the length", with("Content-Length : 5\r\n"), kNothing, kNothing},
      {"underscore in the length's name", with("Content_Length: 5\r\n"), kNothing, kNothing},
      {"NUL behind the length", with("Content-Length: 5\0\r\n"s), kNothing, kNothing},
      {"folded length", with("Content-Length:\r\n 5\r\n"), kNothing, kNothing},
      {"no length", with(""), kNothing, kNothing},
      {"body of a GET", "GET /healthz HTTP/1.1\r\nHOSTContent-Length: 5\r\n\r\nhello",
       "GET /healthz 5, GET /smuggled 0", "GET /healthz 5, GET /smuggled 0"},
  };
}

std::vector<Hostile> codings() {
  const auto with = [](const std::string& fields) {
    return "UPHOST" + fields + "\r\n5\r\nhello\r\n0\r\n\r\n";
  };
  return {
      {"chunked", with("Transfer-Encoding: chunked\r\n"), kBoth, kBoth},
      {"chunked in capitals", with("TRANSFER-ENCODING: CHUNKED\r\n"), kBoth, kBoth},
      {"coding twice", with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), kNothing,
       kNothing},
      {"chunked and identity", with("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"),
       kNothing, kNothing},
      {"list of codings", with("Transfer-Encoding: gzip, chunked\r\n"), kNothing, kNothing},
      {"chunked first", with("Transfer-Encoding: chunked, identity\r\n"), kNothing, kNothing},
      {"almost chunked", with("Transfer-Encoding: xchunked\r\n"), kNothing, kNothing},
      {"quoted", with("Transfer-Encoding: \"chunked\"\r\n"), kNothing, kNothing},
      {"with a parameter", with("Transfer-Encoding: chunked;q=1\r\n"), kNothing, kNothing},
      {"with a comma", with("Transfer-Encoding: ,chunked\r\n"), kNothing, kNothing},
      {"vertical tab before", with("Transfer-Encoding: \vchunked\r\n"), kNothing, kNothing},
      {"tab before", with("Transfer-Encoding:\tchunked\r\n"), kBoth, kNothing},
      {"space before the colon", with("Transfer-Encoding : chunked\r\n"), kNothing, kNothing},
      {"space before the name", with(" Transfer-Encoding: chunked\r\n"), kNothing, kNothing},
      {"folded", with("Transfer-Encoding:\r\n chunked\r\n"), kNothing, kNothing},
      {"hidden behind a carriage return", with("X: y\rTransfer-Encoding: chunked\r\n"), kNothing, kNothing},
      {"underscore", with("Transfer_Encoding: chunked\r\n"), kNothing, kNothing},
      {"in HTTP/1.0",
       "POST /api/classify HTTP/1.0\r\nHOSTTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
       kNothing, kNothing},
  };
}

std::vector<Hostile> chunks() {
  const auto with = [](const std::string& body) { return "UPHOSTTransfer-Encoding: chunked\r\n\r\n" + body; };
  const std::string many_zeros(500, '0');
  return {
      {"chunks", with("2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"), kBoth, kBoth},
      {"zeros before the size", with("0005\r\nhello\r\n000\r\n\r\n"), kBoth, kBoth},
      {"very many of them", with(many_zeros + "5\r\nhello\r\n0\r\n\r\n"), kBoth, kBoth},
      {"extension", with("5;a=b\r\nhello\r\n0\r\n\r\n"), kBoth, kBoth},
      {"extension with a quoted line end", with("5;a=\"\r\nhello\r\n0\r\n\r\n"), kBoth, kBoth},
      {"extension that ends in a line feed", with("5;a\nhello\r\n0\r\n\r\n"), kNothing, kBoth},
      {"space behind the size", with("5 \r\nhello\r\n0\r\n\r\n"), kNothing, kBoth},
      {"size beyond 64 bits", with("10000000000000005\r\nhello\r\n0\r\n\r\n"), kNothing, kNothing},
      {"size over the limit", with("ffffffff\r\nhello\r\n0\r\n\r\n"), kNothing, kNothing},
      {"signed size", with("+5\r\nhello\r\n0\r\n\r\n"), kNothing, kNothing},
      {"negative size", with("-5\r\nhello\r\n0\r\n\r\n"), kNothing, kNothing},
      {"size with 0x", with("0x5\r\nhello\r\n0\r\n\r\n"), kNothing, kNothing},
      {"no size", with("\r\nhello\r\n0\r\n\r\n"), kNothing, kNothing},
      {"size that ends in a line feed", with("5\nhello\r\n0\r\n\r\n"), kNothing, kBoth},
      {"content that ends in a line feed", with("5\r\nhello\n0\r\n\r\n"), kNothing, kBoth},
      {"content longer than its size", with("5\r\nhello!\r\n0\r\n\r\n"), kNothing, kNothing},
      {"content shorter than its size", with("9\r\nhello\r\n0\r\n\r\n"), kNothing, kNothing},
      {"trailer", with("5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n"), kBoth, kBoth},
      {"trailer that would be a length", with("5\r\nhello\r\n0\r\nContent-Length: 9\r\n\r\n"), kBoth, kBoth},
      {"end in line feeds", with("5\r\nhello\r\n0\n\n"), kNothing, kBoth},
  };
}

std::vector<Hostile> lines_and_fields() {
  std::string many = "GET /a HTTP/1.1\r\nHOST";
  for (int i = 0; i < 200; ++i) many += "X-" + std::to_string(i) + ": y\r\n";
  const std::string large(30'000, 'x');
  const auto with = [](const std::string& fields) { return "GET /a HTTP/1.1\r\nHOST" + fields + "\r\n"; };
  return {
      {"plain", with("X: y\r\n"), kGetBoth, kGetBoth},
      {"line feeds alone", "GET /a HTTP/1.1\nHOST\n", kNothing, kGetBoth},
      {"one line feed alone", with("X: y\nZ: z\r\n"), kNothing, kGetBoth},
      {"carriage return in a value", with("X: y\rz\r\n"), kNothing, kNothing},
      {"folded line", with("X: one\r\n two\r\n"), kNothing, kNothing},
      {"no colon", with("Nonsense\r\n"), kNothing, kGetBoth},
      {"no name", with(": value\r\n"), kNothing, kNothing},
      {"space in a name", with("X Y: z\r\n"), kNothing, kNothing},
      {"NUL in a value", with("X: a\0b\r\n"s), kNothing, kNothing},
      {"NUL in a name", with("X\0Y: b\r\n"s), kNothing, kNothing},
      {"control character in a value", with("X: a\x01z\r\n"), kNothing, kNext},
      {"large field", with("X: " + large + "\r\n"), kNothing, kNothing},
      {"many fields", many + "\r\n", kNothing, kNext},
      {"empty lines before", "\r\n\r\n" + with(""), kGetBoth, kGetBoth},
      {"nonsense in Connection", with("Connection: close;,(\r\n"), kNothing, "GET /a 0"},
      {"hop-by-hop host", with("Connection: Host, Content-Length, X-Forwarded-For\r\n"), kGetBoth, kGetBoth},
      {"upgrade", with("Connection: Upgrade\r\nUpgrade: h2c\r\n"), kGetBoth, kGetBoth},
      {"expectation", "UPHOSTExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello", kBoth, kBoth},
      {"other expectation", "UPHOSTExpect: 200-ok\r\nContent-Length: 5\r\n\r\nhello", kNothing, kBoth},
  };
}

std::vector<Hostile> first_lines() {
  const std::string large(20'000, 'a');
  const auto with = [](const std::string& line) { return line + "\r\nHOST\r\n"; };
  return {
      {"HTTP/0.9", "GET /a\r\n", kNothing, kNothing},
      {"HTTP/1.0", "GET /a HTTP/1.0\r\nHOST\r\n", "GET /a 0", "GET /a 0"},
      {"HTTP/1.0 that stays", "GET /a HTTP/1.0\r\nHOSTConnection: keep-alive\r\n\r\n", kGetBoth, kGetBoth},
      {"HTTP/1.2", with("GET /a HTTP/1.2"), kNothing, kGetBoth},
      {"HTTP/2.0", with("GET /a HTTP/2.0"), kNothing, kNothing},
      {"preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", kNothing, kNothing},
      {"small letters", with("GET /a http/1.1"), kNothing, kNothing},
      {"two spaces", with("GET  /a HTTP/1.1"), kNothing, kGetBoth},
      {"space behind", with("GET /a HTTP/1.1 "), kNothing, kGetBoth},
      {"tabs", with("GET\t/a\tHTTP/1.1"), kNothing, kNothing},
      {"space in the path", with("GET /a b HTTP/1.1"), kNothing, kNothing},
      {"absolute form", with("GET http://classify.example.org/a HTTP/1.1"), kGetBoth, kGetBoth},
      {"absolute form of another host", with("GET http://other.example.org/a HTTP/1.1"), kGetBoth, kNext},
      {"absolute form with a user", with("GET http://a@classify.example.org/a HTTP/1.1"), kGetBoth, kNothing},
      {"no host", "GET /a HTTP/1.1\r\n\r\n", kNothing, kNothing},
      {"two hosts", "GET /a HTTP/1.1\r\nHOSTHOST\r\n", kNothing, kNothing},
      {"two hosts in one", "GET /a HTTP/1.1\r\nHost: classify.example.org, b\r\n\r\n", kNothing, kNothing},
      {"host with a path", "GET /a HTTP/1.1\r\nHost: classify.example.org/b\r\n\r\n", kNothing, kNothing},
      {"CONNECT", with("CONNECT classify.example.org:443 HTTP/1.1"), kNothing, kNothing},
      {"TRACE", with("TRACE /a HTTP/1.1"), "TRACE /a 0, GET /smuggled 0", kNothing},
      {"method that is none", with("G(T /a HTTP/1.1"), kNothing, kNothing},
      {"method in small letters", with("get /a HTTP/1.1"), "get /a 0, GET /smuggled 0", kNothing},
      {"upwards", with("GET /../a HTTP/1.1"), kNothing, kNothing},
      {"upwards in code", with("GET /b/%2e%2e/a HTTP/1.1"), kNothing, kNext},
      {"slash in code", with("GET /b%2fa HTTP/1.1"), kNothing, kNext},
      {"NUL in code", with("GET /a%00 HTTP/1.1"), kNothing, kNothing},
      {"line end in code", with("GET /a%0d%0aX:%20y HTTP/1.1"), kNothing, kNext},
      {"broken code", with("GET /%zz HTTP/1.1"), kNothing, kNothing},
      {"several slashes", with("GET //a HTTP/1.1"), kGetBoth, kGetBoth},
      {"fragment", with("GET /a#b HTTP/1.1"), kNothing, kNext},
      {"long path", with("GET /" + large + " HTTP/1.1"), kNothing, kNothing},
      {"behind a refused one", "GET /a HTTP/9.9\r\nHOST\r\nGET /b HTTP/1.1\r\nHOST\r\n", kNothing, kNothing},
      {"three in one go", with("GET /a HTTP/1.1") + "UPHOSTContent-Length: 5\r\n\r\nhello",
       "GET /a 0, POST /api/classify 5, GET /smuggled 0", "GET /a 0, POST /api/classify 5, GET /smuggled 0"},
  };
}

class ServeParsesAlike : public ServeTest {
 protected:
  void SetUp() override {
    WINNOW_NEED_NGINX();
    ServeTest::SetUp();
  }

  // The requests of one sender, as they stand in a log. The sender's name is in the user agent.
  static std::string seen_by(const std::vector<Json>& log, const std::string& sender) {
    std::string seen;
    for (const Json& line : log) {
      const int status = line.at("status");
      const bool refused = status == 400 || status == 411 || status == 413 || status == 417 || status == 431;
      if (line.at("user_agent") != sender || refused) continue;
      if (!seen.empty()) seen += ", ";
      seen += line.at("method").get<std::string>() + " " + line.at("path").get<std::string>() + " " +
              std::to_string(line.at("received_bytes").get<int>());
    }
    return seen;
  }

  static std::string fill_in(std::string bytes, const std::string& sender) {
    const std::string host = "Host: classify.example.org\r\n";
    const std::map<std::string, std::string> words = {
        {"UPHOST", "POST /api/classify HTTP/1.1\r\nUser-Agent: " + sender + "\r\n" + host},
        {"HOST", "User-Agent: " + sender + "\r\n" + host}};
    for (const std::string& word : std::vector<std::string>{"UPHOST", "HOST"}) {
      for (std::size_t at = 0; (at = bytes.find(word, at)) != std::string::npos;) {
        bytes.replace(at, word.size(), words.at(word));
        at += words.at(word).size();
      }
    }
    return bytes + "GET /smuggled HTTP/1.1\r\n" + words.at("HOST") + "Connection: close\r\n\r\n";
  }

  void check(const std::vector<Hostile>& table) {
    Process server(command({"--trusted-proxy", "127.0.0.1", "--access-log", "access.jsonl"}), folder_.path());
    const std::uint16_t port = wait_for_port(server);
    RunningNginx nginx({port});
    std::vector<std::string> direct_answers;
    std::vector<std::string> proxied_answers;
    for (const Hostile& hostile : table) {
      RawClient direct(port);
      direct.send(fill_in(hostile.bytes, "direct " + hostile.name));
      direct_answers.push_back(direct.read_all());
      const auto proxied = nginx.connect();
      proxied->send(fill_in(hostile.bytes, "proxied " + hostile.name));
      proxied_answers.push_back(proxied->read_all());
    }
    EXPECT_EQ(request(port, "GET", "/healthz").status, 200);
    // nginx writes its line only after it has closed, and one that stops at that moment writes none.
    const auto last_lines = [&](const std::vector<Json>& log) {
      return std::count_if(log.begin(), log.end(), [&](const Json& line) {
        return line.at("user_agent") == "proxied " + table.back().name;
      });
    };
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (last_lines(nginx.access_log()) < last_lines(read_json_lines(folder_ / "access.jsonl")) &&
           std::chrono::steady_clock::now() < give_up) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    nginx.stop();
    server.signal(SIGTERM);
    EXPECT_EQ(server.wait().exit_code, 0);
    const std::vector<Json> log = read_json_lines(folder_ / "access.jsonl");
    const std::vector<Json> nginx_log = nginx.access_log();
    for (std::size_t i = 0; i < table.size(); ++i) {
      const Hostile& hostile = table[i];
      SCOPED_TRACE(hostile.name + "\n" + direct_answers[i].substr(0, 200) + "\n" +
                   proxied_answers[i].substr(0, 200));
      EXPECT_EQ(seen_by(log, "direct " + hostile.name), hostile.direct) << "sent to winnow-serve";
      EXPECT_EQ(seen_by(log, "proxied " + hostile.name), hostile.proxied) << "sent to nginx";
      EXPECT_NE(direct_answers[i], "");
      EXPECT_THAT(hostile.proxied, testing::AnyOf("", kNext, hostile.direct, testing::Truly([&](const auto&) {
                                                    return hostile.direct.empty();
                                                  })));
      // What nginx says it passed on is what came.
      const auto from_nginx = [&](const Json& line) {
        return line.at("user_agent") == "proxied " + hostile.name;
      };
      std::vector<std::string> passed_on;
      for (const Json& line : nginx_log) {
        if (from_nginx(line) && line.at("upstream_status") != "") {
          passed_on.push_back(line.at("method").get<std::string>() + " " +
                              line.at("upstream_status").get<std::string>());
        }
      }
      std::vector<std::string> arrived;
      for (const Json& line : log) {
        if (from_nginx(line)) {
          arrived.push_back(line.at("method").get<std::string>() + " " +
                            std::to_string(line.at("status").get<int>()));
        }
      }
      EXPECT_LE(arrived.size(), passed_on.size()) << "winnow-serve found more requests than nginx sent";
      for (const std::string& request : arrived) EXPECT_THAT(passed_on, testing::Contains(request));
    }
  }
};

TEST_F(ServeParsesAlike, Lengths) {
  check(lengths());
}

TEST_F(ServeParsesAlike, Codings) {
  check(codings());
}

TEST_F(ServeParsesAlike, Chunks) {
  check(chunks());
}

TEST_F(ServeParsesAlike, LinesAndFields) {
  check(lines_and_fields());
}

TEST_F(ServeParsesAlike, FirstLines) {
  check(first_lines());
}

}  // namespace
}  // namespace winnow::test
