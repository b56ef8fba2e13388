#include "s3_store.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "object_key.hpp"

namespace winnow::storage {
namespace {

constexpr std::string_view kHotClass = "STANDARD";
// What one copy request can take, and so what can be archived.
constexpr std::uint64_t kMaxBytes = 5ull << 30;

class S3Store final : public ObjectStore {
  // Translates what the service refuses.
  template <class Read>
  auto reading(const std::string& key, const Read& get) {
    try {
      return get();
    } catch (const net::S3Error& error) {
      if (net::is_not_readable_now(error)) throw ColdObjectError(place(key));
      if (error.kind() == ErrorKind::kNotFound && error.code() != "NoSuchBucket") throw missing(key);
      throw;
    }
  }

 public:
  S3Store(const ObjectStoreOptions& options, std::string prefix, std::stop_token stop)
      : options_(options), prefix_(std::move(prefix)), client_(checking(options.s3), std::move(stop)) {}

  ObjectInfo put(const std::string& key, const std::filesystem::path& file) override {
    require_hot_key(key);
    std::error_code error;
    if (const auto bytes = std::filesystem::file_size(file, error); !error && bytes > kMaxBytes) {
      throw Error(ErrorKind::kInvalid, file.string(),
                  "is larger than the 5 GiB that an S3 service can archive");
    }
    return info(client_.put_file(at(key), file));
  }

  ObjectInfo put(const std::string& key, ByteSpan content) override {
    require_hot_key(key);
    return info(client_.put(at(key), content));
  }

  std::optional<ObjectInfo> find(const std::string& key) override {
    const std::optional<net::S3Object> found = look(key);
    if (!found) return std::nullopt;
    return info(*found);
  }

  void fetch(const std::string& key, const std::filesystem::path& file) override {
    require_key(key);
    require_readable(key);
    reading(key, [&] { return client_.get_file(at(key), file); });
  }

  Bytes read(const std::string& key, std::uint64_t max_bytes) override {
    require_key(key);
    return reading(key, [&] { return client_.get(at(key), max_bytes).bytes; });
  }

  void remove(const std::string& key) override {
    require_key(key);
    client_.remove(at(key));
  }

  std::vector<ObjectInfo> list(const std::string& prefix, const std::string& after,
                               std::size_t limit) override {
    std::vector<ObjectInfo> found;
    for (const net::S3Object& object : client_.list(at(prefix), after.empty() ? "" : at(after), limit)) {
      found.push_back(info(object));
    }
    return found;
  }

  std::string cool(const std::string& key) override {
    require_hot_key(key);
    return options_.cold_mode == ColdMode::kPrefix ? copy_to_prefix(key) : change_class(key);
  }

  Warmth warm(const std::string& cold_key, const std::string& key) override {
    require_key(cold_key);
    require_hot_key(key);
    if (cold_key == key) return thaw(key);
    const std::optional<net::S3Object> cold = look(cold_key);
    const std::optional<net::S3Object> hot = look(key);
    if (hot && (!cold || same(*hot, *cold))) return Warmth::kReady;
    if (!cold) throw missing(key);
    copy(cold_key, key, "");
    return Warmth::kReady;
  }

 private:
  // Without a hash, an object cannot be told from an error that a service answers in its place.
  static net::S3Options checking(net::S3Options options) {
    options.require_sha256 = true;
    return options;
  }
  [[nodiscard]] std::string at(const std::string& key) const { return prefix_ + key; }
  [[nodiscard]] std::string place(const std::string& key) const {
    return fmt::format("s3://{}/{}", options_.s3.bucket, at(key));
  }
  [[nodiscard]] Error missing(const std::string& key) const {
    return {ErrorKind::kNotFound, place(key), "is not there"};
  }
  [[nodiscard]] ObjectInfo info(const net::S3Object& object) const {
    return {object.key.substr(std::min(prefix_.size(), object.key.size())), object.bytes, object.sha256,
            object.modified};
  }

