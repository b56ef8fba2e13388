// Keys that programs show. A file keeps their SHA-256 only: a key has 256 random bits, so nobody finds it by
// guessing, and a slow hash, which is made for passwords, would only let strangers keep the server busy.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "winnow/core/log.hpp"

namespace winnow::serving {

struct ApiKey {
  std::string name;                 // for people; in logs
  std::string sha256;               // of the key, 64 hexadecimal digits
  std::vector<std::string> scopes;  // "classify", "metrics"
  std::uint64_t quota_per_day = 0;  // requests from midnight to midnight UTC; 0: any number
  std::string created;              // RFC 3339

  [[nodiscard]] bool has_scope(std::string_view scope) const;
};

// Throws Error{kNotFound | kIo | kInvalid}.
[[nodiscard]] std::vector<ApiKey> read_api_keys(const std::filesystem::path& file);

// Makes a key, adds it to the file, which need not exist, and returns it: it is nowhere else. Throws
// Error{kUsage} for a name that is taken or empty and an unknown scope, and what read_api_keys() throws.
[[nodiscard]] std::string add_api_key(const std::filesystem::path& file, const std::string& name,
                                      const std::vector<std::string>& scopes, std::uint64_t quota_per_day);
// Throws Error{kUsage} if there is none of that name.
void revoke_api_key(const std::filesystem::path& file, const std::string& name);

// The keys of a file while it is served, and how much of their quotas is used. Thread-safe.
class KeyRing {
 public:
  // Throws what read_api_keys() throws.
  KeyRing(std::filesystem::path file, Logger& log);

  // Reads the file again if it has changed. What is no good is logged, and the keys from before stay.
  void refresh();

  // Takes the same time whichever key it is, and whether there is one.
  [[nodiscard]] std::optional<ApiKey> find(std::string_view presented) const;

  // Counts a request. Returns nothing, or how long there is no more for the key: until midnight UTC.
  [[nodiscard]] std::optional<std::chrono::seconds> charge(
      const ApiKey& key, std::chrono::system_clock::time_point now = std::chrono::system_clock::now());

 private:
  const std::filesystem::path file_;
  Logger& log_;
  mutable std::mutex mutex_;
  std::string state_;  // of the file, as it was read last
  std::vector<ApiKey> keys_;
  std::chrono::sys_days day_{};
  std::map<std::string, std::uint64_t> used_;  // today, by the key's hash
};

}  // namespace winnow::serving
