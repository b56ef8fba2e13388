#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "support/peer.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/storage/object_store.hpp"

namespace winnow::test {

enum class StoreKind { kLocal, kSeaweedFs, kMoto };

// A service that was started for this process, with a fault proxy before it. It ends with the process.
class Service {
 public:
  // None where its package is not there; the test is to be skipped then.
  static Service* of(StoreKind kind);

  [[nodiscard]] std::uint16_t port() const { return port_; }
  // With keys that the service takes; through the proxy or past it.
  [[nodiscard]] net::S3Options options(bool through_proxy = false) const;

  // Spoils `count` requests from the at-th on that come through the proxy from now on.
  void spoil(const std::string& kind, unsigned at, unsigned count = 1) const;
  [[nodiscard]] unsigned requests() const;  // since the last spoil()

 private:
  Service(std::uint16_t port, std::unique_ptr<TemporaryFolder> folder, Peer server, Peer proxy);
  static std::unique_ptr<Service> start(StoreKind kind);
  static std::unique_ptr<Service> start_moto();
  static std::unique_ptr<Service> start_seaweed();

  std::uint16_t port_;
  std::unique_ptr<TemporaryFolder> folder_;
  Peer server_;
  mutable Peer proxy_;
};

inline constexpr const char* kBucket = "bucket";

// How tests end that need what is not there.
#define WINNOW_REQUIRE_SERVICE(kind)                               \
  if ((kind) != StoreKind::kLocal && Service::of(kind) == nullptr) \
  GTEST_SKIP() << "its server is not in .deps/peers; run scripts/setup.sh"

// A store with nothing in it, as every test gets one.
class EmptyStore {
 public:
  explicit EmptyStore(StoreKind kind, bool through_proxy = false);

  storage::ObjectStore& operator*() { return *store_; }
  storage::ObjectStore* operator->() { return store_.get(); }
  [[nodiscard]] const TemporaryFolder& scratch() const { return scratch_; }
  [[nodiscard]] const storage::ObjectStoreOptions& options() const { return options_; }

 private:
  TemporaryFolder scratch_;
  storage::ObjectStoreOptions options_;
  std::unique_ptr<storage::ObjectStore> store_;
};

}  // namespace winnow::test
