#include "winnow/scraping/local_file.hpp"

#include "winnow/core/file.hpp"
#include "winnow/core/text.hpp"

namespace winnow::scraping {

Result<Bytes> read_local_file(const LocalFile& file, std::uint64_t max_bytes) {
  if (file.size > max_bytes)
    return Failure{"too_large", "is larger than the limit of " + format_bytes(max_bytes)};
  Result<Bytes> bytes = try_read_part(file.path, file.offset, file.size);
  if (!bytes) return Failure{"unreadable", "cannot be read: " + bytes.failure().message};
  return bytes;
}

}  // namespace winnow::scraping
