#include "support/tls_client.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace winnow::test {

TlsClient::TlsClient(std::uint16_t port, const Offer& offer)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free),
      session_(nullptr, SSL_free) {
  const timeval limit{30, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(port);
  peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&peer), sizeof peer), 0);
  SSL_CTX_set_security_level(context_.get(), 0);  // so that it can offer what nobody should take
  session_.reset(SSL_new(context_.get()));
  SSL_set_min_proto_version(session_.get(), offer.least);
  SSL_set_max_proto_version(session_.get(), offer.most);
  if (!offer.ciphers.empty()) {
    EXPECT_EQ(SSL_set_cipher_list(session_.get(), offer.ciphers.c_str()), 1) << offer.ciphers;
  }
  if (!offer.protocol.empty()) {
    const std::string list = static_cast<char>(offer.protocol.size()) + offer.protocol;
    SSL_set_alpn_protos(session_.get(), reinterpret_cast<const unsigned char*>(list.data()),
                        static_cast<unsigned>(list.size()));
  }
  SSL_set_fd(session_.get(), socket_);
  agreed_ = SSL_connect(session_.get()) == 1;
}

TlsClient::~TlsClient() {
  session_.reset();
  ::close(socket_);
}

std::string TlsClient::common_name() const {
  const X509* certificate = SSL_get0_peer_certificate(session_.get());
  if (certificate == nullptr) return "";
  std::array<char, 200> text{};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text.data(), text.size());
  return text.data();
}

std::string TlsClient::version() const {
  return SSL_get_version(session_.get());
}

std::string TlsClient::protocol() const {
  const unsigned char* name = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(session_.get(), &name, &length);
  return {reinterpret_cast<const char*>(name), length};
}

bool TlsClient::send(std::string_view bytes) {
  return SSL_write(session_.get(), bytes.data(), static_cast<int>(bytes.size())) ==
         static_cast<int>(bytes.size());
}

bool TlsClient::fill(std::string& into) {
  std::array<char, 16384> buffer{};
  const int count = SSL_read(session_.get(), buffer.data(), buffer.size());
  if (count <= 0) {
    clean_ = SSL_get_error(session_.get(), count) == SSL_ERROR_ZERO_RETURN;
    return false;
  }
  into.append(buffer.data(), static_cast<std::size_t>(count));
  return true;
}

Reply TlsClient::read_reply() {
  return take_reply(received_, [this] { return fill(received_); });
}

std::string TlsClient::read_all() {
  std::string all = std::exchange(received_, "");
  while (fill(all)) {
  }
  return all;
}

std::string TlsClient::read_until(std::string_view text) {
  std::string all;
  while (all.find(text) == std::string::npos && fill(all)) {
  }
  return all;
}

}  // namespace winnow::test
