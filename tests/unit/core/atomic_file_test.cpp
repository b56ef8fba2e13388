#include "winnow/core/atomic_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <functional>
#include <thread>
#include <vector>

#include "support/process.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/error.hpp"

namespace winnow {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Error error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no Error was thrown";
  return {ErrorKind::kUsage, "", ""};
}

TEST(AtomicFile, AppearsOnlyWhenCommitted) {
  const test::TemporaryFolder folder;
  AtomicFile file(folder / "a.txt");
  file.write("one ");
  file.write("two");
  EXPECT_FALSE(std::filesystem::exists(folder / "a.txt"));
  file.commit();
  EXPECT_EQ(test::read_text(folder / "a.txt"), "one two");
  EXPECT_THAT(test::list_files(folder.path()), ElementsAre("a.txt"));
}

TEST(AtomicFile, LeavesTheOldContentWhenNotCommitted) {
  const test::TemporaryFolder folder;
  folder.write("a.txt", "old");
  {
    AtomicFile file(folder / "a.txt");
    file.write("new");
  }
  EXPECT_EQ(test::read_text(folder / "a.txt"), "old");
  EXPECT_THAT(test::list_files(folder.path()), ElementsAre("a.txt"));
}

TEST(AtomicFile, WritesUnderATemporaryNameInTheFolderAskedFor) {
  const test::TemporaryFolder folder;
  folder.write("pictures/old.txt", "");
  {
    AtomicFile file(folder / "pictures/a.txt", Durability::kUnsynced, folder.path());
    file.write("one");
    EXPECT_THAT(test::list_files(folder / "pictures"), ElementsAre("old.txt"));
    EXPECT_TRUE(test::list_files(folder.path()).front().starts_with(kTemporaryFilePrefix));
    file.commit();
  }
  EXPECT_THAT(test::list_files(folder.path()), ElementsAre("pictures/a.txt", "pictures/old.txt"));
  EXPECT_EQ(test::read_text(folder / "pictures/a.txt"), "one");
}

TEST(AtomicFile, UncommittedItLeavesNothingInTheOtherFolder) {
  const test::TemporaryFolder folder;
  EXPECT_THROW(AtomicFile(folder / "a.txt", Durability::kUnsynced, folder / "none"), Error);
  { AtomicFile(folder / "a.txt", Durability::kUnsynced, folder.path()).write("half"); }
  EXPECT_THAT(test::list_files(folder.path()), IsEmpty());
}

TEST(AtomicFile, ReplacesTheOldContentWhole) {
  const test::TemporaryFolder folder;
  folder.write("a.txt", "something longer than the new content");
  write_file_atomically(folder / "a.txt", "new");
  EXPECT_EQ(test::read_text(folder / "a.txt"), "new");
}

