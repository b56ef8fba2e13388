#include "history.hpp"

#include <fmt/format.h>

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

std::uint64_t first_64_bits(std::string_view hex) {
  std::uint64_t bits = 0;
  std::from_chars(hex.data(), hex.data() + std::min<std::size_t>(16, hex.size()), bits, 16);
  return bits;
}

bool is_whole(const std::filesystem::path& folder, const ManifestRow& row) {
  std::error_code error;
  const std::uint64_t size = std::filesystem::file_size(folder / row.file, error);
  return !error && size == row.bytes;
}

}  // namespace

std::string normal_form(const std::string& url) {
  const Result<net::Url> parsed = net::Url::parse(url);
  return parsed ? parsed->text() : url;
}

// Addresses are known by 64 bits of a hash. Two that collide would cost one picture of 10^19.
std::uint64_t History::address_key(std::string_view label, std::string_view url) const {
  const std::uint64_t key = std::hash<std::string_view>{}(url);
  return by_label_ ? mix_bits(key ^ std::hash<std::string_view>{}(label)) : key;
}

// File names hold the same 64 bits, so pictures that collide here could not stand side by side anyway.
std::uint64_t History::picture_key(std::string_view label, std::string_view sha256) const {
  const std::uint64_t key = first_64_bits(sha256);
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
    const std::uint64_t key = address_key(row.label, normal_form(row.url));
    Address& address = addresses_[key];
    if (row.outcome == RowOutcome::kKept) {
      const std::optional<image::Format> format = format_of_file(row.file);
      if (address.done || !format || !is_whole(folder, row)) return;
      const std::uint32_t label = label_number(row.label);
      address.done = true;
      ++counts_of(label).kept;
      whole_files.insert(hash(row.file));
      remember(row, *format);
    } else if (row.outcome == RowOutcome::kRemoved) {
      address.done = true;
      if (const std::optional<image::Format> format = format_of_file(row.file)) remember(row, *format);
    } else if (row.outcome == RowOutcome::kDuplicate || row.outcome == RowOutcome::kNearDuplicate) {
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

History::Known History::known(const Picture& picture, bool same_bytes) const {
  const std::string& label = labels_[picture.label];
  return {image_file_name(label, fmt::format("{:016x}", picture.name), image::file_extension(picture.format)),
          label, same_bytes, picture.removed};
}

std::optional<History::Known> History::find(const std::string& label, std::string_view sha256) const {
  const auto found = by_bytes_.find(picture_key(label, sha256));
  if (found == by_bytes_.end()) return std::nullopt;
  return known(pictures_[found->second], true);
}

std::optional<History::Known> History::claim(const std::string& label, std::string_view sha256,
                                             image::Format format, const image::PerceptualHash& look) {
  if (auto same = find(label, sha256)) return same;
  const std::uint32_t number = label_number(label);
  const auto similar =
      looks_.find(look, [&](std::uint32_t place) { return !by_label_ || pictures_[place].label == number; });
  if (similar) return known(pictures_[*similar], false);
  remember(label, sha256, format, look.upright);
  return std::nullopt;
}

void History::remember(const ManifestRow& row, image::Format format) {
  remember(row.label, row.sha256, format,
           row.phash.empty() ? std::nullopt : std::optional(first_64_bits(row.phash)),
           row.outcome == RowOutcome::kRemoved);
}

void History::remember(const std::string& label, std::string_view sha256, image::Format format,
                       std::optional<std::uint64_t> look, bool removed) {
  const auto place = static_cast<std::uint32_t>(pictures_.size());
  if (!by_bytes_.try_emplace(picture_key(label, sha256), place).second) return;
  pictures_.push_back({first_64_bits(sha256), label_number(label), format, removed});
  if (look) looks_.add(*look, place);
}

ManifestRow duplicate_row(ManifestRow row, const History::Known& original) {
  row.outcome = original.same_bytes ? RowOutcome::kDuplicate : RowOutcome::kNearDuplicate;
  // Which of two labels is right, only a person can say.
  if (original.label != row.label) row.reason = "label_noise";
  row.duplicate_of = original.file;
  row.file.clear();
  return row;
}

}  // namespace winnow::scraping
