#include "winnow/core/file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "support/process.hpp"
#include "support/recording_context.hpp"
#include "support/temporary_folder.hpp"

namespace winnow {
namespace {

using testing::HasSubstr;

std::string failure_code(const std::filesystem::path& path, std::uint64_t max_bytes = 1000) {
  const Result<Bytes> result = try_read_file(path, max_bytes);
  return result ? "" : result.failure().code;
}

ErrorKind kind_of_read_error(const std::filesystem::path& path, std::uint64_t max_bytes = 1000) {
  try {
    (void)read_file(path, max_bytes);
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr(path.string() + ": "));
    return error.kind();
  }
  ADD_FAILURE() << "no Error was thrown";
  return ErrorKind::kUsage;
}

TEST(TryReadFile, ReadsEveryByte) {
  const test::TemporaryFolder folder;
  const std::string content("a\0b\nc\r\xff", 7);
  const Result<Bytes> bytes = try_read_file(folder.write("a", content));
  ASSERT_TRUE(bytes);
  EXPECT_EQ(as_text(*bytes), content);
}

TEST(TryReadPart, ReadsAPartThatIsThere) {
  const test::TemporaryFolder folder;
  const std::filesystem::path file = folder.write("a", "0123456789");
  EXPECT_EQ(as_text(*try_read_part(file, 3, 4)), "3456");
  EXPECT_EQ(as_text(*try_read_part(file, 10, 0)), "");
  EXPECT_EQ(try_read_part(file, 7, 4).failure().code, "unreadable");
  EXPECT_EQ(try_read_part(file, UINT64_MAX, 4).failure().code, "unreadable");
  EXPECT_EQ(try_read_part(file, 4, UINT64_MAX).failure().code, "unreadable");
  EXPECT_EQ(try_read_part(folder / "none", 0, 1).failure().code, "missing");
  EXPECT_EQ(try_read_part(folder.path(), 0, 1).failure().code, "unreadable");
}

TEST(TryReadFile, ReadsAnEmptyFile) {
  const test::TemporaryFolder folder;
  const Result<Bytes> bytes = try_read_file(folder.write("a", ""));
  ASSERT_TRUE(bytes);
  EXPECT_TRUE(bytes->empty());
}

TEST(TryReadFile, FollowsLinks) {
  const test::TemporaryFolder folder;
  folder.write("a", "content");
  std::filesystem::create_symlink("a", folder / "link");
  const Result<Bytes> bytes = try_read_file(folder / "link");
  ASSERT_TRUE(bytes);
  EXPECT_EQ(as_text(*bytes), "content");
}

TEST(TryReadFile, TakesExactlyTheLimitAndNotOneByteMore) {
  const test::TemporaryFolder folder;
  const std::filesystem::path file = folder.write("a", std::string(10, 'x'));
  EXPECT_EQ(failure_code(file, 10), "");
  EXPECT_EQ(failure_code(file, 9), "too_large");
}

TEST(TryReadFile, SaysHowLargeIsTooLarge) {
  const test::TemporaryFolder folder;
  const Result<Bytes> bytes = try_read_file(folder.write("a", std::string(2500, 'x')), 1000);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.failure().message, "has 2.5 kB, the limit is 1.0 kB");
}

TEST(TryReadFile, TellsWhatIsMissing) {
  const test::TemporaryFolder folder;
  EXPECT_EQ(failure_code(folder / "nothing"), "missing");
  std::filesystem::create_symlink("nothing", folder / "dangling");
  EXPECT_EQ(failure_code(folder / "dangling"), "missing");
}

TEST(TryReadFile, CannotReadAFolder) {
  const test::TemporaryFolder folder;
  EXPECT_EQ(failure_code(folder.path()), "unreadable");
}

// Opening a pipe waits for its other end, which may never come.
TEST(TryReadFile, DoesNotWaitForAPipe) {
  const test::TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  const test::Finished child = test::Process([&] {
                                 return failure_code(folder / "pipe") == "unreadable" ? 0 : 1;
                               }).wait(std::chrono::seconds(20));
  EXPECT_EQ(child.exit_code, 0);
}

TEST(TryReadFile, CannotReadWhatItMayNot) {
  const test::TemporaryFolder folder;
  const std::filesystem::path file = folder.write("secret", "x");
  std::filesystem::permissions(file, std::filesystem::perms::none);
  const test::Finished child = test::run_in_child([&] {
    if (::geteuid() == 0 && ::setuid(65534) != 0) return 2;
    return failure_code(file) == "unreadable" ? 0 : 1;
  });
  EXPECT_EQ(child.exit_code, 0);
}

TEST(ReadFile, ReturnsTheContent) {
  const test::TemporaryFolder folder;
  EXPECT_EQ(as_text(read_file(folder.write("a", "content"))), "content");
}

TEST(ReadFile, ThrowsWithThePathAndTheKind) {
  const test::TemporaryFolder folder;
  EXPECT_EQ(kind_of_read_error(folder / "nothing"), ErrorKind::kNotFound);
  EXPECT_EQ(kind_of_read_error(folder.path()), ErrorKind::kIo);
  EXPECT_EQ(kind_of_read_error(folder.write("large", std::string(1001, 'x'))), ErrorKind::kInvalid);
}

TEST(WriteAll, WritesAtThePositionAndAtAnOffset) {
  const test::MemoryFile file;
  EXPECT_EQ(write_all(file.descriptor(), as_bytes("abc")), 0);
  EXPECT_EQ(write_all(file.descriptor(), as_bytes("def")), 0);
  EXPECT_EQ(write_all(file.descriptor(), as_bytes("XY"), 1), 0);
  EXPECT_EQ(write_all(file.descriptor(), {}), 0);
  EXPECT_EQ(file.text(), "aXYdef");
}

// A pipe takes 64 kB at a time.
TEST(WriteAll, GoesOnWhereThePartTakenEnds) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  std::string content;
  for (int i = 0; i < 100'000; ++i) content += std::to_string(i);
  std::string received;
  std::jthread reader([&] {
    char block[1000];
    for (ssize_t n = 0; (n = ::read(ends[0], block, sizeof block)) > 0;)
      received.append(block, static_cast<std::size_t>(n));
  });
  EXPECT_EQ(write_all(ends[1], as_bytes(content)), 0);
  ::close(ends[1]);
  reader.join();
  ::close(ends[0]);
  EXPECT_EQ(received, content);
}

TEST(WriteAll, SaysWhyItFailed) {
  EXPECT_EQ(write_all(-1, as_bytes("x")), EBADF);
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  EXPECT_EQ(write_all(full, as_bytes("x")), ENOSPC);
  ::close(full);
}

TEST(CreateDirectories, MakesAllThatAreMissing) {
  const test::TemporaryFolder folder;
  winnow::create_directories(folder / "a" / "b" / "c");
  EXPECT_TRUE(std::filesystem::is_directory(folder / "a/b/c"));
  EXPECT_NO_THROW(winnow::create_directories(folder / "a" / "b"));
}

TEST(CreateDirectories, FailsWhereAFileStands) {
  const test::TemporaryFolder folder;
  folder.write("a", "x");
  try {
    winnow::create_directories(folder / "a" / "b");
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kIo);
    EXPECT_THAT(error.what(), HasSubstr("a/b: cannot create the folder: "));
  }
}

}  // namespace
}  // namespace winnow
