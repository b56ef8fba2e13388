#include "winnow/httpd/server.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "connection.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/parallel.hpp"

namespace winnow::httpd {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

namespace {

// How many clients above the limit are told so before the rest is just closed.
constexpr std::size_t kTurnedAway = 64;
constexpr std::chrono::milliseconds kAcceptPause{100};
// How long somebody may still begin a request on an open connection when the server stops.
constexpr std::chrono::milliseconds kParting{250};

std::string advice(const ErrorCode& error) {
  if (error == asio::error::address_in_use) return "; stop the other server or choose another port";
  if (error == asio::error::access_denied) return "; ports below 1024 need privileges, choose a higher one";
  return "; choose an address of this machine";
}

}  // namespace

struct Server::Impl {
  Impl(ServerOptions options, Service service, Logger& log)
      : state{std::move(options), std::move(service), log} {}

  tcp::acceptor open_port();
  asio::awaitable<void> accept();
  void admit(tcp::socket socket);
  void run();

  ServerState state;
  asio::io_context io;
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  asio::strand<asio::io_context::executor_type> accept_strand = asio::make_strand(io);
  std::optional<tcp::acceptor> acceptor;  // used on its strand once the threads run
  ListenAddress address;                  // where it listens

  std::mutex mutex;
  std::condition_variable gone;
  std::unordered_set<std::shared_ptr<Connection>> connections;
  std::unordered_map<std::string, std::size_t> per_client;  // open connections, by client_key()
  std::vector<std::jthread> threads;
};

tcp::acceptor Server::Impl::open_port() {
  if (const std::optional<int> socket = state.options.inherited_socket) {
    sockaddr_storage bound{};
    socklen_t length = sizeof bound;
    const bool known = ::getsockname(*socket, reinterpret_cast<sockaddr*>(&bound), &length) == 0;
    if (!known || (bound.ss_family != AF_INET && bound.ss_family != AF_INET6)) {
      throw Error(ErrorKind::kNetwork, "", "the socket that was handed over does not listen on TCP");
    }
    tcp::acceptor opened(accept_strand);
    opened.assign(bound.ss_family == AF_INET ? tcp::v4() : tcp::v6(), *socket);
    return opened;
  }
  const ListenAddress& wanted = state.options.listen;
  const std::string where = to_string(wanted);
  ErrorCode error;
  tcp::resolver resolver(io);
  const auto found = resolver.resolve(wanted.host, std::to_string(wanted.port),
                                      tcp::resolver::passive | tcp::resolver::numeric_service, error);
  if (error) throw Error(ErrorKind::kNetwork, where, error.message() + advice(error));
  for (const auto& entry : found) {
    tcp::acceptor opened(accept_strand);
    opened.open(entry.endpoint().protocol(), error);
    // A server that is started again can have its port back at once.
    if (!error) opened.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) opened.bind(entry.endpoint(), error);
    if (!error) return opened;
  }
  throw Error(ErrorKind::kNetwork, where, error.message() + advice(error));
}

