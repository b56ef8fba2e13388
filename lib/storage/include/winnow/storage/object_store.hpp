// Where uploads and results are kept: in a folder or on an S3 service, hot or cold.
// docs/formats/object-store.md
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "winnow/core/bytes.hpp"
#include "winnow/core/error.hpp"
#include "winnow/net/s3_client.hpp"

namespace winnow::storage {

struct ObjectInfo {
  std::string key;
  std::uint64_t bytes = 0;
  std::string sha256;  // of the content, 64 hexadecimal digits; empty in lists
  std::chrono::system_clock::time_point modified;
};

// The object is archived: warm() it first.
class ColdObjectError : public Error {
 public:
  explicit ColdObjectError(const std::string& where)
      : Error(ErrorKind::kUnsupported, where, "is archived and has to be restored before it can be read") {}
};

enum class Warmth {
  kReady,
  kThawing,  // come again later
};

// Objects appear whole or not at all, under keys such as "results/12/answers.jsonl": segments parted by '/',
// each of 1 to 200 bytes of UTF-8 without control characters, not beginning with a dot; 900 bytes in all. No
// key may be a folder of another.
//
// Every call may be repeated after a crash or an error, and ends in the same state. Thread-safe; several
// processes may use one store. Blocking calls end soon after a stop was asked for.
//
// Throws Error{kInvalid} for keys that break the rules and for objects that are damaged, Error{kNotFound},
// ColdObjectError, Error{kIo} (a full disk, say) and Error{kNetwork}; nothing is half-written then.
class ObjectStore {
 public:
  // What cold copies' keys begin with in stores that keep them under keys of their own. Such keys come from
  // cool() alone.
  static constexpr std::string_view kColdPrefix = "cold/";

  virtual ~ObjectStore() = default;

  // Replaces what is there.
  virtual ObjectInfo put(const std::string& key, const std::filesystem::path& file) = 0;
  virtual ObjectInfo put(const std::string& key, ByteSpan content) = 0;

  [[nodiscard]] virtual std::optional<ObjectInfo> find(const std::string& key) = 0;

  // Size and SHA-256 are checked. The file appears whole or not at all.
  virtual void fetch(const std::string& key, const std::filesystem::path& file) = 0;
  // Error{kInvalid} beyond max_bytes.
  [[nodiscard]] virtual Bytes read(const std::string& key, std::uint64_t max_bytes) = 0;

  virtual void remove(const std::string& key) = 0;  // also where there is none

  // Keys that begin with prefix and stand behind `after`, in byte order (of SeaweedFS: see the document), at
  // most limit.
  [[nodiscard]] virtual std::vector<ObjectInfo> list(const std::string& prefix, const std::string& after,
                                                     std::size_t limit) = 0;

  // Makes a cold copy, verified, and returns its key: the same key where the store has storage classes,
  // another where it has not. Then both copies are there, and the caller removes the hot one once it has
  // written down where the cold one is.
  virtual std::string cool(const std::string& key) = 0;

  // Makes `key` readable for good out of what cool() made. Works from whatever a crash left: both copies,
  // one, half restored. The caller removes cold_key, if it is another, once it has written down that key is
  // hot.
  virtual Warmth warm(const std::string& cold_key, const std::string& key) = 0;
};

enum class ColdMode {
  kPrefix,        // a copy under "cold/": works everywhere
  kStorageClass,  // another storage class in place: Amazon, and who does the same
};

struct ObjectStoreOptions {
  std::string location{};                  // a folder, or s3://BUCKET or s3://BUCKET/PREFIX
  net::S3Options s3{};                     // for s3://, which names the bucket
  ColdMode cold_mode = ColdMode::kPrefix;  // of s3://; a folder has prefixes only
  std::string cold_class = "GLACIER";
  std::string restore_tier = "Expedited";  // or "Standard", "Bulk": minutes or hours, and what they cost
  unsigned restored_days = 1;              // how long a restored copy lives until it is made permanent
};

// Throws Error{kUsage} for options that make no sense, Error{kIo} for a folder that cannot be used. An S3
// service is not asked yet.
[[nodiscard]] std::unique_ptr<ObjectStore> open_object_store(const ObjectStoreOptions& options,
                                                             std::stop_token stop = {});

}  // namespace winnow::storage