TEST(AtomicFile, KeepsEveryByte) {
  const test::TemporaryFolder folder;
  Bytes bytes(100'000);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 % 256);
  write_file_atomically(folder / "a.bin", bytes);
  EXPECT_EQ(test::read_text(folder / "a.bin"), as_text(bytes));
}

TEST(AtomicFile, CanBeEmpty) {
  const test::TemporaryFolder folder;
  write_file_atomically(folder / "a.txt", "");
  EXPECT_EQ(std::filesystem::file_size(folder / "a.txt"), 0u);
}

TEST(AtomicFile, IsReadableAsTheUmaskAllows) {
  const test::TemporaryFolder folder;
  const mode_t mask = ::umask(0027);
  write_file_atomically(folder / "a.txt", "x");
  ::umask(mask);
  EXPECT_EQ(std::filesystem::status(folder / "a.txt").permissions(), std::filesystem::perms(0640));
}

TEST(AtomicFile, TakesANameWithoutAFolder) {
  const test::TemporaryFolder folder;
  const test::Finished child = test::run_in_child([&] {
    if (::chdir(folder.path().c_str()) != 0) return 1;
    write_file_atomically("plain.txt", "here");
    return 0;
  });
  EXPECT_EQ(child.exit_code, 0) << child.err;
  EXPECT_EQ(test::read_text(folder / "plain.txt"), "here");
}

TEST(AtomicFile, LeavesTheOldContentWhenTheProcessIsKilled) {
  const test::TemporaryFolder folder;
  folder.write("a.txt", "old");
  const test::Finished child = test::run_in_child([&] {
    AtomicFile file(folder / "a.txt");
    file.write("half of the new con");
    ::raise(SIGKILL);
    return 0;
  });
  EXPECT_EQ(child.exit_code, 128 + SIGKILL);
  EXPECT_EQ(test::read_text(folder / "a.txt"), "old");
}

// The name of the temporary file that comes after this one: its last number, plus one.
std::string next_temporary_name(const std::string& name) {
  const std::size_t end = name.find_last_of("0123456789") + 1;
  const std::size_t begin = name.find_last_not_of("0123456789", end - 1) + 1;
  unsigned number = 0;
  std::from_chars(name.data() + begin, name.data() + end, number);
  return name.substr(0, begin) + std::to_string(number + 1) + name.substr(end);
}

// In a container a tool has the same process id on every start, and so would choose the same names again.
TEST(AtomicFile, IsNotStoppedByWhatAKilledRunLeftBehind) {
  const test::TemporaryFolder folder;
  std::string name;
  {
    const AtomicFile file(folder / "a.txt");
    name = test::list_files(folder.path()).at(0);
  }
  const std::filesystem::path left_behind = folder.write(next_temporary_name(name), "left behind");
  write_file_atomically(folder / "a.txt", "new");
  EXPECT_EQ(test::read_text(folder / "a.txt"), "new");
  EXPECT_EQ(test::read_text(left_behind), "left behind");
}

TEST(AtomicFile, ReportsAFullDiskAndLeavesTheOldContent) {
  const test::TemporaryFolder folder;
  folder.write("a.txt", "old");
  const test::Finished child = test::run_in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const Error error = error_of([&] { write_file_atomically(folder / "a.txt", std::string(5000, 'x')); });
    std::puts(error.what());
    return error.kind() == ErrorKind::kIo ? 0 : 1;
  });
  EXPECT_EQ(child.exit_code, 0) << child.err;
  EXPECT_THAT(child.out, HasSubstr((folder / "a.txt").string() + ": cannot write: "));
  EXPECT_EQ(test::read_text(folder / "a.txt"), "old");
  EXPECT_THAT(test::list_files(folder.path()), ElementsAre("a.txt"));
}

TEST(AtomicFile, NeedsAFolder) {
  const test::TemporaryFolder folder;
  const Error error = error_of([&] { const AtomicFile file(folder / "missing" / "a.txt"); });
  EXPECT_EQ(error.kind(), ErrorKind::kIo);
  EXPECT_THAT(error.what(), HasSubstr("missing/a.txt: cannot write: No such file or directory"));
}

TEST(AtomicFile, RefusesAFolderAsTargetBeforeAnythingIsWritten) {
  const test::TemporaryFolder folder;
  std::filesystem::create_directory(folder / "run");
  const Error error = error_of([&] { const AtomicFile file(folder / "run"); });
  EXPECT_EQ(error.kind(), ErrorKind::kIo);
  EXPECT_THAT(error.what(), HasSubstr("run: cannot write: "));
  EXPECT_TRUE(std::filesystem::is_directory(folder / "run"));
  EXPECT_THAT(test::list_files(folder.path()), IsEmpty());
}

// Renaming over /dev/null or a pipe would put a plain file in its place.
TEST(AtomicFile, NeverReplacesWhatIsNotAFile) {
  const test::TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  const Error error = error_of([&] { write_file_atomically(folder / "pipe", "x"); });
  EXPECT_EQ(error.kind(), ErrorKind::kIo);
  EXPECT_TRUE(std::filesystem::is_fifo(folder / "pipe"));
}

TEST(AtomicFile, CannotBeCommittedTwice) {
  const test::TemporaryFolder folder;
  AtomicFile file(folder / "a.txt");
  file.write("x");
  file.commit();
  EXPECT_THROW(file.commit(), Error);
  EXPECT_EQ(test::read_text(folder / "a.txt"), "x");
}

TEST(AtomicFile, WritersOfOneTargetDoNotMix) {
  const test::TemporaryFolder folder;
  {
    std::vector<std::jthread> writers;
    for (char letter = 'a'; letter < 'e'; ++letter) {
      writers.emplace_back([&folder, letter] {
        for (int i = 0; i < 5; ++i) write_file_atomically(folder / "shared.txt", std::string(10'000, letter));
      });
    }
  }
  const std::string text = test::read_text(folder / "shared.txt");
  EXPECT_EQ(text, std::string(10'000, text.at(0)));
  EXPECT_THAT(test::list_files(folder.path()), ElementsAre("shared.txt"));
}

}  // namespace
}  // namespace winnow
