#pragma once

#include <fstream>
#include <map>
#include <mutex>
#include <set>

#include "winnow/core/file.hpp"
#include "winnow/core/hash.hpp"
#include "winnow/storage/object_store.hpp"

namespace winnow::jobs {

// An object store in memory that can have storage classes or not, and thaws at once or in two steps.
class MemoryStore : public storage::ObjectStore {
 public:
  explicit MemoryStore(bool classes = false) : classes_(classes) {}

  storage::ObjectInfo put(const std::string& key, const std::filesystem::path& file) override {
    return put(key, ByteSpan(read_file(file)));
  }
  storage::ObjectInfo put(const std::string& key, ByteSpan content) override {
    const std::lock_guard lock(mutex_);
    objects_[key] = {Bytes(content.begin(), content.end()), false, std::chrono::system_clock::now()};
    return info(key);
  }
  std::optional<storage::ObjectInfo> find(const std::string& key) override {
    const std::lock_guard lock(mutex_);
    if (!objects_.contains(key)) return std::nullopt;
    return info(key);
  }
  void fetch(const std::string& key, const std::filesystem::path& file) override {
    const Bytes content = read(key, ~std::uint64_t{0});
    std::ofstream(file, std::ios::binary) << as_text(content);
  }
  Bytes read(const std::string& key, std::uint64_t) override {
    const std::lock_guard lock(mutex_);
    const Object& object = at(key);
    if (object.cold) throw storage::ColdObjectError(key);
    return object.content;
  }
  void remove(const std::string& key) override {
    const std::lock_guard lock(mutex_);
    objects_.erase(key);
  }
  std::vector<storage::ObjectInfo> list(const std::string& prefix, const std::string& after,
                                        std::size_t limit) override {
    const std::lock_guard lock(mutex_);
    std::vector<storage::ObjectInfo> found;
    for (const auto& [key, object] : objects_) {
      if (key.starts_with(prefix) && key > after && found.size() < limit) found.push_back(info(key));
    }
    return found;
  }
  std::string cool(const std::string& key) override {
    const std::lock_guard lock(mutex_);
    if (classes_) {
      at(key).cold = true;
      return key;
    }
    const Object object = at(key);
    return objects_.insert_or_assign("cold/" + key, object).first->first;
  }
  storage::Warmth warm(const std::string& cold_key, const std::string& key) override {
    const std::lock_guard lock(mutex_);
    if (!objects_.contains(cold_key) && objects_.contains(key)) return storage::Warmth::kReady;
    Object object = at(cold_key);
    if (slow_ && thawing_.insert(cold_key).second) return storage::Warmth::kThawing;
    object.cold = false;
    objects_.insert_or_assign(key, object);
    return storage::Warmth::kReady;
  }

  // Thaws answer kThawing once.
  void thaw_slowly() { slow_ = true; }
  void age(std::chrono::hours time) {
    const std::lock_guard lock(mutex_);
    for (auto& [key, object] : objects_) object.modified -= time;
  }
  [[nodiscard]] std::vector<std::string> keys() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> all;
    for (const auto& [key, object] : objects_) all.push_back(key);
    return all;
  }

 private:
  struct Object {
    Bytes content;
    bool cold = false;
    std::chrono::system_clock::time_point modified;
  };
  Object& at(const std::string& key) {
    const auto found = objects_.find(key);
    if (found == objects_.end()) throw Error(ErrorKind::kNotFound, key, "is not there");
    return found->second;
  }
  storage::ObjectInfo info(const std::string& key) {
    const Object& object = at(key);
    return {key, object.content.size(), sha256_hex(object.content), object.modified};
  }

  const bool classes_;
  bool slow_ = false;
  mutable std::mutex mutex_;
  std::map<std::string, Object> objects_;
  std::set<std::string> thawing_;
};

}  // namespace winnow::jobs
