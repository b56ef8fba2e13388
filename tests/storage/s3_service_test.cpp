// What the S3 client does beyond what stores show: signatures, uploads in parts, creating only, restoring.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "stores.hpp"
#include "support/raw_client.hpp"
#include "winnow/core/hash.hpp"

namespace winnow::test {
namespace {

using net::S3Client;
using net::S3Error;
using net::S3State;

class ServiceTest : public testing::Test {
 protected:
  void require(StoreKind kind) {
    service_ = Service::of(kind);
    if (service_ == nullptr) return;
    direct_ = std::make_unique<S3Client>(service_->options());
    auto options = service_->options(true);
    options.multipart_above = 5 << 20;
    options.part_bytes = 5 << 20;
    options.slow_answer_for = std::chrono::seconds(20);
    options.stalled_for = std::chrono::seconds(20);
    client_ = std::make_unique<S3Client>(options);
  }
  static std::string code_of(const std::function<void()>& call) {
    try {
      call();
      return "";
    } catch (const S3Error& error) {
      EXPECT_THAT(error.what(), testing::Not(testing::HasSubstr("secret+")));
      return error.code();
    }
  }
  // Two parts.
  std::filesystem::path large_file() {
    std::string content((5u << 20) + 1000, 'x');
    for (std::size_t i = 0; i < content.size(); i += 1000) content[i] = static_cast<char>(i / 1000);
    return scratch_.write("large", content);
  }
  // Uploads in parts that were begun and neither finished nor given up.
  unsigned unfinished_uploads() const {
    RawClient client(service_->port());  // moto says who it is twice
    client.send(
        fmt::format("GET /{}?uploads= HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", kBucket));
    const std::string answer = client.read_all();
    EXPECT_THAT(answer, testing::HasSubstr("ListMultipartUploadsResult"));
    unsigned count = 0;
    for (std::size_t at = 0; (at = answer.find("<Upload>", at)) != std::string::npos; ++at) ++count;
    return count;
  }

