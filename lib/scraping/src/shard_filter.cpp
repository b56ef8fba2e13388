#include "winnow/scraping/shard_filter.hpp"

#include <charconv>

#include "winnow/net/url.hpp"

namespace winnow::scraping {
namespace {

constexpr unsigned kMaxShards = 100'000;

bool parse_part(std::string_view text, unsigned& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return !text.empty() && error == std::errc() && end == text.data() + text.size();
}

// FNV-1a: std::hash may be another on another machine.
std::uint64_t hash(std::string_view text) {
  std::uint64_t value = 0xcbf29ce484222325;
  for (const char c : text) {
    value ^= static_cast<unsigned char>(c);
    value *= 0x100000001b3;
  }
  return value;
}

}  // namespace

std::optional<Shard> parse_shard(std::string_view text) {
  const std::size_t slash = text.find('/');
  Shard shard;
  if (slash == std::string_view::npos || !parse_part(text.substr(0, slash), shard.number) ||
      !parse_part(text.substr(slash + 1), shard.count)) {
    return std::nullopt;
  }
  const bool is_possible = shard.number >= 1 && shard.number <= shard.count && shard.count <= kMaxShards;
  return is_possible ? std::optional(shard) : std::nullopt;
}

unsigned shard_of(std::string_view address, unsigned count) {
  const Result<net::Url> url = net::Url::parse(address);
  return static_cast<unsigned>(hash(url ? url->host() : address) % count) + 1;
}

std::optional<Finding> ShardFilter::next(const std::stop_token& stop) {
  while (std::optional<Finding> finding = source_->next(stop)) {
    if (finding->failure || shard_of(finding->candidate.url, shard_.count) == shard_.number) return finding;
    source_->settled(finding->candidate, Verdict::kNotKept);
  }
  return std::nullopt;
}

std::size_t ShardFilter::expected() const {
  return shard_.count == 1 ? source_->expected() : 0;
}

}  // namespace winnow::scraping
