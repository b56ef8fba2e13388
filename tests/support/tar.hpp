#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace winnow::test {

// One member of a tar archive: header and content, each filled up to blocks of 512 bytes. `size` is what the
// header claims.
inline std::string tar_member(std::string_view name, std::string_view content, char type = '0',
                              std::string size = "") {
  if (size.empty()) size = fmt::format("{:011o}", content.size());
  std::string header(512, '\0');
  header.replace(0, std::min<std::size_t>(name.size(), 100), name.substr(0, 100));
  header.replace(100, 7, "0000644");
  header.replace(124, size.size(), size);
  header[156] = type;
  header.replace(257, 6, std::string_view("ustar\0", 6));
  header.replace(263, 2, "00");
  header.replace(148, 8, "        ");
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  header.replace(148, 8, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
  std::string body(content);
  body.resize((body.size() + 511) / 512 * 512, '\0');
  return header + body;
}

inline const std::string& tar_end() {
  static const std::string end(1024, '\0');
  return end;
}

// "27 path=some/name.jpg\n", the number counting all of it.
inline std::string pax_record(const std::string& text) {
  std::size_t length = text.size() + 3;
  while (fmt::format("{} {}\n", length, text).size() != length) ++length;
  return fmt::format("{} {}\n", length, text);
}

}  // namespace winnow::test
