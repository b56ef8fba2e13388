#include "history.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <unordered_set>

#include "winnow/core/random.hpp"
#include "winnow/net/url.hpp"

namespace winnow::scraping {
namespace {

constexpr std::array kFormats = {image::Format::kJpeg, image::Format::kPng,  image::Format::kWebp,
                                 image::Format::kGif,  image::Format::kAvif, image::Format::kBmp};

std::optional<image::Format> format_of_file(std::string_view file) {
  const std::string_view extension = file.substr(file.rfind('.') + 1);
  for (const image::Format format : kFormats) {
    if (image::file_extension(format) == extension) return format;
  }
  return std::nullopt;
}

bool is_whole(const std::filesystem::path& folder, const ManifestRow& row) {
  std::error_code error;
  const std::uint64_t size = std::filesystem::file_size(folder / row.file, error);
  return !error && size == row.bytes;
}

}  // namespace

// Addresses are known by 64 bits of a hash. Two that collide would cost one picture of 10^19.
std::uint64_t History::address_key(std::string_view label, std::string_view url) const {
  const std::uint64_t key = std::hash<std::string_view>{}(url);
  return by_label_ ? mix_bits(key ^ std::hash<std::string_view>{}(label)) : key;
}

// File names hold the same 64 bits, so pictures that collide here could not stand side by side anyway.
std::uint64_t History::picture_key(std::string_view label, std::string_view sha256) const {
  std::uint64_t key = 0;
  std::from_chars(sha256.data(), sha256.data() + std::min<std::size_t>(16, sha256.size()), key, 16);
  return by_label_ ? mix_bits(key ^ std::hash<std::string_view>{}(label)) : key;
}

std::uint32_t History::label_number(const std::string& label) {
  const auto [place, is_new] = label_numbers_.try_emplace(label, static_cast<std::uint32_t>(labels_.size()));
  if (is_new) labels_.push_back(label);
  return place->second;
}

std::vector<History::EarlierLabel> History::load(const std::filesystem::path& folder) {
  std::vector<EarlierLabel> earlier;
  const auto counts_of = [&](std::uint32_t number) -> EarlierLabel& {
    while (earlier.size() < labels_.size()) earlier.push_back({labels_[earlier.size()]});
    return earlier[number];
  };
  struct Copy {
    std::uint64_t address;
    std::uint32_t label;
    std::size_t original;
  };
  const std::hash<std::string> hash;
  std::vector<Copy> copies;
  std::unordered_set<std::size_t> whole_files;
  read_manifest(folder, [&](const ManifestRow& row) {
    const Result<net::Url> url = net::Url::parse(row.url);
    const std::uint64_t key = address_key(row.label, url ? url->text() : row.url);
    Address& address = addresses_[key];
    if (row.outcome == RowOutcome::kKept) {
      const std::optional<image::Format> format = format_of_file(row.file);
      if (address.done || !format || !is_whole(folder, row)) return;
      const std::uint32_t label = label_number(row.label);
      address.done = true;
      ++counts_of(label).kept;
      whole_files.insert(hash(row.file));
      pictures_.try_emplace(picture_key(row.label, row.sha256), Picture{label, *format});
    } else if (row.outcome == RowOutcome::kDuplicate) {
      copies.push_back({key, label_number(row.label), hash(row.duplicate_of)});
    } else if (row.outcome == RowOutcome::kDuplicateUrl) {
      address.recorded_again = true;
      ++counts_of(label_number(row.label)).duplicates;
    }
  });
  // Last, since the row of a copy may stand before that of its original. If that has been lost, the copy is
  // as good, and is fetched again.
  for (const Copy& copy : copies) {
    Address& address = addresses_[copy.address];
    if (address.done || !whole_files.contains(copy.original)) continue;
    address.done = true;
    ++counts_of(copy.label).duplicates;
  }
  return earlier;
}

History::Visit History::visit(std::string_view label, std::string_view url) {
  Address& address = addresses_[address_key(label, url)];
  if (!address.met) {
    address.met = true;
    return address.done ? Visit::kDone : Visit::kFirst;
  }
  return address.recorded_again ? Visit::kAgainKnown : Visit::kAgain;
}

std::optional<std::string> History::find(const std::string& label, std::string_view sha256) const {
  const auto found = pictures_.find(picture_key(label, sha256));
  if (found == pictures_.end()) return std::nullopt;
  return image_file_name(labels_[found->second.label], sha256, image::file_extension(found->second.format));
}

std::optional<std::string> History::claim(const std::string& label, std::string_view sha256,
                                          image::Format format) {
  auto known = find(label, sha256);
  if (!known) pictures_.emplace(picture_key(label, sha256), Picture{label_number(label), format});
  return known;
}

}  // namespace winnow::scraping
