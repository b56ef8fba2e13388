#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "support/raw_client.hpp"
#include "winnow/httpd/server.hpp"

namespace winnow::httpd {

using test::RawClient;
using test::Reply;

// Says what the server understood of a request.
inline void echo(const Request& request, Responder respond) {
  respond(text_response(200, request.method + " " + request.path + " ?" + request.query + " " +
                                 std::string(as_text(request.body))));
}

inline std::string get(const std::string& path, const std::string& fields = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n";
}

inline std::string post(const std::string& path, const std::string& body, const std::string& fields = "") {
  return "POST " + path + " HTTP/1.1\r\nHost: x\r\n" + fields +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

inline std::string post_chunked(const std::string& path, const std::string& chunks) {
  return "POST " + path + " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks;
}

// A server on a free port, with deadlines that no test waits for unless it asks for them.
class RunningServer {
 public:
  using Handler = std::function<void(Request, Responder)>;

  explicit RunningServer(Handler handler = echo, const std::function<void(ServerOptions&)>& change = {})
      : RunningServer(Service{std::move(handler), {}, {}, {}}, change) {}

  explicit RunningServer(Service service, const std::function<void(ServerOptions&)>& change = {}) {
    ServerOptions options;
    options.listen.port = 0;
    if (change) change(options);
    server_ = std::make_unique<Server>(std::move(options), std::move(service), log_);
    server_->start();
  }

  Server* operator->() { return server_.get(); }
  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  void destroy() { server_.reset(); }

 private:
  Logger log_{"test"};
  std::unique_ptr<Server> server_;
};

}  // namespace winnow::httpd
