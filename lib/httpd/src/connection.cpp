#include "connection.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "chunked.hpp"
#include "incoming_body.hpp"
#include "internal_error.hpp"
#include "request_id.hpp"
#include "syntax.hpp"
#include "winnow/core/text.hpp"

namespace winnow::httpd {
namespace {

namespace asio = boost::asio;
using Clock = Stream::Clock;

bool may_have_body(int status) {
  return status >= 200 && status != 204 && status != 304;
}

// For the log: what leads from an error to the line of the access log and to the client's answer.
std::string describe(const std::string& method, const std::string& path, const std::string& id) {
  return fmt::format("{} {}, request {}", method, path, id);
}

}  // namespace

struct Connection::Reply {
  bool head_only = false;
  bool http_1_1 = true;
  bool keep_alive = false;
  Served served;
};

asio::awaitable<void> Connection::run() {
  Next next = Next::kNextRequest;
  if (co_await stream_->open(Clock::now() + server_.options.timeouts.handshake)) next = Next::kClose;
  while (next == Next::kNextRequest && !aborted_) {
    next = co_await serve_request();
    first_request_ = false;
  }
  if (next == Next::kLinger) {
    const Timeouts& timeouts = server_.options.timeouts;
    const Stream::LingerLimits limits{server_.options.limits.discarded_bytes, timeouts.linger,
                                      timeouts.linger_stall};
    co_await stream_->linger(limits);
  }
  stream_->close();
}

asio::awaitable<void> Connection::turn_away() {
  if (co_await stream_->open(Clock::now() + std::chrono::seconds(1))) co_return stream_->close();
  Response response = render(busy(), nullptr);
  request_start_ = Clock::now();
  Reply reply;
  co_await send(std::move(response), std::move(reply));
  const Stream::LingerLimits limits{IncomingBody::kPiece, std::chrono::seconds(1), std::chrono::seconds(1)};
  co_await stream_->linger(limits);
  stream_->close();
}

void Connection::drain() {
  asio::post(stream_->executor(), [self = shared_from_this()] {
    if (self->idle_ && !self->stream_->readable()) self->stream_->interrupt();
  });
}

void Connection::abort() {
  asio::post(stream_->executor(), [self = shared_from_this()] {
    self->aborted_ = true;
    self->stream_->close();
    if (self->exchange_) self->exchange_->abandon();
  });
}

asio::awaitable<Connection::Next> Connection::serve_request() {
  RequestHead head;
  Problem problem;
  Reply reply;
  Received received = co_await receive_head(head, problem);
  if (received == Received::kGone) co_return Next::kClose;
  if (received == Received::kProblem) {
    Response response = render(problem, nullptr);
    co_return co_await send(std::move(response), std::move(reply));
  }
  reply.head_only = head.request.method == "HEAD";
  reply.http_1_1 = head.http_1_1;
  reply.served.id = head.request.id;
  reply.served.method = head.request.method;
  reply.served.path = head.request.path;
  reply.served.remote_address = head.request.remote_address;
  if (server_.service.observe) {
    reply.served.trace_id = head.request.trace_id;
    reply.served.user_agent = head.request.headers.find("User-Agent").value_or("");
  }

  IncomingBody body(server_.options, server_.buffered_bytes, head.request);
  if (std::optional<Problem> refusal = check_admission(head)) {
    problem = std::move(*refusal);
    received = Received::kProblem;
    reply.keep_alive = head.keep_alive && !head.has_body();
  } else {
    received = co_await receive_body(head, body, problem);
  }
  reply.served.received_bytes = body.bytes();
  if (received == Received::kGone) {
    report(reply, 0, false);
    co_return Next::kClose;
  }
  if (received == Received::kProblem) {
    Response response = render(problem, &head.request);
    co_return co_await send(std::move(response), std::move(reply));
  }

  reply.keep_alive = head.keep_alive;
  std::optional<Response> response = co_await ask(std::move(head.request));
  if (!response) {
    report(reply, 0, false);
    co_return Next::kClose;
  }
  co_return co_await send(std::move(*response), std::move(reply));
}

asio::awaitable<Connection::Received> Connection::receive_head(RequestHead& head, Problem& problem) {
  const Limits& limits = server_.options.limits;
  const Timeouts& timeouts = server_.options.timeouts;
  const bool begun = first_request_ || !received_.empty();
  Clock::time_point deadline = Clock::now() + (begun ? timeouts.header : timeouts.idle);
  HeadScanner scanner;
  request_start_ = Clock::now();
  while (true) {
    const HeadScanner::Status status = scanner.scan(received_);
    if (status == HeadScanner::Status::kMalformed) {
      problem = {400, "malformed-request", "The request has lines that do not end as HTTP demands.", {}};
      co_return Received::kProblem;
    }
    const bool complete = status == HeadScanner::Status::kComplete;
    if (complete && scanner.size() == 2) {  // empty lines between requests (RFC 9112 2.2)
      received_.erase(0, 2);
      scanner = HeadScanner();
      continue;
    }
    if ((complete ? scanner.size() : received_.size()) > limits.head_bytes) {
      problem = scanner.start_line_size() > limits.head_bytes
                    ? Problem{414, "uri-too-long", "The address of the request is too long.", {}}
                    : Problem{431, "header-too-large", "The header of the request is too large.", {}};
      co_return Received::kProblem;
    }
    if (complete) break;

    idle_ = received_.empty();
    if (idle_ && server_.draining && !stream_->readable()) co_return Received::kGone;
    Stream::ErrorCode error = co_await stream_->wait_readable(deadline);
    const bool was_idle = std::exchange(idle_, false);
    if (!error) error = stream_->read_arrived(received_, limits.head_bytes + 1).error;
    if (error && was_idle) co_return Received::kGone;
    if (error) co_return judge_read_error(error, problem);
    if (was_idle && !received_.empty()) {  // with TLS a part of a record can come alone
      request_start_ = Clock::now();
      if (!begun) deadline = request_start_ + timeouts.header;
    }
  }

  std::variant<RequestHead, Problem> parsed =
      parse_head(std::string_view(received_).substr(0, scanner.size()), limits.head_fields);
  received_.erase(0, scanner.size());
  if (auto* fault = std::get_if<Problem>(&parsed)) {
    problem = std::move(*fault);
    co_return Received::kProblem;
  }
  head = std::move(std::get<RequestHead>(parsed));
  head.request.remote_address =
      client_address(stream_->peer(), head.request.headers, server_.options.proxies);
  head.request.id = choose_request_id(head.request.headers);
  if (const auto traceparent = head.request.headers.find("traceparent")) {
    head.request.trace_id = parse_trace_id(*traceparent).value_or("");
  }
  co_return Received::kWhole;
}

std::optional<Problem> Connection::check_admission(RequestHead& head) {
  const Limits& limits = server_.options.limits;
  const bool huge = head.content_length > limits.body_bytes;
  if (huge && !server_.service.sink) return too_large(limits.body_bytes);
  try {
    if (server_.service.admit) {
      if (auto problem = server_.service.admit(head.request)) return problem;
    }
    if (server_.service.sink && head.has_body()) head.request.sink = server_.service.sink(head.request);
  } catch (const std::exception& error) {
    server_.log.error("{}: {}", describe(head.request.method, head.request.path, head.request.id),
                      error.what());
    return internal_error();
  }
  const IncomingBody body(server_.options, server_.buffered_bytes, head.request);
  if (head.content_length > body.max_bytes()) return body.too_large_problem();
  return std::nullopt;
}

asio::awaitable<Connection::Received> Connection::receive_body(RequestHead& head, IncomingBody& body,
                                                               Problem& problem) {
  if (!head.has_body()) co_return Received::kWhole;
  if (head.expects_continue && received_.empty()) {
    const Stream::ErrorCode error =
        co_await stream_->write("HTTP/1.1 100 Continue\r\n\r\n", "", server_.options.timeouts.write_stall);
    if (error) co_return Received::kGone;
  }
  if (head.chunked) co_return co_await receive_chunked(body, problem);
  co_return co_await receive_sized(head, body, problem);
}

asio::awaitable<Connection::Received> Connection::receive_sized(RequestHead& head, IncomingBody& body,
                                                                Problem& problem) {
  const Clock::time_point start = Clock::now();
  body.expect(head.content_length);
  while (body.bytes() < head.content_length) {
    const std::uint64_t left = head.content_length - body.bytes();
    auto refusal =
        body.make_room(static_cast<std::size_t>(std::min<std::uint64_t>(left, IncomingBody::kPiece)));
    std::size_t count = 0;
    if (!refusal && !received_.empty()) {
      count =
          asio::buffer_copy(asio::buffer(body.room().data(), body.room().size()), asio::buffer(received_));
      received_.erase(0, count);
    } else if (!refusal) {
      const Stream::Transfer transfer = co_await stream_->read_some(
          asio::buffer(body.room().data(), body.room().size()), body.deadline(start));
      if (transfer.error) co_return judge_read_error(transfer.error, problem);
      count = transfer.bytes;
    }
    if (!refusal) refusal = body.keep(count);
    if (refusal) {
      problem = std::move(*refusal);
      co_return Received::kProblem;
    }
  }
  co_return Received::kWhole;
}

asio::awaitable<Connection::Received> Connection::receive_chunked(IncomingBody& body, Problem& problem) {
  const Clock::time_point start = Clock::now();
  ChunkedDecoder decoder(body.max_bytes());
  std::string buffer;
  Bytes content;
  while (true) {
    std::string_view input = received_;
    const ChunkedDecoder::Status status = decoder.decode(input, content);
    received_.erase(0, received_.size() - input.size());
    if (status == ChunkedDecoder::Status::kTooLarge) {
      problem = body.too_large_problem();
      co_return Received::kProblem;
    }
    if (status == ChunkedDecoder::Status::kMalformed) {
      problem = {400, "malformed-request", "The chunks of the request are not well formed.", {}};
      co_return Received::kProblem;
    }
    if (auto refusal = body.append(content)) {
      problem = std::move(*refusal);
      co_return Received::kProblem;
    }
    content.clear();
    if (status == ChunkedDecoder::Status::kComplete) co_return Received::kWhole;
    buffer.resize(IncomingBody::kPiece);
    const Stream::Transfer transfer = co_await stream_->read_some(asio::buffer(buffer), body.deadline(start));
    if (transfer.error) co_return judge_read_error(transfer.error, problem);
    received_.append(buffer, 0, transfer.bytes);
  }
}

Connection::Received Connection::judge_read_error(const Stream::ErrorCode& error, Problem& problem) const {
  if (error != asio::error::timed_out) return Received::kGone;
  problem = {408, "request-timeout", "The request took too long to arrive; try again.", {}};
  return Received::kProblem;
}

asio::awaitable<std::optional<Response>> Connection::ask(Request request) {
  const auto exchange = std::make_shared<Exchange>(stream_->executor());
  exchange_ = exchange;
  if (aborted_) exchange->abandon();
  const std::string about = describe(request.method, request.path, request.id);
  try {
    // A handler that throws drops the responder, which then answers 500.
    server_.service.handle(
        std::move(request),
        Responder([exchange](Response response) { exchange->deliver(std::move(response)); },
                  [exchange] { return exchange->wanted(); }));
  } catch (const std::exception& error) {
    server_.log.error("{}: {}", about, error.what());
  } catch (...) {
    server_.log.error("{}: the handler threw something unknown", about);
  }
  if (received_.empty() && !exchange->delivered()) {
    stream_->watch_for_end([exchange] { exchange->note_client_gone(); });
  }
  std::optional<Response> response = co_await exchange->wait();
  stream_->stop_watching();
  exchange->close();
  exchange_ = nullptr;
  co_return response;
}

Response Connection::render(const Problem& problem, const Request* request) {
  if (!server_.service.render) return problem_response(problem);
  try {
    return server_.service.render(problem, request);
  } catch (const std::exception& error) {
    server_.log.error("cannot describe problem {}: {}", problem.code, error.what());
    return problem_response(problem);
  }
}

asio::awaitable<Connection::Next> Connection::send(Response response, Reply reply) {
  if (response.status < 200 || response.status > 599) {
    server_.log.error("{}: {} is no status of a final answer",
                      describe(reply.served.method, reply.served.path, reply.served.id), response.status);
    response = problem_response(internal_error());
  }
  reply.keep_alive = reply.keep_alive && !server_.closing;
  for (const HeaderField& field : server_.options.headers) {
    if (response.headers.count(field.name) == 0) response.headers.add(field.name, field.value);
  }
  std::string head = fmt::format("HTTP/1.1 {} {}\r\nDate: {:%a, %d %b %Y %H:%M:%S GMT}\r\n", response.status,
                                 reason_phrase(response.status), fmt::gmtime(std::time(nullptr)));
  if (!reply.served.id.empty()) head += "X-Request-Id: " + reply.served.id + "\r\n";
  for (const auto& [name, value] : response.headers) {
    const bool ours = std::ranges::any_of(
        std::array{"Connection", "Content-Length", "Date", "Transfer-Encoding", "X-Request-Id"},
        [&name = name](std::string_view own) { return equals_ignoring_case(name, own); });
    if (!ours) head += name + ": " + value + "\r\n";
  }
  if (may_have_body(response.status)) head += fmt::format("Content-Length: {}\r\n", response.body.size());
  if (!reply.keep_alive) head += "Connection: close\r\n";
  if (reply.keep_alive && !reply.http_1_1) head += "Connection: keep-alive\r\n";
  head += "\r\n";

  const bool with_body = may_have_body(response.status) && !reply.head_only;
  const std::string_view body = with_body ? std::string_view(response.body) : std::string_view();
  const Stream::ErrorCode error = co_await stream_->write(head, body, server_.options.timeouts.write_stall);
  reply.served.status = response.status;
  report(reply, body.size(), !error);
  if (error) co_return Next::kClose;
  co_return reply.keep_alive ? Next::kNextRequest : Next::kLinger;
}

void Connection::report(Reply& reply, std::size_t sent_bytes, bool whole) {
  if (!server_.service.observe) return;
  Served& served = reply.served;
  if (served.remote_address.empty()) served.remote_address = stream_->peer();
  served.sent_bytes = sent_bytes;
  served.whole = whole;
  served.duration = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - request_start_);
  try {
    server_.service.observe(served);
  } catch (const std::exception& error) {
    server_.log.error("{}: {}", describe(served.method, served.path, served.id), error.what());
  }
}

}  // namespace winnow::httpd
