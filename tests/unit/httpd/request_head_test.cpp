// What a server may not let pass: requests that are malformed, or that another server would read differently.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "running_server.hpp"

namespace winnow::httpd {
namespace {

struct BadRequest {
  std::string name;
  std::string bytes;
  int status;
};

// Every one of these is followed by a second request, which must not be answered.
const std::vector<BadRequest>& bad_requests() {
  using namespace std::string_literals;
  static const std::string big(20'000, 'a');
  static const std::vector<BadRequest> requests = {
      {"length and coding",
       "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"coding and length",
       "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400},
      {"two lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400},
      {"the same length twice",
       "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", 400},
      {"list of lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 5\r\n\r\n", 400},
      {"signed length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\n", 400},
      {"negative length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", 400},
      {"hexadecimal length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x5\r\n\r\n", 400},
      {"empty length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \r\n\r\n", 400},
      {"word as length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: five\r\n\r\n", 400},
      {"length beyond 64 bits", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551616\r\n\r\n",
       400},
      {"length over the limit", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551615\r\n\r\n",
       413},
      {"no length", "POST / HTTP/1.1\r\nHost: x\r\n\r\n", 411},
      {"no length, old protocol", "POST / HTTP/1.0\r\n\r\n", 411},
      {"unknown coding", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
      {"coding upon coding", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501},
      {"chunked and more", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n", 501},
      {"chunked twice",
       "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"disguised coding", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n", 501},
      {"coding in the old protocol", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"space before the colon", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\n", 400},
      {"tab before the colon", "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding\t: chunked\r\n\r\n", 400},
      {"no colon", "GET / HTTP/1.1\r\nHost: x\r\nNonsense\r\n\r\n", 400},
      {"no name", "GET / HTTP/1.1\r\nHost: x\r\n: value\r\n\r\n", 400},
      {"folded line", "GET / HTTP/1.1\r\nHost: x\r\nX-Long: one\r\n two\r\n\r\n", 400},
      {"folded with a tab", "GET / HTTP/1.1\r\nHost: x\r\nX-Long: one\r\n\ttwo\r\n\r\n", 400},
      {"folded first line", "GET / HTTP/1.1\r\n Host: x\r\n\r\n", 400},
      {"lines that end in line feeds", "GET / HTTP/1.1\nHost: x\n\n", 400},
      {"one bare line feed", "GET / HTTP/1.1\r\nHost: x\nX: y\r\n\r\n", 400},
      {"bare carriage return", "GET / HTTP/1.1\r\nHost: x\rX: y\r\n\r\n", 400},
      {"doubled carriage return", "GET / HTTP/1.1\r\r\nHost: x\r\n\r\n", 400},
      {"NUL in a value", "GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n"s, 400},
      {"NUL in a name", "GET / HTTP/1.1\r\nHost: x\r\nX\0Y: a\r\n\r\n"s, 400},
      {"NUL in the path", "GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n"s, 400},
      {"encoded NUL in the path", "GET /a%00b HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"control character in a value", "GET / HTTP/1.1\r\nHost: x\r\nX: a\x01\r\n\r\n", 400},
      {"no host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two hosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400},
      {"the same host twice", "GET / HTTP/1.1\r\nHost: x\r\nhost: x\r\n\r\n", 400},
      {"two hosts in one", "GET / HTTP/1.1\r\nHost: x, y\r\n\r\n", 400},
      {"host with a path", "GET / HTTP/1.1\r\nHost: x/y\r\n\r\n", 400},
      {"host with a user", "GET / HTTP/1.1\r\nHost: a@x\r\n\r\n", 400},
      {"newer protocol", "GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505},
      {"oldest protocol", "GET /\r\n\r\n", 400},
      {"no protocol", "GET / \r\nHost: x\r\n\r\n", 400},
      {"protocol in lower case", "GET / http/1.1\r\nHost: x\r\n\r\n", 400},
      {"protocol with a long number", "GET / HTTP/1.10\r\nHost: x\r\n\r\n", 400},
      {"two spaces", "GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"space at the start", " GET / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"tabs for spaces", "GET\t/\tHTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"no method", " / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"method that is no token", "G(T / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"path upwards", "GET /../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"encoded path upwards", "GET /%2e%2E/etc HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"encoded slash", "GET /a%2fb HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"backslash", "GET /a\\b HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"broken encoding", "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"encoding cut short", "GET /%4 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"encoded line end in the path", "GET /%0d%0aX:y HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"bytes beyond ASCII", "GET /\xc3\xa4 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"fragment", "GET /#top HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"no slash", "GET a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"star for GET", "GET * HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"tunnel", "CONNECT host:443 HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"other scheme", "GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"scheme without a host", "GET http:///a HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"unknown expectation", "POST / HTTP/1.1\r\nHost: x\r\nExpect: 200-ok\r\nContent-Length: 2\r\n\r\nhi",
       417},
      {"broken connection header", "GET / HTTP/1.1\r\nHost: x\r\nConnection: close;,(\r\n\r\n", 400},
      {"TLS on a plain port", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n"s, 400},
      {"long path", "GET /" + big + " HTTP/1.1\r\nHost: x\r\n\r\n", 414},
      {"large header", "GET / HTTP/1.1\r\nHost: x\r\nX: " + big + "\r\n\r\n", 431},
      {"endless header", "GET / HTTP/1.1\r\nHost: x\r\nX: " + big, 431},
      {"many fields",
       [] {
         std::string bytes = "GET / HTTP/1.1\r\nHost: x\r\n";
         for (int i = 0; i < 200; ++i) bytes += "X: y\r\n";
         return bytes + "\r\n";
       }(),
       431},
  };
  return requests;
}

TEST(RequestHead, RefusesEveryMalformedRequestAndReadsNoFurther) {
  RunningServer server;
  for (const BadRequest& bad : bad_requests()) {
    SCOPED_TRACE(bad.name);
    RawClient client(server.port());
    client.send(bad.bytes + "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n");
    client.finish_sending();
    const Reply reply = client.read_reply();
    EXPECT_EQ(reply.status, bad.status) << reply.body;
    EXPECT_EQ(reply.header("connection"), "close");
    EXPECT_EQ(reply.header("content-type"), "application/problem+json");
    EXPECT_TRUE(client.closed_by_server()) << "the request behind it was answered";
  }
}

struct GoodRequest {
  std::string name;
  std::string bytes;
  std::string understood;
};

TEST(RequestHead, UnderstandsWhatIsUnusualButSound) {
  const std::vector<GoodRequest> requests = {
      {"plain", "GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n", "GET /a ?b=c "},
      {"absolute form", "GET http://x.org/a?b HTTP/1.1\r\nHost: x\r\n\r\n", "GET /a ?b "},
      {"absolute form without a path", "GET http://x.org HTTP/1.1\r\nHost: x\r\n\r\n", "GET / ? "},
      {"absolute form with only a query", "GET http://x.org?b HTTP/1.1\r\nHost: x\r\n\r\n", "GET / ?b "},
      {"old protocol without a host", "GET /a HTTP/1.0\r\n\r\n", "GET /a ? "},
      {"encoded letters", "GET /%61%20b HTTP/1.1\r\nHost: x\r\n\r\n", "GET /a b ? "},
      {"empty and single-dot segments", "GET //a/./b// HTTP/1.1\r\nHost: x\r\n\r\n", "GET /a/b/ ? "},
      {"dots that are no step", "GET /a..b/... HTTP/1.1\r\nHost: x\r\n\r\n", "GET /a..b/... ? "},
      {"query is left alone", "GET /a?b=%00/../%zz?c HTTP/1.1\r\nHost: x\r\n\r\n", "GET /a ?b=%00/../%zz?c "},
      {"empty lines before it", "\r\n\r\nGET /a HTTP/1.1\r\nHost: x\r\n\r\n", "GET /a ? "},
      {"no space after the colon", "GET /a HTTP/1.1\r\nHost:x\r\nX:y\r\n\r\n", "GET /a ? "},
      {"empty value", "GET /a HTTP/1.1\r\nHost: x\r\nX:\r\n\r\n", "GET /a ? "},
      {"body of a GET", "GET /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi", "GET /a ? hi"},
      {"zero length", "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "POST /a ? "},
      {"zeros before the length", "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 002\r\n\r\nhi",
       "POST /a ? hi"},
      {"coding in capitals",
       "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: CHUNKED\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
       "POST /a ? hi"},
      {"method of its own", "BREW /a HTTP/1.1\r\nHost: x\r\n\r\n", "BREW /a ? "},
      {"star for OPTIONS", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "OPTIONS * ? "},
      {"host of version 6", "GET /a HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "GET /a ? "},
  };
  RunningServer server;
  for (const GoodRequest& good : requests) {
    SCOPED_TRACE(good.name);
    RawClient client(server.port());
    client.send(good.bytes);
    const Reply reply = client.read_reply();
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, good.understood);
  }
}

TEST(RequestHead, IsUnderstoodInWhateverPiecesItArrives) {
  RunningServer server;
  const std::string bytes = "GET /pieces HTTP/1.1\r\nHost: x\r\n\r\n";
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    RawClient client(server.port());
    client.send(bytes.substr(0, cut));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    client.send(bytes.substr(cut));
    EXPECT_EQ(client.read_reply().body, "GET /pieces ? ") << "cut at " << cut;
  }
}

TEST(RequestHead, CutShortIsNotAnswered) {
  RunningServer server;
  const std::string bytes = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    RawClient client(server.port());
    client.send(bytes.substr(0, length));
    client.finish_sending();
    EXPECT_TRUE(client.closed_by_server()) << "after " << length << " bytes";
  }
}

TEST(RequestHead, TellsTheHandlerItsFields) {
  Request seen;
  RunningServer server([&seen](Request request, Responder respond) {
    seen = std::move(request);
    respond(text_response(200, "ok"));
  });
  RawClient client(server.port());
  client.send("GET / HTTP/1.1\r\nHost: x\r\nX-Word: \t one two \t\r\nX-List: a\r\nx-list: b\r\n\r\n");
  EXPECT_EQ(client.read_reply().status, 200);
  server.destroy();
  EXPECT_EQ(seen.headers.find("x-word"), "one two");
  EXPECT_EQ(seen.headers.find_joined("X-LIST"), "a, b");
  EXPECT_EQ(seen.remote_address, "127.0.0.1");
}

}  // namespace
}  // namespace winnow::httpd
