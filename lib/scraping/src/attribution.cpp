#include <fmt/format.h>

#include <cstdint>
#include <functional>
#include <unordered_set>

#include "winnow/core/atomic_file.hpp"
#include "winnow/core/text.hpp"
#include "winnow/scraping/image_set.hpp"

namespace winnow::scraping {
namespace {

// Titles and names come from strangers; in Markdown they must stay text on one line.
std::string plain(std::string_view text) {
  std::string escaped;
  for (const char c : printable(trim(text), 300)) {
    if (std::string_view("\\`*_[]<>#|&~").find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string link(std::string_view address) {
  const bool is_link = address.starts_with("http://") || address.starts_with("https://");
  const bool is_clean = address.find_first_of(" <>\"") == std::string_view::npos &&
                        printable(address, address.size()) == address;
  return is_link && is_clean ? fmt::format("<{}>", address) : plain(address);
}

std::string describe(const ManifestRow& row) {
  std::string line = fmt::format("- {}: ", plain(row.file));
  line += row.title.empty() ? "untitled" : fmt::format("\"{}\"", plain(row.title));
  line += row.creator.empty() ? ", creator unknown" : fmt::format(" by {}", plain(row.creator));
  if (!row.creator.empty() && !row.creator_url.empty()) line += fmt::format(" ({})", link(row.creator_url));
  line += row.licence.empty() ? ", licence unknown" : fmt::format(", licence {}", link(row.licence));
  if (!row.licence.empty() && !row.licence_url.empty()) line += fmt::format(" ({})", link(row.licence_url));
  return line + fmt::format(", from {}\n", link(row.page_url.empty() ? row.url : row.page_url));
}

}  // namespace

void write_attribution(const std::filesystem::path& folder) {
  AtomicFile file(folder / "ATTRIBUTION.md");
  file.write(
      "# Attribution\n\n"
      "The images in this folder, as far as their sources told who made them and what they may be used for.\n"
      "Written by winnow-scrape from manifest.jsonl, which says more.\n\n");
  std::string text;                        // a system call for each line would be felt
  std::unordered_set<std::uint64_t> seen;  // hashes of names: a file that was fetched again has two rows
  read_manifest(folder, [&](const ManifestRow& row) {
    if (row.outcome != RowOutcome::kKept) return;
    std::error_code error;
    if (!std::filesystem::is_regular_file(folder / row.file, error)) return;  // removed by hand, or lost
    if (!seen.insert(std::hash<std::string>{}(row.file)).second) return;
    text += describe(row);
    if (text.size() < 65'536) return;
    file.write(text);
    text.clear();
  });
  file.write(text);
  file.commit();
}

}  // namespace winnow::scraping