  TemporaryFolder scratch_;
  Service* service_ = nullptr;
  std::unique_ptr<S3Client> direct_;
  std::unique_ptr<S3Client> client_;  // through the proxy, with small parts
};

class SeaweedFsService : public ServiceTest {
 protected:
  void SetUp() override {
    WINNOW_REQUIRE_SERVICE(StoreKind::kSeaweedFs);
    require(StoreKind::kSeaweedFs);
  }
};
class MotoService : public ServiceTest {
 protected:
  void SetUp() override {
    WINNOW_REQUIRE_SERVICE(StoreKind::kMoto);
    require(StoreKind::kMoto);
  }
};

TEST_F(SeaweedFsService, RefusesAWrongSecret) {
  auto options = service_->options();
  options.secret_key += "x";
  S3Client wrong(options);
  EXPECT_EQ(code_of([&] { wrong.put("signed", as_bytes("x")); }), "SignatureDoesNotMatch");
  EXPECT_EQ(code_of([&] { (void)wrong.head("signed"); }), "HTTP 403");
  EXPECT_EQ(code_of([&] { (void)wrong.list("", "", 1); }), "SignatureDoesNotMatch");
  options = service_->options();
  options.access_key = "nobody";
  S3Client unknown(options);
  EXPECT_EQ(code_of([&] { unknown.put("signed", as_bytes("x")); }), "InvalidAccessKeyId");
  EXPECT_FALSE(direct_->head("signed"));
}

TEST_F(SeaweedFsService, TakesSignaturesOfQueriesAndKeysOfAllKinds) {
  for (const std::string key :
       {"sig/a b+c=d", "sig/\xc3\xa4/\xe2\x82\xac&'()*", "sig/~._-", "sig/100%", "sig/@:,;$!"}) {
    EXPECT_NO_THROW(direct_->put(key, as_bytes(key))) << key;
    EXPECT_EQ(as_text(direct_->get(key, 100).bytes), key);
    ASSERT_EQ(direct_->list(key, "", 5).size(), 1u) << key;
    EXPECT_NO_THROW((void)direct_->copy(key, key + ".copy"));
  }
  EXPECT_EQ(direct_->list("sig/", "sig/@:,;$!", 100).size(), 7u) << "all ten but it and the two before";
}

TEST_F(SeaweedFsService, ReadsListsOfManyPages) {
  for (int i = 0; i < 7; ++i) direct_->put(fmt::format("pages/{}", i), as_bytes("x"));
  EXPECT_EQ(direct_->list("pages/", "pages/1", 100).size(), 5u);
  EXPECT_EQ(direct_->list("pages/", "", 3).size(), 3u);
}

TEST_F(SeaweedFsService, SendsLargeFilesInParts) {
  const auto file = large_file();
  service_->spoil("none", 0);
  const net::S3Object sent = client_->put_file("parts/whole", file);
  EXPECT_GE(service_->requests(), 4u) << "begin, two parts, end";
  EXPECT_EQ(sent.bytes, (5u << 20) + 1000);
  EXPECT_EQ(sent.sha256, sha256_of_file(file).sha256);
  (void)client_->get_file("parts/whole", scratch_ / "back");
  EXPECT_EQ(sha256_of_file(scratch_ / "back").sha256, sent.sha256);
}

TEST_F(MotoService, SendsPartsThroughFaultsAndLeavesNoneBehind) {
  const auto file = large_file();
  const std::string sha256 = sha256_of_file(file).sha256;
  for (const char* fault : {"500", "reset_after", "cut"}) {
    for (unsigned at = 2; at <= 4; ++at) {  // a second begin would begin another upload
      SCOPED_TRACE(fmt::format("{} at request {}", fault, at));
      service_->spoil(fault, at);
      EXPECT_EQ(client_->put_file(fmt::format("parts/{}/{}", fault, at), file).sha256, sha256);
    }
  }
  EXPECT_EQ(unfinished_uploads(), 0u);

  service_->spoil("500", 3, 6);  // the second part, as often as it is tried
  EXPECT_THROW((void)client_->put_file("parts/never", file), Error);
  service_->spoil("none", 0);
  EXPECT_FALSE(direct_->head("parts/never"));
  EXPECT_EQ(unfinished_uploads(), 0u) << "what was begun is given up";
}

TEST_F(MotoService, CreatesOnlyWhatIsNotThere) {
  EXPECT_NO_THROW((void)direct_->put("create/a", as_bytes("first"), {.create_only = true}));
  EXPECT_EQ(code_of([&] { (void)direct_->put("create/a", as_bytes("second"), {.create_only = true}); }),
            "PreconditionFailed");
  EXPECT_EQ(as_text(direct_->get("create/a", 100).bytes), "first");
  // The first attempt did it and its answer was lost: the second one's refusal is no failure.
  service_->spoil("reset_after", 1);
  EXPECT_NO_THROW((void)client_->put("create/b", as_bytes("mine"), {.create_only = true}));
  service_->spoil("none", 0);
  EXPECT_EQ(as_text(direct_->get("create/b", 100).bytes), "mine");
}

TEST_F(MotoService, ShowsEveryStateBetweenHotAndCold) {
  // Each HEAD is a step: the first after the request says "under way", the second "done".
  const auto transition = [&](const char* document) {
    EXPECT_EQ(request(service_->port(), "POST", "/moto-api/state-manager/set-transition", document,
                      "Content-Type: application/json\r\n")
                  .status,
              201);
  };
  transition(R"({"model_name":"s3::keyrestore","transition":{"progression":"manual","times":1}})");
  EmptyStore store(StoreKind::kMoto);
  const std::string at = store.options().location.substr(std::string("s3://bucket/").size()) + "/thaw";
  (void)store->put("thaw", as_bytes("result"));
  EXPECT_EQ(direct_->head(at)->state, S3State::kHot);
  store->cool("thaw");
  EXPECT_EQ(direct_->head(at)->state, S3State::kCold);
  EXPECT_EQ(direct_->head(at)->storage_class, "GLACIER");
  EXPECT_EQ(code_of([&] { (void)direct_->get(at, 100); }), "InvalidObjectState");
  EXPECT_EQ(code_of([&] { (void)direct_->copy(at, at, "STANDARD"); }), "ObjectNotInActiveTierError");

  EXPECT_EQ(store->warm("thaw", "thaw"), storage::Warmth::kThawing);
  EXPECT_EQ(direct_->head(at)->state, S3State::kThawed);
  EXPECT_EQ(as_text(store->read("thaw", 100)), "result") << "for some days";
  EXPECT_EQ(store->warm("thaw", "thaw"), storage::Warmth::kReady);
  EXPECT_EQ(direct_->head(at)->state, S3State::kHot);
  EXPECT_EQ(direct_->head(at)->storage_class, "STANDARD");
  EXPECT_NO_THROW(direct_->restore(at, 1, "Standard")) << "what is hot is restored already";
  transition(R"({"model_name":"s3::keyrestore","transition":{"progression":"immediate"}})");
}

TEST_F(MotoService, DoesNotTakeWhatWasArchivedForWhatWasPut) {
  direct_->put("again", as_bytes("same"), {.storage_class = "GLACIER"});
  service_->spoil("reset_before", 1);
  client_->put("again", as_bytes("same"));
  service_->spoil("none", 0);
  EXPECT_EQ(direct_->head("again")->state, S3State::kHot);
}

TEST_F(MotoService, NamesWhatIsMissing) {
  EXPECT_EQ(code_of([&] { (void)direct_->get("no such key", 10); }), "NoSuchKey");
  auto options = service_->options();
  options.bucket = "another";
  S3Client client(options);
  EXPECT_EQ(code_of([&] { client.put("a", as_bytes("x")); }), "NoSuchBucket");
  EXPECT_EQ(code_of([&] { (void)client.list("", "", 1); }), "NoSuchBucket");
}

TEST_F(MotoService, DoesNotReadWhatAnotherProgramHasPut) {
  EmptyStore store(StoreKind::kMoto);
  const std::string folder = store.options().location.substr(std::string("s3://bucket/").size());
  std::string target = "/bucket/" + folder + "/foreign";
  target.replace(target.find(' '), 1, "%20");
  ASSERT_EQ(request(service_->port(), "PUT", target, "content").status, 200);
  for (const auto& call : std::vector<std::function<void()>>{
           [&] { (void)store->read("foreign", 100); },
           [&] { store->fetch("foreign", scratch_ / "fetched"); },
       }) {
    try {
      call();
      ADD_FAILURE() << "is read";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalid) << error.what();
    }
  }
  ASSERT_EQ(request(service_->port(), "PUT", target + "2", "content",
                    "x-amz-meta-sha256: " + std::string(64, '0') + "\r\n")
                .status,
            200);
  EXPECT_THROW((void)store->read("foreign2", 100), Error) << "another hash than its content's";
  EXPECT_THROW(store->fetch("foreign2", scratch_ / "fetched"), Error);
  EXPECT_FALSE(std::filesystem::exists(scratch_ / "fetched"));
}

}  // namespace
}  // namespace winnow::test
