#include "winnow/storage/object_store.hpp"

#include <gmock/gmock.h>

#include "support/temporary_folder.hpp"

namespace winnow::storage {
namespace {

ObjectStoreOptions s3(const std::string& location) {
  ObjectStoreOptions options{.location = location};
  options.s3.endpoint = "http://127.0.0.1:1";
  options.s3.access_key = "access";
  options.s3.secret_key = "very-secret";
  return options;
}

TEST(OpenObjectStore, OpensFoldersAndBuckets) {
  const test::TemporaryFolder folder;
  EXPECT_NE(open_object_store({.location = (folder / "new/store").string()}), nullptr);
  EXPECT_TRUE(std::filesystem::is_directory(folder / "new/store"));
  for (const char* location : {"s3://bucket", "s3://bucket/", "s3://bucket/prefix", "s3://bucket/pre/fix/"}) {
    EXPECT_NE(open_object_store(s3(location)), nullptr) << location;
  }
}

TEST(OpenObjectStore, RefusesWhatMakesNoSense) {
  std::vector<ObjectStoreOptions> wrong;
  for (const char* location :
       {"", "s3://", "s3:///prefix", "s3://Bucket", "s3://buck et", "s3://bucket//a", "s3://bucket/../a"}) {
    wrong.push_back(s3(location));
  }
  const auto add = [&](const auto& change) { change(wrong.emplace_back(s3("s3://bucket"))); };
  add([](auto& o) { o.s3.endpoint = ""; });
  add([](auto& o) { o.s3.endpoint = "ftp://host"; });
  add([](auto& o) { o.s3.endpoint = "http://host/path"; });
  add([](auto& o) { o.s3.access_key = ""; });
  add([](auto& o) { o.s3.secret_key = ""; });
  add([](auto& o) { o.s3.secret_key = "two\nlines"; });
  add([](auto& o) { o.s3.session_token = "a\r\nX-Other: b"; });
  add([](auto& o) { o.s3.region = ""; });
  add([](auto& o) { o.s3.region = "a:b"; });
  add([](auto& o) { o.s3.part_bytes = 1; });
  add([](auto& o) { o.cold_class = "STANDARD"; });
  add([](auto& o) { o.cold_class = ""; });
  add([](auto& o) { o.restore_tier = "Fast"; });
  add([](auto& o) { o.restored_days = 0; });
  for (const ObjectStoreOptions& options : wrong) {
    try {
      (void)open_object_store(options);
      ADD_FAILURE() << options.location << " " << options.s3.endpoint;
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), testing::Not(testing::HasSubstr("very-secret")));
    }
  }
}

}  // namespace
}  // namespace winnow::storage
