#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <string>
#include <string_view>

namespace winnow::net {

// What makes an address one that a stranger's URL must not lead to: "a loopback address", "a private
// address", "a link-local address" ... Empty for addresses of the public internet. By the IANA registries of
// special-purpose addresses (RFC 6890); IPv4 addresses wrapped in IPv6 (mapped, compatible, 6to4, NAT64) are
// judged by what they wrap. The address is what a socket is about to be connected to, so a host name cannot
// say one thing when it is checked and another when it is used. Thread-safe.
[[nodiscard]] std::string_view special_address(const sockaddr& address);
[[nodiscard]] std::string_view special_address(const in_addr& address);
[[nodiscard]] std::string_view special_address(const in6_addr& address);

// "192.168.1.7", "fe80::1"; "an unknown kind of address" for other families.
[[nodiscard]] std::string format_address(const sockaddr& address);

}  // namespace winnow::net
