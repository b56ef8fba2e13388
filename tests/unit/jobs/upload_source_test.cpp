// What archives can do to the memory of their reader: each is read in a child of its own, whose peak is
// looked at.
#include "upload_source.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <fstream>
#include <functional>
#include <iostream>
#include <string>

#include "archives.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/jobs/upload_reader.hpp"

namespace winnow::jobs {
namespace {

using test::gzipped;
using test::tar_end;
using test::tar_member;

std::uint64_t peak_memory() {  // bytes
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word != "VmHWM:") continue;
    std::uint64_t kilobytes = 0;
    status >> kilobytes;
    return kilobytes * 1024;
  }
  return 0;
}

void forget_peak() {
  std::ofstream("/proc/self/clear_refs") << "5";
}

class UploadAttack : public testing::Test {
 protected:
  // Writes a file piece by piece; the archive is larger than what the reader may take.
  std::ofstream file() { return std::ofstream(folder_ / "upload", std::ios::binary); }

  // What reading ends with, and how much memory it took beyond what was there before.
  void expect_refused(const std::string& code, std::uint64_t most_memory, const UploadLimits& limits = {}) {
    const auto finished = test::run_in_child([&] {
      malloc_trim(0);  // what the parent has freed would be taken again unseen
      forget_peak();
      const std::uint64_t before = peak_memory();
      UploadReader reader(folder_ / "upload", "upload", limits);
      while (true) {
        const auto entry = reader.next();
        if (entry && *entry) continue;
        std::cout << (entry ? "whole" : entry.failure().code) << std::endl;
        break;
      }
      const std::uint64_t taken = peak_memory() - before;
      std::cerr << taken << " bytes";
      return taken <= most_memory ? 0 : 1;
    });
    EXPECT_EQ(finished.out, code + "\n");
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    EXPECT_EQ(finished.exit_code, 0) << finished.err;
#endif
    std::cout << code << ": " << finished.err << '\n';
  }

  test::TemporaryFolder folder_;
};

constexpr std::uint64_t kMegabyte = 1'000'000;
constexpr int kMillion = 1'000'000;

TEST_F(UploadAttack, AMillionEntriesOfTar) {
  {
    std::ofstream out = file();
    const std::string member = tar_member("a.txt", "");
    for (int i = 0; i < kMillion / 2; ++i) out << member;
    out << tar_end();
  }
  expect_refused("too_many_entries", 5 * kMegabyte);
}

TEST_F(UploadAttack, AMillionEntriesOfGzippedTar) {
  std::string members;
  for (int i = 0; i < kMillion / 10; ++i) members += tar_member("a.txt", "");
  file() << gzipped(members + tar_end());
  members = std::string();
  expect_refused("too_many_entries", 5 * kMegabyte, {.max_ratio = 1'000'000});
  expect_refused("ratio_too_high", 5 * kMegabyte, {.max_entries = kMillion});
}

TEST_F(UploadAttack, AMillionEntriesOfZipWhateverItsEndSays) {
  const std::string one = test::zip({{.name = "a.txt", .content = "x", .method = 0}});
  const std::size_t directory = one.find("PK\x01\x02");
  const std::size_t end = one.find("PK\x05\x06");
  const std::string entry = one.substr(directory, end - directory);
  for (const bool honest : {true, false}) {
    {
      std::ofstream out = file();
      out << one.substr(0, directory);
      for (int i = 0; i < kMillion; ++i) out << entry;
      test::ByteWriter tail;
      const std::uint64_t size = honest ? entry.size() * kMillion : entry.size();
      tail.text("PK\x05\x06").little(0, 4).little(honest ? 0xffff : 1, 2).little(honest ? 0xffff : 1, 2);
      tail.little(size, 4).little(directory, 4).little(0, 2);
      out << as_text(tail.written());
    }
    expect_refused("too_many_entries", 5 * kMegabyte);
  }
}