asio::awaitable<void> Server::Impl::accept() {
  asio::steady_timer pause(accept_strand);
  while (acceptor->is_open()) {
    auto [error, socket] =
        co_await acceptor->async_accept(asio::make_strand(io), asio::as_tuple(asio::use_awaitable));
    std::string trouble = error ? error.message() : "";
    if (!error) {
      try {
        admit(tcp::socket(std::move(socket)));
      } catch (const std::exception& failure) {
        trouble = failure.what();
      }
    }
    if (trouble.empty() || !acceptor->is_open() || error == asio::error::connection_aborted) continue;
    // Out of file descriptors or memory: clients wait in the backlog until some are given back.
    state.log.warn("cannot accept connections: {}; trying again", trouble);
    pause.expires_after(kAcceptPause);
    co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

void Server::Impl::admit(tcp::socket socket) {
  const std::lock_guard lock(mutex);
  const std::size_t limit = state.options.limits.connections;
  if (connections.size() >= limit + kTurnedAway) return;
  const asio::any_io_executor strand = socket.get_executor();
  const auto connection = std::make_shared<Connection>(std::move(socket), state);
  // What is behind a proxy are many clients.
  const std::string client =
      state.options.proxies.contains(connection->peer()) ? "" : client_key(connection->peer());
  const std::size_t of_client = client.empty() ? 0 : ++per_client[client];
  const bool wanted = connections.size() < limit && of_client <= state.options.limits.connections_per_client;
  connections.insert(connection);
  asio::co_spawn(strand, wanted ? connection->run() : connection->turn_away(),
                 [this, connection, client](const std::exception_ptr& failure) {
                   try {
                     if (failure) std::rethrow_exception(failure);
                   } catch (const std::exception& error) {
                     state.log.error("a connection broke: {}", error.what());
                   }
                   const std::lock_guard held(mutex);
                   connections.erase(connection);
                   if (!client.empty() && --per_client[client] == 0) per_client.erase(client);
                   gone.notify_all();
                 });
}

void Server::Impl::run() {
  while (!io.stopped()) {
    try {
      io.run();
    } catch (const std::exception& error) {
      state.log.error("internal error: {}", error.what());
    }
  }
}

Server::Server(ServerOptions options, Service service, Logger& log)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(service), log)) {}

Server::~Server() {
  stop_accepting();
  {
    std::unique_lock lock(impl_->mutex);
    for (const auto& connection : impl_->connections) connection->abort();
    impl_->gone.wait(lock, [&] { return impl_->connections.empty(); });
  }
  impl_->work.reset();
  impl_->threads.clear();
}

void Server::take_port() {
  impl_->acceptor.emplace(impl_->open_port());
  const tcp::endpoint endpoint = impl_->acceptor->local_endpoint();
  impl_->address = {endpoint.address().to_string(), endpoint.port()};
}

void Server::start() {
  if (!impl_->acceptor) take_port();
  if (!impl_->state.options.inherited_socket) {
    ErrorCode error;
    impl_->acceptor->listen(asio::socket_base::max_listen_connections, error);
    if (error) throw Error(ErrorKind::kNetwork, to_string(impl_->address), error.message() + advice(error));
  }
  asio::co_spawn(impl_->accept_strand, impl_->accept(), asio::detached);
  impl_->threads = start_threads(std::max(1U, impl_->state.options.threads), 1, [this] { impl_->run(); });
}

std::uint16_t Server::port() const {
  return impl_->address.port;
}

std::string Server::url() const {
  return (impl_->state.options.tls ? "https://" : "http://") + to_string(impl_->address);
}

void Server::stop_accepting() {
  if (!impl_->acceptor || impl_->threads.empty()) return;
  asio::post(impl_->accept_strand, asio::use_future([this] {
               // Who is in the queue believes to be connected, and would be reset.
               ErrorCode error;
               impl_->acceptor->non_blocking(true, error);
               while (!error) {
                 tcp::socket socket(asio::make_strand(impl_->io));
                 impl_->acceptor->accept(socket, error);
                 if (!error) impl_->admit(std::move(socket));
               }
               impl_->acceptor->close(error);
             }))
      .get();
}

void Server::close_when_answered() {
  impl_->state.closing = true;
}

bool Server::drain(std::chrono::milliseconds timeout) {
  const auto limit = std::chrono::steady_clock::now() + timeout;
  const auto all_gone = [&] { return impl_->connections.empty(); };
  stop_accepting();
  close_when_answered();
  std::unique_lock lock(impl_->mutex);
  // A proxy that meets a closing connection cannot know whether its upload was taken, and answers 502.
  if (impl_->gone.wait_for(lock, std::min(timeout, kParting), all_gone)) return true;
  impl_->state.draining = true;
  for (const auto& connection : impl_->connections) connection->drain();
  return impl_->gone.wait_until(lock, limit, all_gone);
}

}  // namespace winnow::httpd
