#include "local_store.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <fstream>
#include <iostream>
#include <thread>

#include "support/process.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/hash.hpp"

namespace winnow::storage {
namespace {

namespace fs = std::filesystem;
using test::list_files;
using test::read_text;
using testing::ElementsAre;

class LocalStore : public testing::Test {
 protected:
  ObjectStore& store() { return *store_; }
  std::string read(const std::string& key) { return std::string(as_text(store().read(key, 10'000'000))); }
  void put(const std::string& key, std::string_view content) { (void)store().put(key, as_bytes(content)); }
  [[nodiscard]] fs::path at(const std::string& name) const { return folder_ / "store" / name; }
  void overwrite(const std::string& key, const std::string& content) const {
    std::ofstream(at(key), std::ios::binary | std::ios::trunc) << content;
  }
  void expect_damaged(const std::string& key) {
    for (const auto& call : std::vector<std::function<void()>>{
             [&] { (void)read(key); },
             [&] { store().fetch(key, folder_ / "fetched"); },
             [&] { store().cool(key); },
         }) {
      try {
        call();
        ADD_FAILURE() << "damage is not found";
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kInvalid) << error.what();
        EXPECT_THAT(error.what(), testing::HasSubstr("damaged"));
      }
    }
    ASSERT_FALSE(fs::exists(folder_ / "fetched"));
    ASSERT_FALSE(fs::exists(at("cold/" + key)));
  }

  test::TemporaryFolder folder_;
  std::unique_ptr<ObjectStore> store_ = open_local_store(folder_ / "store", {});
};

TEST_F(LocalStore, KeepsTheContentFirstAndItsHashBehind) {
  put("a/b.txt", "content");
  EXPECT_EQ(read_text(at("a/b.txt")),
            "content"
            "winnow-object 1 " +
                sha256_hex(as_bytes("content")) + " 00000000000000000007\n");
}

TEST_F(LocalStore, FindsDamage) {
  put("a", "the content of an object");
  const std::string whole = read_text(at("a"));
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    overwrite("a", damaged);
    expect_damaged("a");
  }
  for (std::size_t size = 0; size < whole.size(); size += 5) {
    overwrite("a", whole.substr(0, size));
    expect_damaged("a");
  }
  overwrite("a", whole + "more");
  expect_damaged("a");
  put("a", "good");
  EXPECT_EQ(read("a"), "good") << "it can be replaced";
}

TEST_F(LocalStore, WarmsFromTheColdCopyWhereTheHotOneIsDamaged) {
  put("a", "content");
  const std::string cold_key = store().cool("a");
  fs::remove(at("a"));
  overwrite("a", "something else");
  EXPECT_EQ(store().warm(cold_key, "a"), Warmth::kReady);
  EXPECT_EQ(read("a"), "content");
}

TEST_F(LocalStore, CoolsAnewWhatIsDamagedThere) {
  put("a", "content");
  ASSERT_EQ(store().cool("a"), "cold/a");
  fs::remove(at("cold/a"));
  overwrite("cold/a", "something else");
  EXPECT_EQ(store().cool("a"), "cold/a");
  EXPECT_EQ(read("cold/a"), "content");
}

TEST_F(LocalStore, CoolsByASecondName) {
  put("a/b", "content");
  ASSERT_EQ(store().cool("a/b"), "cold/a/b");
  struct stat hot {
  }, cold{};
  ASSERT_EQ(::stat(at("a/b").c_str(), &hot), 0);
  ASSERT_EQ(::stat(at("cold/a/b").c_str(), &cold), 0);
  EXPECT_EQ(hot.st_ino, cold.st_ino);
  put("a/b", "other");
  EXPECT_EQ(read("cold/a/b"), "content") << "what is put later is another file";
}

TEST_F(LocalStore, CoolsToAnotherFileSystem) {
  std::string elsewhere = "/dev/shm/winnow-store-XXXXXX";
  if (::mkdtemp(elsewhere.data()) == nullptr) GTEST_SKIP() << "there is no /dev/shm to write to";
  fs::remove_all(at("cold"));
  fs::create_directory_symlink(elsewhere, at("cold"));
  struct stat here {
  }, there{};
  ASSERT_EQ(::stat(at(".tmp").c_str(), &here), 0);
  ASSERT_EQ(::stat(elsewhere.c_str(), &there), 0);
  if (here.st_dev == there.st_dev)
    GTEST_SKIP() << "/dev/shm is on the same file system as the temporary folder";
  store_ = open_local_store(folder_ / "store", {});
  put("a/b", "content");
  ASSERT_EQ(store().cool("a/b"), "cold/a/b");
  store().remove("a/b");
  EXPECT_TRUE(fs::exists(fs::path(elsewhere) / "a/b"));
  EXPECT_EQ(read("cold/a/b"), "content");
  EXPECT_EQ(store().warm("cold/a/b", "a/b"), Warmth::kReady);
  store().remove("cold/a/b");
  EXPECT_EQ(read("a/b"), "content");
  EXPECT_THAT(list_files(elsewhere), ElementsAre());
  fs::remove_all(elsewhere);
}

