#pragma once

#include <cstddef>
#include <memory>

struct ssl_ctx_st;
struct ssl_st;

namespace winnow::httpd {

// The server's side of TLS on a socket that does not block. Never waits: says what it waits for. For one
// thread.
class TlsSession {
 public:
  enum class Step { kDone, kReadable, kWritable, kEnded, kBroken };  // what there was, or what to wait for
  struct Moved {
    Step step;
    std::size_t bytes = 0;
  };

  // Throws std::bad_alloc.
  TlsSession(const std::shared_ptr<ssl_ctx_st>& context, int socket);

  [[nodiscard]] Step handshake();
  [[nodiscard]] Moved read(void* target, std::size_t size);
  [[nodiscard]] Moved write(const void* source, std::size_t size);
  // Looks for one byte without taking it.
  [[nodiscard]] Step peek();
  // There are bytes that have been taken from the socket, deciphered, and not yet been read.
  [[nodiscard]] bool pending() const;
  // Tells the peer that nothing more will come, if the socket takes that at once.
  void say_goodbye();

 private:
  [[nodiscard]] Step judge(int result);

  const std::unique_ptr<ssl_st, void (*)(ssl_st*)> session_;
  bool usable_ = true;  // nothing has failed
};

}  // namespace winnow::httpd
