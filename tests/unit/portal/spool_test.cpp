#include "spool.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "support/temporary_folder.hpp"
#include "winnow/core/error.hpp"

namespace winnow::portal {
namespace {

TEST(Spool, FilesGoWithTheirObjects) {
  const test::TemporaryFolder folder;
  Spool spool(folder / "new" / "spool");
  auto file = spool.create();
  EXPECT_EQ(file->write(as_bytes("one ")), 0);
  EXPECT_EQ(file->write(as_bytes("two")), 0);
  EXPECT_EQ(file->bytes(), 7U);
  EXPECT_EQ(as_text(FileView(file->path()).bytes()), "one two");
  const std::filesystem::path path = file->path();
  file.reset();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Spool, WhatAKilledProcessLeftIsRemovedAndWhatIsBeingWrittenStays) {
  const test::TemporaryFolder folder;
  Spool first(folder / "spool");
  const auto alive = first.create();
  std::ofstream(folder / "spool" / ".winnow-upload-0123") << "left";
  std::ofstream(folder / "spool" / "mine.txt") << "not ours";
  const Spool second(folder / "spool");
  EXPECT_TRUE(std::filesystem::exists(alive->path()));
  EXPECT_FALSE(std::filesystem::exists(folder / "spool" / ".winnow-upload-0123"));
  EXPECT_TRUE(std::filesystem::exists(folder / "spool" / "mine.txt"));
}

TEST(Spool, SaysWhereItCannotBe) {
  const test::TemporaryFolder folder;
  std::ofstream(folder / "file") << "x";
  EXPECT_THROW(Spool(folder / "file"), Error);
  EXPECT_THROW(FileView(folder / "none"), Error);
  EXPECT_TRUE(FileView(std::filesystem::path("/dev/null")).bytes().empty());
}

}  // namespace
}  // namespace winnow::portal
