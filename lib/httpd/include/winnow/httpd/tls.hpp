// TLS 1.2 and 1.3 for a server (RFC 5246, RFC 8446; cipher suites by RFC 9325), HTTP/1.1 by ALPN (RFC 7301).
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

#include "winnow/core/log.hpp"

struct ssl_ctx_st;

namespace winnow::httpd {

struct TlsFiles {
  std::filesystem::path certificate;  // PEM, the server's own first, then those that lead to the root
  std::filesystem::path key;          // PEM, without a password
};

// What a server shows its clients; can change while it serves. Thread-safe.
class TlsIdentity {
 public:
  // Throws Error{kInvalid} if the files hold no certificate and key that belong together.
  TlsIdentity(TlsFiles files, Logger& log);

  // Reads the files again if they have changed since they were last looked at. What is no good is logged, and
  // what was there stays. Connections that are open keep what they have. Returns whether there is a new one.
  bool refresh();

  // When the certificate ends.
  [[nodiscard]] std::chrono::system_clock::time_point not_after() const;

  // For the next connection.
  [[nodiscard]] std::shared_ptr<ssl_ctx_st> context() const;

 private:
  const TlsFiles files_;
  Logger& log_;
  std::string signature_;     // of the files as last looked at
  mutable std::mutex mutex_;  // for both
  std::shared_ptr<ssl_ctx_st> context_;
};

}  // namespace winnow::httpd
