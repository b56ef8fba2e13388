#include "tls_session.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <new>

namespace winnow::httpd {
namespace {

// OpenSSL's own socket BIO raises SIGPIPE when the peer has gone.
int descriptor_of(BIO* bio) {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

bool would_block() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

int receive(BIO* bio, char* target, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t count = ::recv(descriptor_of(bio), target, static_cast<std::size_t>(size), 0);
  if (count < 0 && would_block()) BIO_set_retry_read(bio);
  if (count == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return static_cast<int>(count);
}

int transmit(BIO* bio, const char* source, int size) {
  BIO_clear_retry_flags(bio);
  const ssize_t count = ::send(descriptor_of(bio), source, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (count < 0 && would_block()) BIO_set_retry_write(bio);
  return static_cast<int>(count);
}

// NOLINTNEXTLINE(google-runtime-int): as OpenSSL has it
long control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return 0;
}

const BIO_METHOD* socket_method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket without signals");
    if (made == nullptr) throw std::bad_alloc();
    BIO_meth_set_read(made, receive);
    BIO_meth_set_write(made, transmit);
    BIO_meth_set_ctrl(made, control);
    return made;
  }();
  return method;
}

int limit(std::size_t size) {
  return static_cast<int>(std::min<std::size_t>(size, std::numeric_limits<int>::max()));
}

}  // namespace

TlsSession::TlsSession(const std::shared_ptr<SSL_CTX>& context, int socket)
    : session_(SSL_new(context.get()), SSL_free) {
  BIO* bio = BIO_new(socket_method());
  if (!session_ || bio == nullptr) {
    BIO_free(bio);
    throw std::bad_alloc();
  }
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(socket)));  // NOLINT: a number
  BIO_set_init(bio, 1);
  SSL_set_bio(session_.get(), bio, bio);
  SSL_set_accept_state(session_.get());
}

TlsSession::Step TlsSession::judge(int result) {
  if (result > 0) return Step::kDone;
  switch (SSL_get_error(session_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return Step::kReadable;
    case SSL_ERROR_WANT_WRITE:
      return Step::kWritable;
    case SSL_ERROR_ZERO_RETURN:
      return Step::kEnded;
    default:
      usable_ = false;
      ERR_clear_error();
      return Step::kBroken;
  }
}

// The queue of errors is the thread's, and another connection may have left something there.
TlsSession::Step TlsSession::handshake() {
  ERR_clear_error();
  return judge(SSL_do_handshake(session_.get()));
}

TlsSession::Moved TlsSession::read(void* target, std::size_t size) {
  if (size == 0) return {Step::kDone};
  ERR_clear_error();
  const int count = SSL_read(session_.get(), target, limit(size));
  return {judge(count), count > 0 ? static_cast<std::size_t>(count) : 0};
}

TlsSession::Moved TlsSession::write(const void* source, std::size_t size) {
  ERR_clear_error();
  const int count = SSL_write(session_.get(), source, limit(size));
  return {judge(count), count > 0 ? static_cast<std::size_t>(count) : 0};
}

TlsSession::Step TlsSession::peek() {
  char byte = 0;
  ERR_clear_error();
  return judge(SSL_peek(session_.get(), &byte, 1));
}

bool TlsSession::pending() const {
  return SSL_pending(session_.get()) > 0;
}

void TlsSession::say_goodbye() {
  if (!usable_ || SSL_is_init_finished(session_.get()) != 1) return;
  usable_ = false;
  ERR_clear_error();
  SSL_shutdown(session_.get());
  ERR_clear_error();
}

}  // namespace winnow::httpd