  std::optional<net::S3Object> look(const std::string& key) {
    require_key(key);
    return client_.head(at(key));
  }
  net::S3Object require(const std::string& key) {
    std::optional<net::S3Object> found = look(key);
    if (!found) throw missing(key);
    require_hash(*found);
    return std::move(*found);
  }
  // A file's content is checked while it comes, so what cannot be checked has to be known before.
  void require_readable(const std::string& key) {
    const net::S3Object object = require(key);
    if (object.state == net::S3State::kCold || object.state == net::S3State::kThawing)
      throw ColdObjectError(place(key));
  }
  void require_hash(const net::S3Object& object) const {
    if (object.sha256.size() == 64) return;
    throw Error(ErrorKind::kInvalid, fmt::format("s3://{}/{}", options_.s3.bucket, object.key),
                "has no x-amz-meta-sha256: was put there by another program");
  }
  [[nodiscard]] static bool same(const net::S3Object& a, const net::S3Object& b) {
    return a.bytes == b.bytes && a.sha256 == b.sha256 && !a.sha256.empty();
  }

  // The service copies by itself; what it made is compared by size and hash.
  net::S3Object copy(const std::string& from, const std::string& to, const std::string& storage_class) {
    return reading(from, [&] { return client_.copy(at(from), at(to), storage_class); });
  }

  std::string copy_to_prefix(const std::string& key) {
    const std::string cold_key = cold_key_of(key);
    const std::optional<net::S3Object> cold = look(cold_key);
    const std::optional<net::S3Object> hot = look(key);
    if (cold && (!hot || same(*hot, *cold))) return cold_key;
    if (!hot) throw missing(key);
    require_hash(*hot);
    copy(key, cold_key, "");
    return cold_key;
  }

  std::string change_class(const std::string& key) {
    if (require(key).storage_class == options_.cold_class) return key;
    const net::S3Object cold = copy(key, key, options_.cold_class);
    if (cold.storage_class != options_.cold_class) {
      throw Error(ErrorKind::kUnsupported, place(key),
                  "stays in class " + cold.storage_class + ": the service has no class " +
                      options_.cold_class + "; archive under a prefix");
    }
    return key;
  }

  Warmth thaw(const std::string& key) {
    net::S3Object object = require(key);
    if (object.storage_class == kHotClass) return Warmth::kReady;
    if (object.state == net::S3State::kCold) {
      client_.restore(at(key), options_.restored_days, options_.restore_tier);
      object = require(key);
    }
    if (object.state == net::S3State::kCold || object.state == net::S3State::kThawing)
      return Warmth::kThawing;
    try {
      copy(key, key, std::string(kHotClass));
    } catch (const ColdObjectError&) {
      return Warmth::kThawing;  // the restored copy expired between the two requests
    }
    return Warmth::kReady;
  }

  const ObjectStoreOptions options_;
  const std::string prefix_;
  net::S3Client client_;
};

}  // namespace

std::unique_ptr<ObjectStore> open_s3_store(const ObjectStoreOptions& options, std::string prefix,
                                           std::stop_token stop) {
  const std::string_view tier = options.restore_tier;
  if (tier != "Expedited" && tier != "Standard" && tier != "Bulk") {
    throw Error(
        ErrorKind::kUsage, "storage",
        "restores by the tiers Expedited, Standard and Bulk, not by \"" + options.restore_tier + "\"");
  }
  if (options.restored_days == 0)
    throw Error(ErrorKind::kUsage, "storage", "a restored copy lives for 1 day or more");
  if (options.cold_class.empty() || options.cold_class == kHotClass) {
    throw Error(ErrorKind::kUsage, "storage", "a cold storage class is another than STANDARD");
  }
  return std::make_unique<S3Store>(options, std::move(prefix), std::move(stop));
}

}  // namespace winnow::storage
