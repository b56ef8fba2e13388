// Every operation of a store on S3 with every fault at each of its requests: it has to succeed, or fail and
// be repeatable, and what it leaves has to be whole.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <thread>

#include "stores.hpp"

namespace winnow::test {
namespace {

using storage::Warmth;

constexpr std::string_view kContent = "what must not be lost";

struct Operation {
  const char* name;
  std::function<void(storage::ObjectStore&, const std::string& key)> prepare;
  std::function<void(storage::ObjectStore&, const std::string& key)> run;  // may be repeated
  std::function<bool(storage::ObjectStore&, const std::string& key)> has_effect;
};

void put(storage::ObjectStore& store, const std::string& key) {
  (void)store.put(key, as_bytes(kContent));
}
bool holds(storage::ObjectStore& store, const std::string& key) {
  return as_text(store.read(key, 1000)) == kContent;
}
void warm(storage::ObjectStore& store, const std::string& cold_key, const std::string& key) {
  for (int i = 0; i < 20; ++i) {
    if (store.warm(cold_key, key) == Warmth::kReady) return;
  }
  throw Error(ErrorKind::kNetwork, key, "never thaws");
}

class Faults : public testing::TestWithParam<StoreKind> {
 protected:
  void SetUp() override {
    WINNOW_REQUIRE_SERVICE(GetParam());
    spoilt_.emplace(GetParam(), true);
    auto options = spoilt_->options();
    options.s3 = service().options();
    direct_ = storage::open_object_store(options);
    operations_ = operations();
    if (GetParam() == StoreKind::kMoto) {  // all others are the same code as on SeaweedFS, which is faster
      std::erase_if(operations_, [](const Operation& one) {
        return one.name != std::string_view("cool") && one.name != std::string_view("warm");
      });
    }
  }

  Service& service() { return *Service::of(GetParam()); }
  [[nodiscard]] std::string cold(const std::string& key) const {
    return GetParam() == StoreKind::kMoto ? key : "cold/" + key;
  }

  std::vector<Operation> operations() {
    const auto nothing = [](storage::ObjectStore&, const std::string&) {};
    const auto cool = [](storage::ObjectStore& store, const std::string& key) {
      put(store, key);
      const std::string cold_key = store.cool(key);
      if (cold_key != key) store.remove(key);
    };
    return {
        {"put", nothing, put, holds},
        {"replace",
         [](storage::ObjectStore& store, const std::string& key) {
           (void)store.put(key, as_bytes("before"));
         },
         put, holds},
        {"put a file", nothing,
         [this](storage::ObjectStore& store, const std::string& key) {
           (void)store.put(key, spoilt_->scratch().write("file", kContent));
         },
         holds},
        {"find", put,
         [](storage::ObjectStore& store, const std::string& key) {
           if (!store.find(key)) throw Error(ErrorKind::kNotFound, key, "is not found");
         },
         holds},
        {"read", put,
         [](storage::ObjectStore& store, const std::string& key) { EXPECT_TRUE(holds(store, key)); }, holds},
        {"fetch", put,
         [this](storage::ObjectStore& store, const std::string& key) {
           store.fetch(key, spoilt_->scratch() / "fetched");
           EXPECT_EQ(read_text(spoilt_->scratch() / "fetched"), kContent);
         },
         holds},
        {"list", put,
         [](storage::ObjectStore& store, const std::string& key) {
           EXPECT_EQ(store.list(key, "", 10).size(), 1u);
         },
         holds},
        {"remove", put, [](storage::ObjectStore& store, const std::string& key) { store.remove(key); },
         [](storage::ObjectStore& store, const std::string& key) { return !store.find(key); }},
        {"cool", put, [](storage::ObjectStore& store, const std::string& key) { (void)store.cool(key); },
         [this](storage::ObjectStore& store, const std::string& key) {
           if (!store.find(cold(key))) return false;
           warm(store, cold(key), key);
           return holds(store, key);
         }},
        {"warm", cool,
         [this](storage::ObjectStore& store, const std::string& key) { warm(store, cold(key), key); }, holds},
    };
  }

