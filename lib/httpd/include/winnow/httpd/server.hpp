// An HTTP/1.1 server (RFC 9110, RFC 9112) that knows nothing of what it serves: connections, limits,
// deadlines.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "winnow/core/log.hpp"
#include "winnow/httpd/client_address.hpp"
#include "winnow/httpd/listen_address.hpp"
#include "winnow/httpd/message.hpp"
#include "winnow/httpd/responder.hpp"
#include "winnow/httpd/tls.hpp"

namespace winnow::httpd {

// What a stranger can make the server hold or do.
struct Limits {
  std::size_t head_bytes = 16 << 10;  // start line and header fields; above: 431
  std::size_t head_fields = 100;
  std::size_t body_bytes = 20 << 20;         // above: 413
  std::size_t buffered_bytes = 512 << 20;    // bodies of all requests being received or answered; above: 503;
                                             // room for one is always there
  std::size_t connections = 512;             // above: 503
  std::size_t connections_per_client = 256;  // above: 503; a trusted proxy is no client
  std::size_t discarded_bytes = 128 << 20;   // read away after an early answer, so that the client sees it
};

struct Timeouts {
  std::chrono::milliseconds handshake{10'000};  // of TLS, all of it
  std::chrono::milliseconds header{10'000};     // from the first byte of a request to the end of its head
  std::chrono::milliseconds idle{75'000};   // between requests; longer than proxies keep a connection (60 s)
  std::chrono::milliseconds body{300'000};  // a whole body
  std::chrono::milliseconds body_grace{20'000};  // after it a body must have come at body_bytes_per_second
  std::size_t body_bytes_per_second = 240;
  std::chrono::milliseconds write_stall{30'000};  // a client that takes nothing of its answer
  std::chrono::milliseconds linger{30'000};  // reading away what a client still sends after an early answer,
  std::chrono::milliseconds linger_stall{5'000};  // and waiting for more of it
};

struct ServerOptions {
  ListenAddress listen;
  std::optional<int>
      inherited_socket;  // one that listens already, in place of `listen`; the server closes it
  std::shared_ptr<const TlsIdentity> tls;  // if set: TLS, and nothing else
  TrustedProxies proxies;                  // who may say whom they ask for
  unsigned threads = 2;                    // for connections; handlers run on them too
  Limits limits;
  Timeouts timeouts;
  Headers headers;  // go into every answer that does not set them itself, the server's own errors included
};

// What became of one request, for logs and metrics.
struct Served {
  std::string id;
  std::string trace_id;  // empty without
  std::string method;    // this, the path and the user agent are empty if the request could not be read
  std::string path;
  std::string user_agent;
  std::string remote_address;
  int status = 0;                        // of the answer; 0 if the client went before there was one
  std::size_t received_bytes = 0;        // of the body
  std::size_t sent_bytes = 0;            // of the body
  std::chrono::microseconds duration{};  // from the first byte of the request to the last of the answer
  bool whole = true;                     // the client took all of the answer
};

// What the server calls, from its threads, several at once. None may block; what they throw becomes 500.
struct Service {
  // Answers a request, now or later. Called for requests that have come in whole.
  std::function<void(Request, Responder)> handle;
  // If set: sees each request before its body is read, and before the client is told to send it. A problem
  // refuses the request.
  std::function<std::optional<Problem>(const Request&)> admit;
  // If set: gives form to what admit() and the server itself refuse. The request is null if it could not be
  // read. Otherwise it is problem_response().
  std::function<Response(const Problem&, const Request*)> render;
  // If set: hears of each request when it is over.
  std::function<void(const Served&)> observe;
  // If set: asked where the body of an admitted request goes; null: into memory.
  std::function<std::shared_ptr<BodySink>(const Request&)> sink;
};

class Server {
 public:
  Server(ServerOptions options, Service service, Logger& log);
  // Breaks off what is still going on; drain() first to be polite.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Takes the port without listening: clients are refused until start(), as if nothing ran, and go elsewhere.
  // Throws Error{kNetwork}: in use, not permitted, no such address. Nothing to do with a socket that was
  // handed over, in which clients wait. Call once, or not at all.
  void take_port();

  // Answers from now on, on the port that was taken or is taken now. Throws as take_port(). Call once.
  void start();

  // After take_port() or start(): the port, also where 0 was asked for.
  [[nodiscard]] std::uint16_t port() const;
  // After take_port() or start(): "http://127.0.0.1:8080", with TLS "https://127.0.0.1:8443".
  [[nodiscard]] std::string url() const;

  // Closes the port. Open connections go on. May be called again.
  void stop_accepting();

  // From now on each answer says "Connection: close", so that clients begin no request on a connection that
  // is about to be closed. All else goes on.
  void close_when_answered();

  // Stops accepting, lets requests in flight finish with "Connection: close", and closes connections on which
  // none begins within a quarter of a second. Returns whether all had finished within the timeout.
  bool drain(std::chrono::milliseconds timeout);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace winnow::httpd
