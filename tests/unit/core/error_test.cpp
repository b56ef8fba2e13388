#include "winnow/core/error.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>

namespace winnow {
namespace {

TEST(Error, NamesThePlaceBeforeTheMessage) {
  const Error error(ErrorKind::kInvalid, "pets/003.jpg", "not an image; remove it");
  EXPECT_STREQ(error.what(), "pets/003.jpg: not an image; remove it");
  EXPECT_EQ(error.kind(), ErrorKind::kInvalid);
}

TEST(Error, DoesWithoutAPlace) {
  EXPECT_STREQ(Error(ErrorKind::kUsage, "", "stopped").what(), "stopped");
}

TEST(Result, HoldsAValue) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(3));
  ASSERT_TRUE(result);
  EXPECT_EQ(**result, 3);
  const std::unique_ptr<int> taken = std::move(*result);
  EXPECT_EQ(*taken, 3);
}

TEST(Result, HoldsAFailure) {
  const Result<int> result = Failure{"truncated", "ends early"};
  ASSERT_FALSE(result);
  EXPECT_EQ(result.failure().code, "truncated");
  EXPECT_EQ(result.failure().message, "ends early");
}

TEST(Result, ThrowsWhenAskedForTheOther) {
  const Result<int> failed = Failure{"truncated", "ends early"};
  const Result<int> good = 3;
  EXPECT_THROW((void)failed.value(), std::bad_variant_access);
  EXPECT_THROW((void)good.failure(), std::bad_variant_access);
}

TEST(SystemMessage, IsTheTextOfTheSystem) {
  EXPECT_EQ(system_message(ENOSPC), "No space left on device");
}

TEST(ThrowIfStopped, ThrowsOnceAStopIsAskedFor) {
  std::stop_source source;
  EXPECT_NO_THROW(throw_if_stopped(source.get_token()));
  source.request_stop();
  try {
    throw_if_stopped(source.get_token());
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCancelled);
  }
}

}  // namespace
}  // namespace winnow
