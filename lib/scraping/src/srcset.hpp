#pragma once

#include <string>
#include <string_view>

namespace winnow::scraping {

// How large a picture a srcset candidate promises. Widths are more telling than densities.
struct SrcsetSize {
  bool is_width = false;
  double value = 0;

  friend auto operator<=>(const SrcsetSize&, const SrcsetSize&) = default;
};

struct SrcsetCandidate {
  std::string_view url;  // empty if there is none
  SrcsetSize size;
};

// The largest candidate of a srcset attribute (HTML standard, "srcset attributes"); the first among equals.
// data: and blob: addresses are passed over. The url points into the attribute.
[[nodiscard]] SrcsetCandidate largest_in_srcset(std::string_view srcset);

// True for addresses that hold their own content or mean nothing outside the page.
[[nodiscard]] bool is_inline(std::string_view reference);

}  // namespace winnow::scraping
