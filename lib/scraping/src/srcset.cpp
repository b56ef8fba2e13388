#include "srcset.hpp"

#include <charconv>

#include "winnow/core/text.hpp"

namespace winnow::scraping {
namespace {

constexpr std::string_view kSpace = " \t\n\f\r";

SrcsetSize size_of(std::string_view descriptors) {
  SrcsetSize size{false, 1};
  for (const std::string_view part : split(descriptors, ' ')) {
    const std::string_view word = trim(part);
    if (word.size() < 2 || (word.back() != 'w' && word.back() != 'x')) continue;
    double value = 0;
    const char* const end = word.data() + word.size() - 1;
    const auto [stopped, error] = std::from_chars(word.data(), end, value, std::chars_format::fixed);
    if (error != std::errc() || stopped != end || !(value > 0 && value < 1e9)) continue;
    const SrcsetSize told{word.back() == 'w', value};
    if (told.is_width || !size.is_width) size = told;
  }
  return size;
}

}  // namespace

bool is_inline(std::string_view reference) {
  const std::string head = to_lower(trim(reference).substr(0, 12));
  return head.starts_with("data:") || head.starts_with("blob:") || head.starts_with("about:") ||
         head.starts_with("javascript:");
}

SrcsetCandidate largest_in_srcset(std::string_view srcset) {
  SrcsetCandidate largest;
  while (true) {
    const std::size_t begin = srcset.find_first_not_of(" \t\n\f\r,");
    if (begin == std::string_view::npos) return largest;
    srcset.remove_prefix(begin);
    std::string_view url = srcset.substr(0, srcset.find_first_of(kSpace));
    srcset.remove_prefix(url.size());
    std::string_view descriptors;
    if (url.ends_with(',')) {
      url = url.substr(0, url.find_last_not_of(',') + 1);
    } else {
      descriptors = srcset.substr(0, srcset.find(','));
      srcset.remove_prefix(descriptors.size());
    }
    if (url.empty() || is_inline(url)) continue;
    const SrcsetSize size = size_of(descriptors);
    if (largest.url.empty() || size > largest.size) largest = {url, size};
  }
}

}  // namespace winnow::scraping
