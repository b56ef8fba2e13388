#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace winnow::jobs {

// A mail address as it is kept and compared: blanks around it gone, the domain in lower case. Nothing for
// what cannot be one, or only by the rarer rules of RFC 5321: quoted names, comments, address literals,
// domains without a dot, anything but ASCII. At most 254 characters, 64 of them before the @. No more than
// syntax: that mail arrives there is shown by a mail that is answered. Thread-safe.
[[nodiscard]] std::optional<std::string> mail_address(std::string_view text);

}  // namespace winnow::jobs
