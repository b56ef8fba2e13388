#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>

#include "exchange.hpp"
#include "request_head.hpp"
#include "stream.hpp"
#include "winnow/httpd/server.hpp"

namespace winnow::httpd {

class IncomingBody;

// What all connections of a server share.
struct ServerState {
  ServerOptions options;
  Service service;
  Logger& log;
  std::atomic<bool> closing = false;   // each answer is the last on its connection
  std::atomic<bool> draining = false;  // and who is idle has to go
  std::atomic<std::size_t> buffered_bytes = 0;
};

// One client: reads requests, has them answered in order, keeps to the limits. Runs on its socket's strand.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(boost::asio::ip::tcp::socket socket, ServerState& server)
      : server_(server),
        stream_(std::make_shared<Stream>(std::move(socket),
                                         server.options.tls ? server.options.tls->context() : nullptr)) {}

  // Serves until the client or the server has had enough.
  boost::asio::awaitable<void> run();
  // Answers 503 without reading anything.
  boost::asio::awaitable<void> turn_away();

  [[nodiscard]] const std::string& peer() const { return stream_->peer(); }

  // From any thread. Closes an idle connection; the request in flight becomes the last.
  void drain();
  // From any thread. Ends run() soon, whatever it is at.
  void abort();

 private:
  enum class Next { kNextRequest, kLinger, kClose };
  // What came of receiving: all of it, a problem to answer, or a client that has gone.
  enum class Received { kWhole, kProblem, kGone };
  struct Reply;  // what the form of an answer depends on besides the answer, and what is told of it

  boost::asio::awaitable<Next> serve_request();
  boost::asio::awaitable<Received> receive_head(RequestHead& head, Problem& problem);
  boost::asio::awaitable<Received> receive_body(RequestHead& head, IncomingBody& body, Problem& problem);
  boost::asio::awaitable<Received> receive_sized(RequestHead& head, IncomingBody& body, Problem& problem);
  boost::asio::awaitable<Received> receive_chunked(IncomingBody& body, Problem& problem);
  boost::asio::awaitable<std::optional<Response>> ask(Request request);
  boost::asio::awaitable<Next> send(Response response, Reply reply);
  void report(Reply& reply, std::size_t sent_bytes, bool whole);

  std::optional<Problem> check_admission(RequestHead& head);
  Response render(const Problem& problem, const Request* request);
  Received judge_read_error(const Stream::ErrorCode& error, Problem& problem) const;

  ServerState& server_;
  const std::shared_ptr<Stream> stream_;
  std::shared_ptr<Exchange> exchange_;       // while an answer is awaited
  std::string received_;                     // bytes read and not yet used
  Stream::Clock::time_point request_start_;  // when its first byte came
  bool first_request_ = true;
  bool idle_ = false;  // waiting for the first byte of a request
  bool aborted_ = false;
};

}  // namespace winnow::httpd
