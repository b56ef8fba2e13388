#include "sinks.hpp"

#include <gtest/gtest.h>

#include "support/temporary_folder.hpp"

namespace winnow::portal {
namespace {

class Sinks : public testing::Test {
 protected:
  std::shared_ptr<UploadSink> sink(std::uint64_t claimed = 0) {
    ++counter;
    return std::make_shared<UploadSink>(
        spool.create(), 100, claimed, std::chrono::seconds(1),
        [](std::uint64_t limit) {
          return httpd::Problem{413, "too-large", std::to_string(limit), {}};
        },
        counter);
  }

  test::TemporaryFolder folder;
  Spool spool{folder / "spool"};
  std::atomic<std::size_t> counter = 0;
};

TEST_F(Sinks, AnUploadIsTakenUntilTheLimitThatBecomesKnownMeanwhile) {
  const auto upload = sink();
  EXPECT_FALSE(upload->take(as_bytes("12345678")));
  upload->allow(10);
  EXPECT_FALSE(upload->take(as_bytes("90")));
  const auto problem = upload->take(as_bytes("1"));
  ASSERT_TRUE(problem);
  EXPECT_EQ(problem->detail, "10");
  EXPECT_EQ(upload->file().bytes(), 10U) << "what is too much is not written";
  EXPECT_EQ(upload->too_large()->detail, "100");
}

TEST_F(Sinks, AClaimIsBelieved) {
  const auto upload = sink(11);
  EXPECT_FALSE(upload->take(as_bytes("1")));
  upload->allow(10);
  EXPECT_EQ(upload->take(as_bytes("2"))->status, 413) << "though only two bytes have come";
}

TEST_F(Sinks, WhoMayNotSendIsRefusedAtTheNextPiece) {
  const auto upload = sink();
  upload->refuse({401, "sign-in-required", "", {}});
  EXPECT_EQ(upload->take(as_bytes("1"))->status, 401);
}

TEST_F(Sinks, UploadsCountUntilTheyAreOver) {
  auto upload = sink();
  EXPECT_EQ(counter, 1U);
  upload.reset();
  EXPECT_EQ(counter, 0U);
}

TEST_F(Sinks, AFormIsKeptInMemory) {
  FormSink form(10);
  EXPECT_EQ(form.max_bytes(), 10U);
  EXPECT_FALSE(form.take(as_bytes("a=")));
  EXPECT_FALSE(form.take(as_bytes("b")));
  EXPECT_EQ(form.text(), "a=b");
}

}  // namespace
}  // namespace winnow::portal
