#include "winnow/httpd/tls.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <cerrno>
#include <ctime>

#include "winnow/core/error.hpp"
#include "winnow/core/file_state.hpp"

namespace winnow::httpd {
namespace {

using Context = std::shared_ptr<SSL_CTX>;

// Forward secrecy and authenticated encryption only. TLS 1.3 has no others.
constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

std::string reason() {
  std::array<char, 200> text{};
  const unsigned long code = ERR_get_error();  // NOLINT(google-runtime-int): as OpenSSL has it
  ERR_clear_error();
  if (code == 0) return "unknown reason";
  const char* words = ERR_reason_error_string(code);
  if (words != nullptr) return words;
  ERR_error_string_n(code, text.data(), text.size());
  return text.data();
}

[[noreturn]] void fail(const std::filesystem::path& file, const std::string& what) {
  throw Error(ErrorKind::kInvalid, file.string(), what);
}

// Who asks for other protocols only is told so rather than answered in one that was not asked for.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* length, const unsigned char* offered,
                    unsigned int offered_length, void*) {
  static constexpr std::array<unsigned char, 9> kHttp = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* found = nullptr;
  const int outcome =
      SSL_select_next_proto(&found, length, kHttp.data(), kHttp.size(), offered, offered_length);
  *chosen = found;
  return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// A key with a password would ask for it on the terminal.
int no_password(char*, int, int, void*) {
  return -1;
}

Context load(const TlsFiles& files) {
  ERR_clear_error();
  const Context context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (!context) throw Error(ErrorKind::kIo, "", "cannot set up TLS: " + reason());
  SSL_CTX* raw = context.get();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(raw, kCiphers);
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                               SSL_OP_PRIORITIZE_CHACHA);
  // Buffers of idle connections are given back; writes go on from wherever they got to.
  SSL_CTX_set_mode(
      raw, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // Sessions are resumed by tickets, which the clients keep.
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(raw, choose_protocol, nullptr);
  SSL_CTX_set_default_passwd_cb(raw, no_password);
  if (SSL_CTX_use_certificate_chain_file(raw, files.certificate.c_str()) != 1) {
    fail(files.certificate, "no usable certificate in PEM form: " + reason());
  }
  if (SSL_CTX_use_PrivateKey_file(raw, files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    fail(files.key, "no usable key in PEM form, without a password, of the certificate " +
                        files.certificate.string() + ": " + reason());
  }
  if (SSL_CTX_check_private_key(raw) != 1) fail(files.key, "is not the key of the certificate");
  if (X509_cmp_current_time(X509_get0_notAfter(SSL_CTX_get0_certificate(raw))) < 0) {
    fail(files.certificate, "the certificate has expired; renew it");
  }
  return context;
}

std::string sign(const TlsFiles& files) {
  return file_state(files.certificate) + " " + file_state(files.key);
}

}  // namespace

TlsIdentity::TlsIdentity(TlsFiles files, Logger& log)
    : files_(std::move(files)), log_(log), signature_(sign(files_)), context_(load(files_)) {}

bool TlsIdentity::refresh() {
  std::string now = sign(files_);
  const std::lock_guard lock(mutex_);
  if (now == signature_) return false;
  signature_ = std::move(now);
  try {
    context_ = load(files_);
  } catch (const Error& error) {
    log_.warn("{}; the certificate from before stays in use", error.what());
    return false;
  }
  log_.info("a new certificate from {} is in use", files_.certificate.string());
  return true;
}

std::chrono::system_clock::time_point TlsIdentity::not_after() const {
  const Context shown = context();
  std::tm time{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(SSL_CTX_get0_certificate(shown.get())), &time) != 1)
    throw Error(ErrorKind::kInvalid, files_.certificate.string(), "its end cannot be read");
  return std::chrono::system_clock::from_time_t(::timegm(&time));
}

std::shared_ptr<SSL_CTX> TlsIdentity::context() const {
  const std::lock_guard lock(mutex_);
  return context_;
}

}  // namespace winnow::httpd
