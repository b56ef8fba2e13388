// What every store promises, asked of each.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <thread>

#include "stores.hpp"
#include "winnow/core/hash.hpp"

namespace winnow::test {
namespace {

using storage::ColdObjectError;
using storage::Warmth;
using testing::ElementsAre;

class Contract : public testing::TestWithParam<StoreKind> {
 protected:
  void SetUp() override {
    WINNOW_REQUIRE_SERVICE(GetParam());
    store_.emplace(GetParam());
  }

  storage::ObjectStore& store() { return **store_; }
  std::string read(const std::string& key) { return std::string(as_text(store().read(key, 10'000'000))); }
  void put(const std::string& key, std::string_view content) { (void)store().put(key, as_bytes(content)); }
  // What kind of error a call ends with; none: it ended well.
  static std::optional<ErrorKind> failure_of(const std::function<void()>& call) {
    try {
      call();
      return std::nullopt;
    } catch (const Error& error) {
      return error.kind();
    }
  }
  void warm_through(const std::string& cold_key, const std::string& key) {
    for (int i = 0; i < 20; ++i) {
      if (store().warm(cold_key, key) == Warmth::kReady) return;
    }
    ADD_FAILURE() << key << " never thaws";
  }
  std::vector<std::string> list(const std::string& prefix, const std::string& after = "",
                                std::size_t limit = 100) {
    std::vector<std::string> keys;
    for (const auto& object : store().list(prefix, after, limit)) keys.push_back(object.key);
    return keys;
  }

