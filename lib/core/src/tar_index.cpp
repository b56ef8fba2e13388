#include "winnow/core/tar_index.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <string_view>

#include "winnow/core/error.hpp"

namespace winnow {
namespace {

constexpr std::uint64_t kBlock = 512;
constexpr std::uint64_t kMaxText = 1'000'000;  // of a long name or a pax header
using Block = std::array<char, kBlock>;

std::string_view field(const Block& block, std::size_t offset, std::size_t size) {
  const std::string_view text(block.data() + offset, size);
  return text.substr(0, text.find('\0'));
}

// Octal digits, or GNU's binary form for what is too large for them.
std::optional<std::uint64_t> number(const Block& block, std::size_t offset, std::size_t size) {
  if ((static_cast<unsigned char>(block[offset]) & 0x80) != 0) {
    std::uint64_t value = static_cast<unsigned char>(block[offset]) & 0x7f;
    for (std::size_t i = 1; i < size; ++i) {
      if (value > (UINT64_MAX >> 8)) return std::nullopt;
      value = (value << 8) | static_cast<unsigned char>(block[offset + i]);
    }
    return value;
  }
  std::string_view text = field(block, offset, size);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 8);
  if (!text.empty() && (error != std::errc() || end != text.data() + text.size())) return std::nullopt;
  return value;
}

// The sum of all bytes, with the field of the sum itself taken as spaces.
bool has_right_sum(const Block& block) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    sum += i >= 148 && i < 156 ? std::uint64_t{' '} : static_cast<unsigned char>(block[i]);
  }
  return number(block, 148, 8) == sum;
}

bool is_empty(const Block& block) {
  return std::all_of(block.begin(), block.end(), [](char c) { return c == '\0'; });
}

std::string name_of(const Block& block) {
  const std::string name(field(block, 0, 100));
  const std::string_view prefix = field(block, 345, 155);
  const bool has_prefix = std::memcmp(block.data() + 257, "ustar\0", 6) == 0 && !prefix.empty();
  return has_prefix ? std::string(prefix) + "/" + name : name;
}

struct PaxHeader {
  std::optional<std::string> path;
  std::optional<std::uint64_t> size;
};

// Records of "27 path=some/name.jpg\n", the number counting all of it. False if it is none.
bool read_pax(std::string_view text, PaxHeader& header) {
  while (!text.empty()) {
    std::size_t length = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    const auto digits = static_cast<std::size_t>(end - text.data());
    if (error != std::errc() || length > text.size() || length < digits + 3 || text[digits] != ' ')
      return false;
    const std::string_view record = text.substr(digits + 1, length - digits - 2);
    const std::size_t equals = record.find('=');
    if (equals == std::string_view::npos) return false;
    const std::string_view value = record.substr(equals + 1);
    if (record.substr(0, equals) == "path") header.path = value;
    if (record.substr(0, equals) == "size") {
      std::uint64_t size = 0;
      if (std::from_chars(value.data(), value.data() + value.size(), size).ec != std::errc()) return false;
      header.size = size;
    }
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace

TarIndex::TarIndex(std::filesystem::path path) : path_(std::move(path)) {
  std::error_code error;
  file_size_ = std::filesystem::file_size(path_, error);
  if (error) {
    const bool is_gone = error == std::errc::no_such_file_or_directory;
    throw Error(is_gone ? ErrorKind::kNotFound : ErrorKind::kIo, path_.string(),
                system_message(error.value()));
  }
  in_.open(path_, std::ios::binary);
  if (!in_) throw Error(ErrorKind::kIo, path_.string(), system_message(errno));
  Block block{};
  in_.read(block.data(), kBlock);
  const std::string_view start(block.data(), 6);
  const bool is_compressed = start.starts_with("\x1f\x8b") || start.starts_with("BZh") ||
                             start.starts_with(
                                 "\xfd"
                                 "7zXZ") ||
                             start.starts_with("\x28\xb5\x2f\xfd");
  if (is_compressed) fail("is compressed; unpack it first, for example with gunzip, and give the .tar");
  if (in_.gcount() < static_cast<std::streamsize>(kBlock) || (!is_empty(block) && !has_right_sum(block))) {
    fail("is neither a folder nor a tar archive");
  }
}

void TarIndex::fail(const std::string& message) const {
  throw Error(ErrorKind::kInvalid, path_.string(), message);
}

std::string TarIndex::read_text(std::uint64_t size) {
  if (size > kMaxText) fail("has a name that is too long");
  std::string text(static_cast<std::size_t>(size), '\0');
  in_.read(text.data(), static_cast<std::streamsize>(size));
  if (in_.gcount() != static_cast<std::streamsize>(size)) fail("ends in the middle of a name");
  return text;
}

std::optional<TarIndex::Entry> TarIndex::next() {
  std::optional<std::string> long_name;
  PaxHeader pax;
  while (position_ + kBlock <= file_size_) {
    Block block{};
    in_.clear();
    in_.seekg(static_cast<std::streamoff>(position_));
    in_.read(block.data(), kBlock);
    if (in_.gcount() != static_cast<std::streamsize>(kBlock)) fail("cannot be read to its end");
    if (is_empty(block)) return std::nullopt;
    const std::optional<std::uint64_t> claimed = number(block, 124, 12);
    if (!has_right_sum(block) || !claimed) fail("is damaged at byte " + std::to_string(position_));
    const char type = block[156];
    const bool is_file = type == '0' || type == '\0' || type == '7';
    const std::uint64_t size = is_file ? pax.size.value_or(*claimed) : *claimed;
    const std::uint64_t begin = position_ + kBlock;
    if (size > file_size_ - begin) fail("ends early: a file in it goes beyond its end");
    position_ = begin + (size + kBlock - 1) / kBlock * kBlock;
    if (type == 'L') {
      long_name = read_text(size);
      long_name->resize(std::strlen(long_name->c_str()));
    } else if (type == 'x') {
      if (!read_pax(read_text(size), pax)) fail("has a damaged pax header");
    } else if (is_file) {
      return Entry{long_name ? *long_name : pax.path.value_or(name_of(block)), begin, size};
    } else if (type != 'g') {
      long_name.reset();
      pax = {};
    }
  }
  return std::nullopt;
}

}  // namespace winnow
