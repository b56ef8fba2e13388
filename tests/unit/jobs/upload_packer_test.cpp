#include "winnow/jobs/upload_packer.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "support/drawing.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/image/encode.hpp"
#include "winnow/jobs/upload_reader.hpp"

namespace winnow::jobs {
namespace {

std::vector<UploadEntry> read_back(const std::string& archive) {
  const test::TemporaryFolder folder;
  UploadReader reader(folder.write("upload", archive), "upload");
  std::vector<UploadEntry> entries;
  while (true) {
    auto entry = reader.next();
    if (!entry) {
      ADD_FAILURE() << entry.failure().message;
      return entries;
    }
    if (!*entry) return entries;
    entries.push_back(std::move(**entry));
  }
}

TEST(UploadPacker, WhatIsPackedIsReadBack) {
  std::string archive;
  UploadPacker packer([&](ByteSpan bytes) { archive += as_text(bytes); });
  std::vector<Bytes> pictures;
  const std::vector<std::pair<std::string, std::string>> names = {
      {"cat.jpg", "cat.jpg"},
      {"cat.jpg", "cat.jpg"},
      {"../../etc/cat.jpg", "_._.._etc_cat.jpg"},
      {"/cat.jpg", "_cat.jpg"},
      {"C:\\cat.jpg", "_C:_cat.jpg"},
      {".hidden.jpg", "_hidden.jpg"},
      {"", "?"},
      {"K\xc3\xa4tzchen.jpg", "K\xc3\xa4tzchen.jpg"},
      {"a\nb.jpg", "a?b.jpg"},
      {std::string(150, 'n') + ".jpg", std::string(150, 'n') + ".jpg"},
  };
  for (std::size_t i = 0; i < names.size(); ++i) {
    pictures.push_back(image::encode_jpeg(test::draw_scene("discs", i, 48, 32)));
    packer.add(names[i].first, pictures.back());
  }
  packer.finish();
  const std::vector<UploadEntry> entries = read_back(archive);
  ASSERT_EQ(entries.size(), names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(entries[i].name, names[i].second);
    EXPECT_FALSE(entries[i].failure);
    EXPECT_EQ(entries[i].bytes, pictures[i]);
  }
}

TEST(UploadPacker, KeepsWhatIsNoPicture) {
  std::string archive;
  UploadPacker packer([&](ByteSpan bytes) { archive += as_text(bytes); });
  packer.add("empty.jpg", {});
  packer.add(std::string(1'000, 'n'), as_bytes("text"));
  packer.finish();
  const std::vector<UploadEntry> entries = read_back(archive);
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].failure->code, "not_a_picture");
  EXPECT_EQ(entries[1].failure->code, "not_a_picture");
}

TEST(UploadPacker, PassesOnWhatItsWriterThrows) {
  std::size_t written = 0;
  UploadPacker packer([&](ByteSpan bytes) {
    if ((written += bytes.size()) > 2'000) throw std::runtime_error("disk full");
  });
  EXPECT_THROW(packer.add("a.jpg", Bytes(10'000)), std::runtime_error);
  EXPECT_THROW(packer.add("b.jpg", {}), std::runtime_error);
  EXPECT_THROW(packer.finish(), std::runtime_error);
}

TEST(UploadPacker, WithoutItsEndAnArchiveIsRefused) {
  std::string archive;
  {
    UploadPacker packer([&](ByteSpan bytes) { archive += as_text(bytes); });
    packer.add("a.jpg", image::encode_jpeg(test::draw_scene("discs", 1, 48, 32)));
  }
  const test::TemporaryFolder folder;
  UploadReader reader(folder.write("upload", archive), "upload");
  (void)reader.next();
  const auto end = reader.next();
  ASSERT_FALSE(end);
  EXPECT_EQ(end.failure().code, "truncated");
}

}  // namespace
}  // namespace winnow::jobs
