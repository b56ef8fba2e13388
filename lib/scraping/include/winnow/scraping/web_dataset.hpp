#pragma once

#include <cstdint>
#include <filesystem>

#include "winnow/core/context.hpp"

namespace winnow::scraping {

struct ShardOptions {
  std::uint64_t max_samples = 10'000;       // of one shard
  std::uint64_t max_bytes = 1'000'000'000;  // a shard ends with the sample that reaches this
};

struct ShardReport {
  std::uint64_t shards = 0;
  std::uint64_t samples = 0;
  std::uint64_t missing = 0;  // pictures that the manifest names and that are not there, or not whole
};

// Writes an image set as tar shards that Python's webdataset reads: 00000.tar, 00001.tar ... For each picture
// KEY.jpg (or png, webp ...), KEY.cls with the number of its label, and KEY.json with its row of the
// manifest; classes.txt names the labels, in the order of their numbers. Labels are mixed, in an order that
// depends only on the pictures. Equal sets, equal bytes. ustar, POSIX.1-1988. Throws as read_manifest(),
// Error{kUsage} if the target holds anything, Error{kIo} and Error{kCancelled}; what has been written by then
// is whole shards.
ShardReport write_shards(const std::filesystem::path& set, const std::filesystem::path& target,
                         const ShardOptions& options, const Context& context);

}  // namespace winnow::scraping