  std::optional<EmptyStore> store_;
};

TEST_P(Contract, GivesBackWhatWasPut) {
  for (const std::size_t size : {0u, 1u, 100'000u, 3'000'000u}) {
    std::string content(size, 'x');
    for (std::size_t i = 0; i < size; i += 7) content[i] = static_cast<char>(i * 31);
    const std::string key = fmt::format("size/{}", size);
    const storage::ObjectInfo info = store().put(key, as_bytes(content));
    EXPECT_EQ(info.key, key);
    EXPECT_EQ(info.bytes, size);
    EXPECT_EQ(info.sha256, sha256_hex(as_bytes(content)));
    EXPECT_TRUE(read(key) == content);
    const auto found = store().find(key);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->key, key);
    EXPECT_EQ(found->bytes, size);
    EXPECT_EQ(found->sha256, info.sha256);
    EXPECT_LT(std::chrono::abs(std::chrono::system_clock::now() - found->modified), std::chrono::minutes(5));
    store().fetch(key, store_->scratch() / "fetched");
    EXPECT_TRUE(read_text(store_->scratch() / "fetched") == content);
  }
}

TEST_P(Contract, TakesFiles) {
  const std::string content(2'500'000, 'f');
  const auto info = store().put("from/file.bin", store_->scratch().write("file.bin", content));
  EXPECT_EQ(info.bytes, content.size());
  EXPECT_EQ(info.sha256, sha256_hex(as_bytes(content)));
  EXPECT_TRUE(read("from/file.bin") == content);
  EXPECT_EQ(failure_of([&] { store().put("from/none", store_->scratch() / "none"); }), ErrorKind::kNotFound);
  EXPECT_EQ(failure_of([&] { store().put("from/folder", store_->scratch().path()); }), ErrorKind::kIo);
  EXPECT_FALSE(store().find("from/none"));
  EXPECT_FALSE(store().find("from/folder"));
}

TEST_P(Contract, TakesAllKeysOfTheRules) {
  for (const std::string key :
       {"plain", "with space/a b", "plus+equals=and&co", "a:b@c,d;e!f$g'h(i)*j", "percent%2Fsigns%",
        "umlaut/\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "dots.in.it/x..y", "q?mark#hash", "<xml>&\"amp;"}) {
    put(key, key);
    EXPECT_EQ(read(key), key);
    EXPECT_THAT(list(key), ElementsAre(key));
    store().remove(key);
    EXPECT_FALSE(store().find(key)) << key;
  }
}

TEST_P(Contract, RefusesOtherKeys) {
  for (const std::string key : {"", "/a", "a/", "a//b", "../a", "a/../b", ".a", "a\nb"}) {
    EXPECT_EQ(failure_of([&] { put(key, "x"); }), ErrorKind::kInvalid) << key;
    EXPECT_EQ(failure_of([&] { (void)store().find(key); }), ErrorKind::kInvalid) << key;
    EXPECT_EQ(failure_of([&] { (void)read(key); }), ErrorKind::kInvalid) << key;
    EXPECT_EQ(failure_of([&] { store().fetch(key, store_->scratch() / "f"); }), ErrorKind::kInvalid) << key;
    EXPECT_EQ(failure_of([&] { store().remove(key); }), ErrorKind::kInvalid) << key;
    EXPECT_EQ(failure_of([&] { store().cool(key); }), ErrorKind::kInvalid) << key;
    EXPECT_EQ(failure_of([&] { (void)store().warm(key, key); }), ErrorKind::kInvalid) << key;
  }
  EXPECT_EQ(failure_of([&] { put("cold/a", "x"); }), ErrorKind::kInvalid);
}

TEST_P(Contract, ReplacesWhatIsThere) {
  put("a/b", "first");
  put("a/b", "second");
  put("a/b", "second");
  EXPECT_EQ(read("a/b"), "second");
  EXPECT_THAT(list(""), ElementsAre("a/b"));
}

TEST_P(Contract, SaysWhatIsNotThere) {
  EXPECT_FALSE(store().find("no/thing"));
  EXPECT_EQ(failure_of([&] { (void)read("no/thing"); }), ErrorKind::kNotFound);
  EXPECT_EQ(failure_of([&] { store().fetch("no/thing", store_->scratch() / "f"); }), ErrorKind::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(store_->scratch() / "f"));
  EXPECT_EQ(failure_of([&] { store().cool("no/thing"); }), ErrorKind::kNotFound);
  EXPECT_EQ(failure_of([&] { (void)store().warm("cold/no/thing", "no/thing"); }), ErrorKind::kNotFound);
  EXPECT_EQ(failure_of([&] { (void)store().warm("no/thing", "no/thing"); }), ErrorKind::kNotFound);
  EXPECT_NO_THROW(store().remove("no/thing"));
}

TEST_P(Contract, ReadsNoMoreThanItMay) {
  put("a", "12345");
  EXPECT_EQ(as_text(store().read("a", 5)), "12345");
  EXPECT_EQ(failure_of([&] { (void)store().read("a", 4); }), ErrorKind::kInvalid);
}

TEST_P(Contract, ListsInOrderAndInPages) {
  for (const char* key : {"j/2/b", "j/10/a", "j/2/a", "other", "j/1/c"}) put(key, "x");
  EXPECT_THAT(list(""), ElementsAre("j/1/c", "j/10/a", "j/2/a", "j/2/b", "other"));
  EXPECT_THAT(list("j/"), ElementsAre("j/1/c", "j/10/a", "j/2/a", "j/2/b"));
  EXPECT_THAT(list("j/1"), ElementsAre("j/1/c", "j/10/a"));
  EXPECT_THAT(list("j/2/"), ElementsAre("j/2/a", "j/2/b"));
  EXPECT_THAT(list("", "j/2/a"), ElementsAre("j/2/b", "other"));
  EXPECT_THAT(list("j/", "j/10/a", 1), ElementsAre("j/2/a"));
  EXPECT_THAT(list("none"), ElementsAre());
  EXPECT_THAT(list("", "", 0), ElementsAre());
  EXPECT_EQ(store().list("other", "", 1).at(0).bytes, 1u);

  std::vector<std::string> paged;
  for (std::string after;;) {
    const auto page = list("", after, 2);
    if (page.empty()) break;
    paged.insert(paged.end(), page.begin(), page.end());
    after = page.back();
  }
  EXPECT_EQ(paged, list(""));
}

TEST_P(Contract, CoolsAndWarms) {
  put("job/7", "the result");
  const std::string cold_key = store().cool("job/7");
  EXPECT_EQ(store().cool("job/7"), cold_key);
  ASSERT_TRUE(store().find(cold_key));
  EXPECT_EQ(store().find(cold_key)->sha256, sha256_hex(as_bytes("the result")));
  if (cold_key == "job/7") {
    EXPECT_THROW((void)read("job/7"), ColdObjectError);
    EXPECT_THROW(store().fetch("job/7", store_->scratch() / "f"), ColdObjectError);
  } else {
    EXPECT_EQ(read("job/7"), "the result") << "the hot copy stays until its owner removes it";
    store().remove("job/7");
    EXPECT_EQ(store().cool("job/7"), cold_key);
    EXPECT_EQ(read(cold_key), "the result");
  }
  warm_through(cold_key, "job/7");
  EXPECT_EQ(read("job/7"), "the result");
  warm_through(cold_key, "job/7");
  if (cold_key != "job/7") store().remove(cold_key);
  EXPECT_EQ(store().warm(cold_key, "job/7"), Warmth::kReady);
  EXPECT_EQ(read("job/7"), "the result");
  EXPECT_EQ(store().cool("job/7"), cold_key) << "once more";
}

TEST_P(Contract, WarmsWhatWasNeverCooled) {
  put("job/8", "hot");
  const std::string key = GetParam() == StoreKind::kMoto ? "job/8" : "cold/job/8";
  EXPECT_EQ(store().warm(key, "job/8"), Warmth::kReady);
  EXPECT_EQ(read("job/8"), "hot");
}

TEST_P(Contract, MayBeUsedByManyThreads) {
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([this, t] {
        for (int i = 0; i < 5; ++i) {
          const std::string key = fmt::format("thread/{}/{}", t, i);
          put(key, key);
          const std::string cold_key = store().cool(key);
          if (cold_key != key) store().remove(key);
          warm_through(cold_key, key);
          EXPECT_EQ(read(key), key);
          store().remove(cold_key);
          store().remove(key);
        }
      });
    }
  }
  EXPECT_THAT(list(""), ElementsAre());
}

TEST_P(Contract, EndsWhenItIsStopped) {
  std::stop_source stop;
  stop.request_stop();
  const auto stopped = storage::open_object_store(store_->options(), stop.get_token());
  EXPECT_EQ(failure_of([&] { stopped->put("a", as_bytes("x")); }), ErrorKind::kCancelled);
  EXPECT_EQ(failure_of([&] { (void)stopped->find("a"); }), ErrorKind::kCancelled);
  EXPECT_FALSE(store().find("a"));
}

INSTANTIATE_TEST_SUITE_P(Local, Contract, testing::Values(StoreKind::kLocal));
INSTANTIATE_TEST_SUITE_P(SeaweedFs, Contract, testing::Values(StoreKind::kSeaweedFs));
INSTANTIATE_TEST_SUITE_P(Moto, Contract, testing::Values(StoreKind::kMoto));

}  // namespace
}  // namespace winnow::test
