#include "winnow/serving/api_keys.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>

#include "winnow/core/atomic_file.hpp"
#include "winnow/core/base64.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/core/file_state.hpp"
#include "winnow/core/hash.hpp"
#include "winnow/core/json.hpp"
#include "winnow/core/text.hpp"

namespace winnow::serving {
namespace {

using std::chrono::floor;

constexpr std::uint64_t kMostFileBytes = 10'000'000;
constexpr std::size_t kKeyBytes = 32;
constexpr std::array<std::string_view, 2> kScopes = {"classify", "metrics"};

// Recognisable, so that scanners find keys that were published by mistake.
std::string make_key() {
  std::array<std::uint8_t, kKeyBytes> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1)
    throw Error(ErrorKind::kIo, "", "the system gives no random numbers");
  std::string text = "winnow_" + to_base64(random);
  std::erase(text, '=');
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return text;
}

bool is_hash(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

void check_scopes(const std::vector<std::string>& scopes, ErrorKind kind, const std::string& where) {
  for (const std::string& scope : scopes) {
    if (std::ranges::find(kScopes, scope) == kScopes.end()) {
      throw Error(kind, where, printable(scope) + " is no scope; there are classify and metrics");
    }
  }
}

void write_api_keys(const std::filesystem::path& file, const std::vector<ApiKey>& keys) {
  Json list = Json::array();
  for (const ApiKey& key : keys) {
    list.push_back({{"name", key.name},
                    {"sha256", key.sha256},
                    {"scopes", key.scopes},
                    {"quota_per_day", key.quota_per_day},
                    {"created", key.created}});
  }
  write_file_atomically(file, Json{{"keys", std::move(list)}}.dump(2) + "\n");
}

}  // namespace

bool ApiKey::has_scope(std::string_view scope) const {
  return std::ranges::find(scopes, scope) != scopes.end();
}

std::vector<ApiKey> read_api_keys(const std::filesystem::path& file) {
  const Bytes content = read_file(file, kMostFileBytes);
  std::vector<ApiKey> keys;
  try {
    const Json json = Json::parse(as_text(content));
    for (const Json& entry : json.at("keys")) {
      ApiKey& key = keys.emplace_back();
      entry.at("name").get_to(key.name);
      entry.at("sha256").get_to(key.sha256);
      entry.at("scopes").get_to(key.scopes);
      key.quota_per_day = entry.value("quota_per_day", key.quota_per_day);
      key.created = entry.value("created", key.created);
      if (!is_hash(key.sha256)) throw Error(ErrorKind::kInvalid, file.string(), "a sha256 is no hash");
      check_scopes(key.scopes, ErrorKind::kInvalid, file.string());
    }
  } catch (const Json::exception&) {
    throw Error(ErrorKind::kInvalid, file.string(), "is no file of keys; make one with --add-key");
  }
  return keys;
}

std::string add_api_key(const std::filesystem::path& file, const std::string& name,
                        const std::vector<std::string>& scopes, std::uint64_t quota_per_day) {
  if (name.empty() || printable(name) != name)
    throw Error(ErrorKind::kUsage, "--add-key", "needs a name for the key");
  check_scopes(scopes, ErrorKind::kUsage, "--scope");
  std::vector<ApiKey> keys;
  if (std::filesystem::exists(file)) keys = read_api_keys(file);
  if (std::ranges::any_of(keys, [&](const ApiKey& key) { return key.name == name; })) {
    throw Error(ErrorKind::kUsage, "--add-key", "there is a key " + name + " already; revoke it first");
  }
  std::string key = make_key();
  keys.push_back({name, sha256_hex(as_bytes(key)), scopes, quota_per_day,
                  format_time(std::chrono::system_clock::now())});
  write_api_keys(file, keys);
  return key;
}

void revoke_api_key(const std::filesystem::path& file, const std::string& name) {
  std::vector<ApiKey> keys = read_api_keys(file);
  if (std::erase_if(keys, [&](const ApiKey& key) { return key.name == name; }) == 0) {
    throw Error(ErrorKind::kUsage, "--revoke-key", "there is no key " + printable(name));
  }
  write_api_keys(file, keys);
}

KeyRing::KeyRing(std::filesystem::path file, Logger& log) : file_(std::move(file)), log_(log) {
  state_ = file_state(file_);  // before it is read: what changes meanwhile is read again
  keys_ = read_api_keys(file_);
}

void KeyRing::refresh() {
  std::string state = file_state(file_);
  {
    const std::lock_guard lock(mutex_);
    if (state == state_) return;
    state_ = std::move(state);
  }
  try {
    std::vector<ApiKey> keys = read_api_keys(file_);
    log_.info("{} in use from {}", format_count(keys.size(), "key"), file_.string());
    const std::lock_guard lock(mutex_);
    keys_ = std::move(keys);
  } catch (const Error& failure) {
    log_.warn("{}; the keys from before stay in use", failure.what());
  }
}

std::optional<ApiKey> KeyRing::find(std::string_view presented) const {
  const std::string hash = sha256_hex(as_bytes(presented));
  const std::lock_guard lock(mutex_);
  const ApiKey* found = nullptr;
  for (const ApiKey& key : keys_) {
    if (CRYPTO_memcmp(key.sha256.data(), hash.data(), hash.size()) == 0) found = &key;
  }
  return found == nullptr ? std::nullopt : std::optional(*found);
}

std::optional<std::chrono::seconds> KeyRing::charge(const ApiKey& key,
                                                    std::chrono::system_clock::time_point now) {
  if (key.quota_per_day == 0) return std::nullopt;
  const std::lock_guard lock(mutex_);
  const auto today = floor<std::chrono::days>(now);
  if (today != day_) used_.clear();
  day_ = today;
  std::uint64_t& used = used_[key.sha256];
  if (used < key.quota_per_day) {
    ++used;
    return std::nullopt;
  }
  return std::chrono::ceil<std::chrono::seconds>(today + std::chrono::days(1) - now);
}

}  // namespace winnow::serving