TEST_F(LocalStore, RemovesFoldersWithTheirLastObject) {
  put("a/b/c", "x");
  put("a/d", "x");
  store().remove("a/b/c");
  EXPECT_FALSE(fs::exists(at("a/b")));
  store().cool("a/d");
  store().remove("a/d");
  store().remove("cold/a/d");
  EXPECT_FALSE(fs::exists(at("a")));
  EXPECT_TRUE(fs::exists(at("cold")));
}

TEST_F(LocalStore, RefusesAKeyThatIsAFolderOfAnother) {
  put("a/b", "x");
  EXPECT_THROW(put("a", "y"), Error);
  EXPECT_THROW(put("a/b/c", "y"), Error);
  EXPECT_FALSE(store().find("a"));
  EXPECT_FALSE(store().find("a/b/c"));
  EXPECT_EQ(read("a/b"), "x");
}

TEST_F(LocalStore, LeavesNothingBehindOnAFullDisk) {
  put("a", "before");
  const auto finished = test::run_in_child([this] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{100'000, 100'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    for (const char* key : {"a", "b"}) {
      try {
        put(key, std::string(200'000, 'x'));
        return 1;
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::kIo) return 2;
      }
    }
    return 0;
  });
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_EQ(read("a"), "before");
  EXPECT_THAT(list_files(folder_ / "store"), ElementsAre(".lock", "a"));
}

TEST_F(LocalStore, HoldsOneOrTheOtherAfterAKill) {
  const std::string first(400'000, '1'), second(700'000, '2');
  put("a/b", first);
  for (int i = 0; i < 20; ++i) {
    test::Process writer([&] {
      std::cerr << "begins" << std::endl;
      for (;;) {
        put("a/b", first);
        put("a/b", second);
        store().cool("a/b");
        store().remove("c/d");
        put("c/d", first);
      }
      return 0;
    });
    writer.wait_for_err("begins");
    std::this_thread::sleep_for(std::chrono::milliseconds(2 * i));
    writer.signal(SIGKILL);
    writer.wait();
    const std::string now = read("a/b");
    EXPECT_TRUE(now == first || now == second);
    for (const char* key : {"cold/a/b", "c/d"}) {
      EXPECT_TRUE(!store().find(key) || !read(key).empty());
    }
  }
  EXPECT_EQ(store().cool("a/b"), "cold/a/b");
}

TEST_F(LocalStore, ClearsAwayWhatWasLeftLongAgo) {
  folder_.write("store/.tmp/.winnow-1-0.tmp", "old");
  folder_.write("store/.tmp/.winnow-2-0.tmp", "new");
  folder_.write("store/cold/.tmp/link-1-0", "old");
  const auto old = fs::file_time_type::clock::now() - std::chrono::hours(25);
  fs::last_write_time(at(".tmp/.winnow-1-0.tmp"), old);
  fs::last_write_time(at("cold/.tmp/link-1-0"), old);
  store_ = open_local_store(folder_ / "store", {});
  EXPECT_THAT(list_files(folder_ / "store"), ElementsAre(".lock", ".tmp/.winnow-2-0.tmp"));
}

TEST_F(LocalStore, OrdersKeysByTheirBytes) {
  for (const char* key : {"k/y", "k-1/x", "k.z", "k0", "\xc3\xa4"}) put(key, "x");
  std::vector<std::string> keys;
  std::string after;
  for (auto page = store().list("", after, 2); !page.empty(); page = store().list("", after, 2)) {
    for (const auto& object : page) keys.push_back(object.key);
    after = keys.back();
  }
  EXPECT_THAT(keys, ElementsAre("k-1/x", "k.z", "k/y", "k0", "\xc3\xa4"));
}

TEST_F(LocalStore, NeedsAFolderItCanWriteTo) {
  folder_.write("file", "x");
  EXPECT_THROW((void)open_local_store(folder_ / "file", {}), Error);
}

}  // namespace
}  // namespace winnow::storage
