#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "support/raw_client.hpp"

struct ssl_ctx_st;
struct ssl_st;

namespace winnow::test {

// A client with TLS that takes any certificate.
class TlsClient {
 public:
  struct Offer {
    int least = 0;  // TLS1_VERSION ... as OpenSSL has them; 0: whatever OpenSSL likes
    int most = 0;
    std::string ciphers = "";   // for TLS 1.2 and before
    std::string protocol = "";  // by ALPN
  };

  explicit TlsClient(std::uint16_t port) : TlsClient(port, Offer()) {}
  TlsClient(std::uint16_t port, const Offer& offer);
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  [[nodiscard]] bool agreed() const { return agreed_; }  // on keys
  [[nodiscard]] std::string common_name() const;         // of the server's certificate
  [[nodiscard]] std::string version() const;
  [[nodiscard]] std::string protocol() const;

  bool send(std::string_view bytes);
  // One answer; what follows is kept for the next call.
  Reply read_reply();
  // Until the server closes. Properly closed, that is, if clean() says so afterwards.
  std::string read_all();
  // Up to the text.
  std::string read_until(std::string_view text);
  [[nodiscard]] bool clean() const { return clean_; }

 private:
  bool fill(std::string& into);

  int socket_ = -1;
  std::unique_ptr<ssl_ctx_st, void (*)(ssl_ctx_st*)> context_;
  std::unique_ptr<ssl_st, void (*)(ssl_st*)> session_;
  bool agreed_ = false;
  bool clean_ = false;
  std::string received_;  // and not yet read
};

}  // namespace winnow::test
