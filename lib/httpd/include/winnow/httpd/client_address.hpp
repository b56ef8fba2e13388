// Who asks, where proxies stand in between: X-Forwarded-For, and Forwarded (RFC 7239).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "winnow/core/error.hpp"
#include "winnow/httpd/message.hpp"

namespace winnow::httpd {

// IPv6; IPv4 addresses are mapped (RFC 4291 2.5.5.2), so each has one form only.
using AddressBytes = std::array<std::uint8_t, 16>;

// "192.0.2.1", "2001:db8::1". Nothing for what is no numeric address.
[[nodiscard]] std::optional<AddressBytes> parse_address(std::string_view text);
// Mapped addresses as IPv4.
[[nodiscard]] std::string to_string(const AddressBytes& address);
[[nodiscard]] bool is_loopback(std::string_view address);

// What counts as one client: an IPv4 address, or the /64 of an IPv6 address, since that much is one
// customer's. Other text stands for itself.
[[nodiscard]] std::string client_key(std::string_view address);

struct Network {
  AddressBytes address{};
  unsigned bits = 0;  // that count, of 128

  [[nodiscard]] bool contains(const AddressBytes& other) const;
};

// "10.0.0.0/8", "::1". Failure code: "invalid".
[[nodiscard]] Result<Network> parse_network(std::string_view text);

enum class ProxyHeader { kForwardedFor, kForwarded };

// Only one header is believed, because a proxy that writes one hands on what its clients write into the
// other.
struct TrustedProxies {
  std::vector<Network> networks;
  ProxyHeader header = ProxyHeader::kForwardedFor;

  [[nodiscard]] bool contains(std::string_view address) const;
};

// The rightmost address that is no trusted proxy's: the last one that somebody trusted has seen. The peer
// itself unless it is trusted. Where the way back ends in something that is no address, the proxy that wrote
// it counts.
[[nodiscard]] std::string client_address(const std::string& peer, const Headers& headers,
                                         const TrustedProxies& trusted);

}  // namespace winnow::httpd
