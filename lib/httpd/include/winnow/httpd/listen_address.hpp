#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "winnow/core/error.hpp"

namespace winnow::httpd {

struct ListenAddress {
  std::string host = "127.0.0.1";  // a numeric address or a host name of this machine
  std::uint16_t port = 8080;       // 0: any free one

  friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

// "127.0.0.1:8080", "[::1]:8080".
[[nodiscard]] std::string to_string(const ListenAddress& address);

// Undoes to_string(). Whether there is such a host shows only when a server starts. Failure code: "invalid".
[[nodiscard]] Result<ListenAddress> parse_listen_address(std::string_view text);

}  // namespace winnow::httpd