TEST_F(UploadAttack, AsManyEntriesAsAllowedTakeLittle) {
  std::vector<test::ZipMember> members;
  for (int i = 0; i < 10'000; ++i) members.push_back({.name = std::to_string(i) + ".txt", .content = "text"});
  file() << test::zip(members);
  expect_refused("whole", 8 * kMegabyte);
}

// A bitmap's first bytes, so that it is read and not passed over.
std::string bomb_content(std::size_t size) {
  std::string content("BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0", 18);
  content.resize(size);
  return content;
}

TEST_F(UploadAttack, ABombIsStoppedByWhatItUnpacksTo) {
  const std::string content = bomb_content(300 * kMegabyte);
  file() << test::zip({{.name = "a.bmp", .content = content}});
  expect_refused("ratio_too_high", 5 * kMegabyte);
  expect_refused("entry_too_large", 110 * kMegabyte, {.max_ratio = 1'000'000});
  expect_refused("entry_too_large", 8 * kMegabyte, {.max_entry_bytes = kMegabyte, .max_ratio = 1'000'000});
  expect_refused("total_too_large", 5 * kMegabyte,
                 {.max_total_bytes = 100 * kMegabyte, .max_ratio = 1'000'000});
  file() << gzipped(tar_member("a.bmp", content) + tar_end());
  expect_refused("ratio_too_high", 5 * kMegabyte);
  expect_refused("entry_too_large", 8 * kMegabyte, {.max_entry_bytes = kMegabyte, .max_ratio = 1'000'000});
  expect_refused("total_too_large", 5 * kMegabyte,
                 {.max_total_bytes = 100 * kMegabyte, .max_ratio = 1'000'000});
}

TEST_F(UploadAttack, ABombThatClaimsToBeSmallIsOneAllTheSame) {
  file() << test::zip({{.name = "a.bmp", .content = bomb_content(300 * kMegabyte), .claimed_size = 1'000}});
  expect_refused("entry_too_large", 8 * kMegabyte, {.max_entry_bytes = kMegabyte});
  file() << test::zip({{.name = "a.bmp", .content = bomb_content(100'000), .claimed_size = 1'000}});
  expect_refused("corrupt", 5 * kMegabyte);
}

TEST_F(UploadAttack, ABombInAnArchiveIsNotOpened) {
  const std::string inner = test::zip({{.name = "a.bmp", .content = bomb_content(300 * kMegabyte)}});
  file() << test::zip({{.name = "a.zip", .content = inner, .method = 0}});
  expect_refused("whole", 5 * kMegabyte);
}

TEST_F(UploadAttack, WhatIsPassedOverCountsToo) {
  const std::string content(300 * kMegabyte, 'x');
  file() << gzipped(tar_member("a.bin", content) + tar_end());
  expect_refused("ratio_too_high", 5 * kMegabyte);
  file() << gzipped(tar_member(".hidden", content) + tar_end());
  expect_refused("total_too_large", 5 * kMegabyte,
                 {.max_total_bytes = 100 * kMegabyte, .max_ratio = 1'000'000});
}

TEST_F(UploadAttack, AnEntryThatClaimsMuchIsNotGivenRoom) {
  std::string member = tar_member("a.bmp", bomb_content(5'000), '0', fmt::format("{:011o}", 49 * kMegabyte));
  file() << member << tar_end();
  expect_refused("ratio_too_high", 5 * kMegabyte);
  expect_refused("truncated", 5 * kMegabyte, {.max_ratio = 1'000'000});
  member = tar_member("a.bmp", bomb_content(5'000), '0', "77777777777");
  file() << member << tar_end();
  expect_refused("total_too_large", 5 * kMegabyte);
}

// The places of a sparse file's holes are a list that libarchive keeps: 40 bytes of memory for 4 of the
// archive.
TEST_F(UploadAttack, AMillionHolesAreNoPicture) {
  std::string map = "50000000\n";
  for (int i = 0; i < 25'000'000; ++i) map += "0\n0\n";
  const std::string pax = test::pax_record("GNU.sparse.major=1") + test::pax_record("GNU.sparse.minor=0") +
                          test::pax_record("GNU.sparse.name=a.bmp") +
                          test::pax_record("GNU.sparse.realsize=100");
  file() << gzipped(tar_member("x", pax, 'x') + tar_member("a.bmp", map) + tar_end());
  map = std::string();
  expect_refused("corrupt", 40 * kMegabyte, {.max_ratio = 1'000'000});
}

TEST_F(UploadAttack, HeadersWithoutAnEndAreRefused) {
  std::string headers;
  for (int i = 0; i < 100'000; ++i) headers += tar_member("././@LongLink", "name\0", 'L');
  file() << gzipped(headers + tar_end());
  expect_refused("corrupt", 10 * kMegabyte, {.max_ratio = 1'000'000});
  file() << gzipped(tar_member("x", std::string(50 * kMegabyte, 'x'), 'x') + tar_end());
  expect_refused("corrupt", 10 * kMegabyte, {.max_ratio = 1'000'000});
}

}  // namespace
}  // namespace winnow::jobs
