#include "winnow/net/address_guard.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>

namespace winnow::net {
namespace {

struct Block4 {
  std::uint32_t network;
  int prefix;
  std::string_view kind;
};

constexpr std::uint32_t ipv4(unsigned a, unsigned b, unsigned c, unsigned d) {
  return a << 24 | b << 16 | c << 8 | d;
}

constexpr std::array kBlocks4 = {
    Block4{ipv4(0, 0, 0, 0), 8, "an unspecified address"},
    Block4{ipv4(10, 0, 0, 0), 8, "a private address"},
    Block4{ipv4(100, 64, 0, 0), 10, "a carrier's private address"},
    Block4{ipv4(127, 0, 0, 0), 8, "a loopback address"},
    Block4{ipv4(169, 254, 0, 0), 16, "a link-local address"},  // and the metadata services of clouds
    Block4{ipv4(172, 16, 0, 0), 12, "a private address"},
    Block4{ipv4(192, 0, 0, 0), 24, "a reserved address"},
    Block4{ipv4(192, 0, 2, 0), 24, "a documentation address"},
    Block4{ipv4(192, 88, 99, 0), 24, "a reserved address"},  // 6to4 relays, RFC 7526
    Block4{ipv4(192, 168, 0, 0), 16, "a private address"},
    Block4{ipv4(198, 18, 0, 0), 15, "a benchmarking address"},
    Block4{ipv4(198, 51, 100, 0), 24, "a documentation address"},
    Block4{ipv4(203, 0, 113, 0), 24, "a documentation address"},
    Block4{ipv4(224, 0, 0, 0), 4, "a multicast address"},
    Block4{ipv4(240, 0, 0, 0), 4, "a reserved address"},
};

struct Block6 {
  std::array<std::uint8_t, 6> network;  // the first 48 bits decide for every block here
  int prefix;
  std::string_view kind;
};

constexpr std::array kBlocks6 = {
    Block6{{0x20, 0x01, 0x0d, 0xb8}, 32, "a documentation address"},
    Block6{{0x20, 0x01}, 23, "a reserved address"},  // IETF protocols: Teredo, benchmarking, ORCHID
    Block6{{0x3f, 0xff}, 20, "a documentation address"},
    Block6{{0xfc}, 7, "a private address"},
    Block6{{0xfe, 0x80}, 10, "a link-local address"},
    Block6{{0xfe, 0xc0}, 10, "a private address"},  // site-local, RFC 3879
    Block6{{0xff}, 8, "a multicast address"},
};

bool starts_with(std::span<const std::uint8_t> bytes, std::span<const std::uint8_t> network, int prefix) {
  for (std::size_t i = 0; prefix > 0; ++i, prefix -= 8) {
    const auto mask = static_cast<std::uint8_t>(prefix >= 8 ? 0xff : 0xff << (8 - prefix));
    if ((bytes[i] & mask) != (network[i] & mask)) return false;
  }
  return true;
}

std::string_view special_ipv4(std::uint32_t address) {
  for (const Block4& block : kBlocks4) {
    if ((address ^ block.network) >> (32 - block.prefix) == 0) return block.kind;
  }
  return {};
}

std::string_view special_ipv4_at(std::span<const std::uint8_t> bytes) {
  return special_ipv4(ipv4(bytes[0], bytes[1], bytes[2], bytes[3]));
}

}  // namespace

std::string_view special_address(const in_addr& address) {
  return special_ipv4(ntohl(address.s_addr));
}

std::string_view special_address(const in6_addr& address) {
  const std::span<const std::uint8_t> bytes(address.s6_addr);
  const auto zeros = [&](std::size_t count) {
    return std::all_of(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count),
                       [](std::uint8_t byte) { return byte == 0; });
  };
  if (zeros(16)) return "an unspecified address";
  if (zeros(15) && bytes[15] == 1) return "a loopback address";
  if (zeros(12) || (zeros(10) && bytes[10] == 0xff && bytes[11] == 0xff))
    return special_ipv4_at(bytes.subspan(12));
  constexpr std::array<std::uint8_t, 12> kNat64 = {0x00, 0x64, 0xff, 0x9b};
  if (starts_with(bytes, kNat64, 96)) return special_ipv4_at(bytes.subspan(12));
  if (bytes[0] == 0x20 && bytes[1] == 0x02) return special_ipv4_at(bytes.subspan(2));  // 6to4
  for (const Block6& block : kBlocks6) {
    if (starts_with(bytes, block.network, block.prefix)) return block.kind;
  }
  // Everything that has been given out for the public internet lies in 2000::/3.
  if ((bytes[0] & 0xe0) != 0x20) return "a reserved address";
  return {};
}

std::string_view special_address(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in ipv4_address{};
    std::memcpy(&ipv4_address, &address, sizeof ipv4_address);
    return special_address(ipv4_address.sin_addr);
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 ipv6_address{};
    std::memcpy(&ipv6_address, &address, sizeof ipv6_address);
    return special_address(ipv6_address.sin6_addr);
  }
  return "no internet address";
}

std::string format_address(const sockaddr& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.sa_family == AF_INET) {
    sockaddr_in ipv4_address{};
    std::memcpy(&ipv4_address, &address, sizeof ipv4_address);
    ::inet_ntop(AF_INET, &ipv4_address.sin_addr, text.data(), text.size());
  } else if (address.sa_family == AF_INET6) {
    sockaddr_in6 ipv6_address{};
    std::memcpy(&ipv6_address, &address, sizeof ipv6_address);
    ::inet_ntop(AF_INET6, &ipv6_address.sin6_addr, text.data(), text.size());
  } else {
    return "an unknown kind of address";
  }
  return text.data();
}

}  // namespace winnow::net
