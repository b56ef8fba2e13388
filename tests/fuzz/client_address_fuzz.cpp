// Input: the address of the peer, a line feed, and lines that are values of X-Forwarded-For and of Forwarded.
#include "winnow/httpd/client_address.hpp"

#include "fuzz_target.hpp"
#include "syntax.hpp"

using namespace winnow;

namespace {

void check(const std::string& peer, const httpd::Headers& headers, httpd::ProxyHeader header) {
  static const std::vector<httpd::Network> kNetworks = {*httpd::parse_network("10.0.0.0/8"),
                                                        *httpd::parse_network("fd00::/8")};
  const httpd::TrustedProxies trusted{kNetworks, header};
  const std::string client = httpd::client_address(peer, headers, trusted);
  const auto parsed = httpd::parse_address(client);
  const auto nearest = httpd::parse_address(peer);
  if (!nearest) return fuzz::require(client == peer, "a peer without an address stands for itself");
  fuzz::require(parsed && httpd::to_string(*parsed) == client, "a client is an address in its one form");
  if (!trusted.contains(peer)) {
    fuzz::require(client == httpd::to_string(*nearest), "only proxies that are trusted are believed");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = fuzz::as_input(data, size);
  const std::string peer(fuzz::take_line(rest));
  httpd::Headers headers;
  while (!rest.empty()) {
    const std::string value(fuzz::take_line(rest));
    if (!httpd::is_field_value(value)) continue;
    headers.add("X-Forwarded-For", value);
    headers.add("Forwarded", value);
  }
  check(peer, headers, httpd::ProxyHeader::kForwardedFor);
  check(peer, headers, httpd::ProxyHeader::kForwarded);
  const std::string key = httpd::client_key(peer);
  fuzz::require(httpd::client_key(key) == key, "a key stands for itself");
  if (const auto network = httpd::parse_network(peer)) {
    fuzz::require(network->bits <= 128 && network->contains(network->address), "a network holds its address");
  }
  return 0;
}
