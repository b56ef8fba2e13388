#include "winnow/httpd/client_address.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "winnow/core/text.hpp"
#include "winnow/httpd/media_type.hpp"

namespace winnow::httpd {
namespace {

constexpr AddressBytes kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};
constexpr unsigned kMappedBits = 96;
constexpr unsigned kCustomerBits = 64;

bool is_v4(const AddressBytes& address) {
  return std::equal(address.begin(), address.begin() + kMappedBits / 8, kMapped.begin());
}

// With a port, as some proxies write: "192.0.2.1:4711", "[2001:db8::1]:4711", "[2001:db8::1]".
std::optional<AddressBytes> parse_node(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    return end == std::string_view::npos ? std::nullopt : parse_address(text.substr(1, end - 1));
  }
  if (std::ranges::count(text, ':') == 1) text = text.substr(0, text.find(':'));
  return parse_address(text);
}

// Addresses in the order of the way, and nothing for what is none.
std::vector<std::optional<AddressBytes>> read_hops(const Headers& headers, ProxyHeader header) {
  std::vector<std::optional<AddressBytes>> hops;
  const bool plain = header == ProxyHeader::kForwardedFor;
  const std::optional<std::string> list = headers.find_joined(plain ? "X-Forwarded-For" : "Forwarded");
  if (!list) return hops;
  for (const std::string_view element : split(*list, ',')) {
    if (plain) {
      hops.push_back(parse_node(trim(element)));
      continue;
    }
    // No address holds a comma, so what a quoted one tears apart is no address either.
    const auto pairs = parse_parameterised(fmt::format("x;{}", trim(element)));
    const auto node = pairs ? pairs->find("for") : std::nullopt;
    hops.push_back(node ? parse_node(*node) : std::nullopt);
  }
  return hops;
}

bool contains(const std::vector<Network>& networks, const AddressBytes& address) {
  return std::ranges::any_of(networks, [&](const Network& network) { return network.contains(address); });
}

}  // namespace

std::optional<AddressBytes> parse_address(std::string_view text) {
  const std::string zoned(text.substr(0, text.find('%')));  // a zone means something to this machine only
  AddressBytes address = kMapped;
  if (::inet_pton(AF_INET, zoned.c_str(), address.data() + kMappedBits / 8) == 1) return address;
  if (::inet_pton(AF_INET6, zoned.c_str(), address.data()) == 1) return address;
  return std::nullopt;
}

std::string to_string(const AddressBytes& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (is_v4(address)) {
    ::inet_ntop(AF_INET, address.data() + kMappedBits / 8, text.data(), text.size());
  } else {
    ::inet_ntop(AF_INET6, address.data(), text.data(), text.size());
  }
  return text.data();
}

bool is_loopback(std::string_view address) {
  const std::optional<AddressBytes> parsed = parse_address(address);
  static const Network kV4 = *parse_network("127.0.0.0/8");
  static const Network kV6 = *parse_network("::1");
  return parsed && (kV4.contains(*parsed) || kV6.contains(*parsed));
}

std::string client_key(std::string_view address) {
  std::optional<AddressBytes> parsed = parse_address(address);
  if (!parsed) return std::string(address);
  if (!is_v4(*parsed)) std::fill(parsed->begin() + kCustomerBits / 8, parsed->end(), 0);
  return to_string(*parsed);
}

bool Network::contains(const AddressBytes& other) const {
  const unsigned whole = bits / 8;
  if (!std::equal(address.begin(), address.begin() + whole, other.begin())) return false;
  const unsigned rest = bits % 8;
  return rest == 0 || (address[whole] ^ other[whole]) >> (8 - rest) == 0;
}

Result<Network> parse_network(std::string_view text) {
  const Failure invalid{"invalid", "is no address or network, such as 10.0.0.0/8 or ::1"};
  const std::size_t slash = text.find('/');
  const std::optional<AddressBytes> address = parse_address(text.substr(0, slash));
  if (!address) return invalid;
  Network network{*address, 128};
  if (slash == std::string_view::npos) return network;
  const std::string_view digits = text.substr(slash + 1);
  const bool v4 = text.substr(0, slash).find(':') == std::string_view::npos;
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (error != std::errc{} || end != digits.data() + digits.size() || bits > (v4 ? 32 : 128)) return invalid;
  network.bits = bits + (v4 ? kMappedBits : 0);
  return network;
}

bool TrustedProxies::contains(std::string_view address) const {
  const std::optional<AddressBytes> parsed = parse_address(address);
  return parsed && httpd::contains(networks, *parsed);
}

std::string client_address(const std::string& peer, const Headers& headers, const TrustedProxies& trusted) {
  const std::optional<AddressBytes> nearest = parse_address(peer);
  if (!nearest) return peer;
  AddressBytes client = *nearest;
  if (contains(trusted.networks, client)) {
    const auto hops = read_hops(headers, trusted.header);
    for (auto hop = hops.rbegin(); hop != hops.rend() && *hop; ++hop) {
      client = **hop;
      if (!contains(trusted.networks, client)) break;
    }
  }
  return to_string(client);
}

}  // namespace winnow::httpd
