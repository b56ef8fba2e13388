#include "object_key.hpp"

#include <fmt/format.h>

#include "winnow/core/json.hpp"
#include "winnow/core/text.hpp"
#include "winnow/storage/object_store.hpp"

namespace winnow::storage {
namespace {

constexpr std::size_t kMaxKeyBytes = 900;  // S3 takes 1,024, prefixes included
constexpr std::size_t kMaxSegmentBytes = 200;

[[noreturn]] void refuse(std::string_view key, const char* why) {
  throw Error(ErrorKind::kInvalid, fmt::format("object key \"{}\"", printable(key, 100)), why);
}

}  // namespace

void require_key(std::string_view key) {
  if (key.empty() || key.size() > kMaxKeyBytes) refuse(key, "has to have 1 to 900 bytes");
  if (!is_utf8(key)) refuse(key, "is not UTF-8");
  for (const char c : key) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || c == '\\') refuse(key, "has a control character or a backslash");
  }
  for (const std::string_view segment : split(key, '/')) {
    if (segment.empty()) refuse(key, "has an empty part between slashes");
    if (segment.front() == '.') refuse(key, "has a part that begins with a dot");
    if (segment.size() > kMaxSegmentBytes) refuse(key, "has a part of more than 200 bytes");
  }
}

void require_hot_key(std::string_view key) {
  require_key(key);
  if (is_cold_key(key)) refuse(key, "begins with cold/, which only archived copies do");
}

bool is_cold_key(std::string_view key) {
  return key.starts_with(ObjectStore::kColdPrefix);
}

std::string cold_key_of(std::string_view key) {
  return std::string(ObjectStore::kColdPrefix) + std::string(key);
}

}  // namespace winnow::storage
