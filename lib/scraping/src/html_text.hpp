#pragma once

#include <string>
#include <string_view>

namespace winnow::scraping {

// What a person reads in a piece of HTML: without tags, with entities decoded, on one line. Text beyond the
// first 4 kB is dropped. Thread-safe.
[[nodiscard]] std::string html_text(std::string_view html);

}  // namespace winnow::scraping