  std::optional<EmptyStore> spoilt_;
  std::unique_ptr<storage::ObjectStore> direct_;  // the same, past the proxy
  std::vector<Operation> operations_;
};

TEST_P(Faults, OneIsOvercomeWhereverItComes) {
  unsigned number = 0;
  for (const Operation& operation : operations_) {
    for (const char* fault : {"500", "503", "409", "reset_before", "reset_after", "cut"}) {
      for (unsigned at = 1;; ++at) {
        SCOPED_TRACE(fmt::format("{}: {} at request {}", operation.name, fault, at));
        const std::string key = fmt::format("one/{:04}", ++number);
        operation.prepare(*direct_, key);
        service().spoil(fault, at);
        EXPECT_NO_THROW(operation.run(**spoilt_, key));
        const bool past_the_last = service().requests() < at;
        service().spoil("none", 0);
        EXPECT_TRUE(operation.has_effect(*direct_, key));
        if (past_the_last || HasFailure()) break;
      }
    }
    ASSERT_FALSE(HasFailure());
  }
}

TEST_P(Faults, AnErrorUnderStatus200IsNoSuccess) {
  for (const Operation& operation : operations_) {
    for (unsigned at = 1; at <= 4; ++at) {
      SCOPED_TRACE(fmt::format("{}, at request {}", operation.name, at));
      const std::string key = fmt::format("ok/{} {}", operation.name, at);
      operation.prepare(*direct_, key);
      service().spoil("error_in_200", at);
      try {
        operation.run(**spoilt_, key);
      } catch (const Error&) {  // of a HEAD, it says that an object has no hash
        service().spoil("none", 0);
        operation.run(**spoilt_, key);
      }
      service().spoil("none", 0);
      EXPECT_TRUE(operation.has_effect(*direct_, key));
    }
  }
}

TEST_P(Faults, OnesThatStayLeaveTheObjectWholeAndTheOperationRepeatable) {
  for (const Operation& operation : operations_) {
    for (const char* fault : {"500", "reset_before", "reset_after", "cut"}) {
      SCOPED_TRACE(fmt::format("{}: {}", operation.name, fault));
      const std::string key = fmt::format("stay/{}/{}", operation.name, fault);
      operation.prepare(*direct_, key);
      service().spoil(fault, 1, 1'000'000);
      try {
        operation.run(**spoilt_, key);
        ADD_FAILURE() << "succeeds without a single answer";
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kNetwork) << error.what();
      }
      service().spoil("none", 0);
      operation.run(**spoilt_, key);
      EXPECT_TRUE(operation.has_effect(*direct_, key));
    }
  }
}

TEST_P(Faults, AServerThatHangsIsLeft) {
  for (const Operation& operation : operations_) {
    const std::string name = operation.name;
    if (name != "put" && name != "read" && name != "cool") continue;  // each takes seconds
    const std::string key = "hang/" + name;
    operation.prepare(*direct_, key);
    service().spoil("hang", 1);
    EXPECT_NO_THROW(operation.run(**spoilt_, key)) << name;
    EXPECT_GT(service().requests(), 1u);
    service().spoil("none", 0);
    EXPECT_TRUE(operation.has_effect(*direct_, key)) << name;
  }
}

TEST_P(Faults, AWaitEndsWhenItIsStopped) {
  std::stop_source stop;
  const auto store = storage::open_object_store(spoilt_->options(), stop.get_token());
  service().spoil("hang", 1, 1'000'000);
  const std::jthread stopper([&] {
    while (service().requests() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    stop.request_stop();
  });
  try {
    put(*store, "stopped");
    ADD_FAILURE() << "is not stopped";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCancelled) << error.what();
  }
  service().spoil("none", 0);
}

INSTANTIATE_TEST_SUITE_P(SeaweedFs, Faults, testing::Values(StoreKind::kSeaweedFs));
INSTANTIATE_TEST_SUITE_P(Moto, Faults, testing::Values(StoreKind::kMoto));

}  // namespace
}  // namespace winnow::test
