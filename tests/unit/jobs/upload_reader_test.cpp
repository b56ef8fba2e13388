#include "winnow/jobs/upload_reader.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "archives.hpp"
#include "support/drawing.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/random.hpp"
#include "winnow/image/encode.hpp"

namespace winnow::jobs {
namespace {

using test::gzipped;
using test::tar_end;
using test::tar_member;
using test::zip;
using test::ZipMember;

std::string picture(std::uint64_t seed = 1) {
  return std::string(as_text(image::encode_jpeg(test::draw_scene("discs", seed, 48, 32))));
}

struct Outcome {
  std::vector<UploadEntry> entries;
  std::string refusal;  // its code
  std::string message;
};

class UploadReaderTest : public testing::Test {
 protected:
  Outcome read(const std::string& content, const UploadLimits& limits = {},
               const std::string& name = "upload") {
    UploadReader reader(folder_.write("upload", content), name, limits);
    Outcome outcome;
    while (true) {
      auto entry = reader.next();
      if (!entry) {
        outcome.refusal = entry.failure().code;
        outcome.message = entry.failure().message;
        const auto again = reader.next();
        EXPECT_TRUE(!again && again.failure().code == outcome.refusal);
        break;
      }
      if (!*entry) {
        EXPECT_TRUE(reader.next() && !*reader.next());
        break;
      }
      outcome.entries.push_back(std::move(**entry));
    }
    EXPECT_EQ(test::list_files(folder_.path()).size(), 1U);  // nothing is written, here or elsewhere below
    return outcome;
  }
  std::string refusal(const std::string& content, const UploadLimits& limits = {}) {
    return read(content, limits).refusal;
  }

  test::TemporaryFolder folder_;
};

// The same files in every kind of archive.
struct Packing {
  std::string name;
  std::string (*pack)(const std::vector<ZipMember>& members);
};
std::string pack_tar(const std::vector<ZipMember>& members) {
  std::string archive;
  for (const ZipMember& member : members) archive += tar_member(member.name, member.content);
  return archive + tar_end();
}
std::string pack_tar_gz(const std::vector<ZipMember>& members) {
  return gzipped(pack_tar(members));
}
std::string pack_stored(const std::vector<ZipMember>& members) {
  std::vector<ZipMember> stored = members;
  for (ZipMember& member : stored) member.method = 0;
  return zip(stored);
}

class EveryPacking : public UploadReaderTest, public testing::WithParamInterface<Packing> {
 protected:
  std::string pack(const std::vector<ZipMember>& members) { return GetParam().pack(members); }
};
INSTANTIATE_TEST_SUITE_P(All, EveryPacking,
                         testing::Values(Packing{"zip", zip}, Packing{"stored_zip", pack_stored},
                                         Packing{"tar", pack_tar}, Packing{"tar_gz", pack_tar_gz}),
                         [](const auto& tested) { return tested.param.name; });

TEST_P(EveryPacking, GivesPicturesInTheirOrder) {
  const Outcome outcome =
      read(pack({{"b.jpg", picture(1)}, {"a/c.png", picture(2)}, {"no extension", picture(3)}}));
  ASSERT_EQ(outcome.refusal, "");
  ASSERT_EQ(outcome.entries.size(), 3U);
  EXPECT_EQ(outcome.entries[0].name, "b.jpg");
  EXPECT_EQ(outcome.entries[1].name, "a/c.png");
  EXPECT_EQ(outcome.entries[2].name, "no extension");
  for (std::uint64_t i = 0; i < 3; ++i) {
    EXPECT_FALSE(outcome.entries[i].failure);
    EXPECT_EQ(as_text(outcome.entries[i].bytes), picture(i + 1));
  }
}

TEST_P(EveryPacking, ReportsWhatIsNoPictureAndGoesOn) {
  const Outcome outcome = read(pack({{"notes.txt", "bought on Monday"},
                                     {"page.jpg", "<!DOCTYPE html><html></html>"},
                                     {"empty.jpg", ""},
                                     {"inner.zip", zip({{"x.jpg", picture()}})},
                                     {"inner.tar", pack_tar({{"x.jpg", picture()}})},
                                     {"long.bin", std::string(300'000, 'x')},
                                     {"cat.jpg", picture()}}));
  ASSERT_EQ(outcome.refusal, "");
  ASSERT_EQ(outcome.entries.size(), 7U);
  for (std::size_t i = 0; i < 6; ++i) {
    ASSERT_TRUE(outcome.entries[i].failure) << outcome.entries[i].name;
    EXPECT_EQ(outcome.entries[i].failure->code, "not_a_picture");
    EXPECT_TRUE(outcome.entries[i].bytes.empty());
  }
  EXPECT_EQ(outcome.entries[1].failure->message, "HTML page");
  EXPECT_FALSE(outcome.entries[6].failure);
}

TEST_P(EveryPacking, PassesOverWhatSystemsLeaveBehind) {
  const Outcome outcome = read(pack({{"photos/", ""},
                                     {".DS_Store", "x"},
                                     {"photos/.DS_Store", "x"},
                                     {"__MACOSX/._cat.jpg", picture()},
                                     {"photos/.hidden/cat.jpg", picture()},
                                     {"photos/Thumbs.db", "x"},
                                     {"./photos/cat.jpg", picture()}}));
  ASSERT_EQ(outcome.refusal, "");
  ASSERT_EQ(outcome.entries.size(), 1U);
  EXPECT_EQ(outcome.entries[0].name, "photos/cat.jpg");
}

TEST_P(EveryPacking, RefusesNamesThatLeadOutside) {
  for (const char* const name :
       {"../cat.jpg", "a/../../cat.jpg", "/etc/cat.jpg", "..", "a/..", "..\\cat.jpg", "a\\..\\..\\cat.jpg",
        "\\\\host\\cat.jpg", "C:\\cat.jpg", "c:cat.jpg", "//host/cat.jpg"}) {
    const Outcome outcome = read(pack({{"good.jpg", picture()}, {name, picture()}}));
    EXPECT_EQ(outcome.refusal, "unsafe_name") << name;
    EXPECT_EQ(outcome.entries.size(), 1U);
  }
  EXPECT_EQ(refusal(pack({{"..cat.jpg", picture()}, {"a..b/c...jpg", picture()}})), "");
}

TEST_P(EveryPacking, ShowsNamesThatAreFitToBeShown) {
  const Outcome outcome = read(pack({{"\x1b[31mred.jpg", picture()},
                                     {"\xe2\x80\xae"
                                      "gpj.exe",
                                      picture()},
                                     {"\xff\xfe.jpg", picture()},
                                     {"K\xc3\xa4tzchen.jpg", picture()}}));
  ASSERT_EQ(outcome.refusal, "");
  ASSERT_EQ(outcome.entries.size(), 4U);
  EXPECT_EQ(outcome.entries[0].name, "?[31mred.jpg");
  EXPECT_EQ(outcome.entries[1].name, "?gpj.exe");
  EXPECT_EQ(outcome.entries[2].name.find_first_of("\xff\xfe"), std::string::npos);
  EXPECT_EQ(outcome.entries[3].name, "K\xc3\xa4tzchen.jpg");
}

TEST_P(EveryPacking, KeepsToItsLimits) {
  std::vector<ZipMember> members;
  for (std::uint64_t i = 0; i < 11; ++i) members.push_back({std::to_string(i), picture(i)});
  EXPECT_EQ(refusal(pack(members), {.max_entries = 10}), "too_many_entries");
  EXPECT_EQ(refusal(pack(members), {.max_entries = 11}), "");
  EXPECT_EQ(refusal(pack(members), {.max_entry_bytes = picture(0).size() - 1}), "entry_too_large");
  EXPECT_EQ(refusal(pack(members), {.max_total_bytes = 3 * picture(0).size()}), "total_too_large");
  EXPECT_EQ(refusal(pack({{std::string(60, 'n') + ".jpg", picture()}}), {.max_name_bytes = 63}),
            "name_too_long");
  EXPECT_EQ(refusal(pack({{std::string(60, 'n') + ".jpg", picture()}}), {.max_name_bytes = 64}), "");
}

TEST_P(EveryPacking, CutAnywhereIsRefusedOrWhole) {
  const std::string whole = pack({{"a.jpg", picture(1)}, {"b.jpg", picture(2)}, {"c.jpg", picture(3)}});
  ASSERT_EQ(refusal(whole), "");
  // Of tar the last block may be missing: one of two says that this is the end.
  const auto cut = [&](std::size_t size) {
    const Outcome outcome = read(whole.substr(0, size));
    EXPECT_TRUE(!outcome.refusal.empty() || (outcome.entries.size() == 3 && size + 512 >= whole.size()))
        << size;
  };
  for (std::size_t size = 0; size < whole.size(); size += 1 + size % 37) cut(size);
  for (std::size_t size = 0; size < whole.size(); size += 512)
    cut(size);  // between the entries of a tar archive
}

TEST_P(EveryPacking, AnArchiveOfNothingIsRefused) {
  EXPECT_EQ(refusal(pack({})), "empty");
}

TEST_F(UploadReaderTest, TakesASinglePicture) {
  const Outcome outcome = read(picture(), {}, "../a\nb.jpg");
  ASSERT_EQ(outcome.entries.size(), 1U);
  EXPECT_EQ(outcome.entries[0].name, "../a?b.jpg");
  EXPECT_EQ(as_text(outcome.entries[0].bytes), picture());
  EXPECT_EQ(refusal(picture(), {.max_entry_bytes = picture().size() - 1}), "entry_too_large");
}

TEST_F(UploadReaderTest, AFileThatIsNotThereIsAnError) {
  try {
    const UploadReader reader(folder_ / "missing", "x");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kNotFound);
  }
  EXPECT_THROW(UploadReader(folder_.path(), "x"), Error);
}

TEST_F(UploadReaderTest, LinksAndDevicesAreRefused) {
  for (const auto& [type, code] : std::vector<std::pair<char, std::string>>{{'1', "link"},
                                                                            {'2', "link"},
                                                                            {'3', "special_file"},
                                                                            {'4', "special_file"},
                                                                            {'6', "special_file"}}) {
    std::string member = tar_member("cat.jpg", "", type);
    if (type < '3') {  // where it leads; the header's sum changes with it
      const std::string target = "/etc/passwd";
      member.replace(157, target.size(), target);
      unsigned sum = 0;
      member.replace(148, 8, "        ");
      for (std::size_t i = 0; i < 512; ++i) sum += static_cast<unsigned char>(member[i]);
      member.replace(148, 8, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
    }
    EXPECT_EQ(refusal(member + tar_end()), code) << type;
    EXPECT_EQ(refusal(gzipped(member + tar_end())), code) << type;
  }
  EXPECT_EQ(refusal(zip({{.name = "cat.jpg", .content = "/etc/passwd", .method = 0, .mode = 0120777}})),
            "link");
}

TEST_F(UploadReaderTest, EncryptedAndOddlyPackedEntriesAreRefused) {
  EXPECT_EQ(refusal(zip({{.name = "cat.jpg", .content = picture(), .flags = 0x801}})), "encrypted");
  EXPECT_EQ(refusal(zip({{.name = "cat.jpg", .content = picture(), .method = 99, .flags = 0x801}})),
            "encrypted");
  for (const unsigned method : {1U, 6U, 9U, 12U, 14U, 93U, 95U, 98U, 77U}) {
    EXPECT_EQ(refusal(zip({{.name = "cat.jpg", .content = picture(), .method = method}})),
              "unsupported_archive")
        << method;
  }
}

TEST_F(UploadReaderTest, OtherArchivesAndFilesAreRefusedByTheirName) {
  const auto starting = [](std::string start) { return start + std::string(1'000, 'x'); };
  for (const char* const start : {"\xfd"
                                  "7zXZ",
                                  "\x28\xb5\x2f\xfd", "BZh9", "\x1f\x9d\x90", "7z\xbc\xaf\x27\x1c",
                                  "Rar!\x1a\x07", "MSCF", "\x04\x22\x4d\x18"}) {
    EXPECT_EQ(refusal(starting(start)), "unsupported_archive");
  }
  EXPECT_EQ(refusal(starting("%PDF-1.4\n")), "not_an_archive");
  EXPECT_EQ(refusal("<!DOCTYPE html><html></html>"), "not_an_archive");
  EXPECT_EQ(refusal("hello"), "not_an_archive");
  EXPECT_EQ(refusal(starting("hello")), "not_an_archive");
  EXPECT_EQ(refusal(std::string(100'000, 'x')), "not_an_archive");
  EXPECT_EQ(refusal(gzipped("hello")), "not_an_archive");
  EXPECT_EQ(refusal(gzipped(picture())), "not_an_archive");
  EXPECT_EQ(refusal(gzipped(pack_tar_gz({{"x.jpg", picture()}}))), "not_an_archive");  // twice
  EXPECT_EQ(refusal(gzipped(zip({{"x.jpg", picture()}}))), "not_an_archive");
  EXPECT_EQ(refusal(""), "empty");
}

TEST_F(UploadReaderTest, DamageIsRefused) {
  std::string wrong_sum = zip({{"a.jpg", picture()}});
  wrong_sum[14] = static_cast<char>(wrong_sum[14] ^ 1);
  const std::size_t directory = wrong_sum.find("PK\x01\x02");
  wrong_sum[directory + 16] = static_cast<char>(wrong_sum[directory + 16] ^ 1);
  EXPECT_EQ(refusal(wrong_sum), "corrupt");
  std::string tar = pack_tar({{"a.jpg", picture()}, {"b.jpg", picture()}});
  tar[tar.find("b.jpg")] = 'c';
  EXPECT_NE(refusal(tar), "");
  std::string packed = pack_tar_gz({{"a.jpg", picture()}});
  packed[packed.size() - 6] = static_cast<char>(packed[packed.size() - 6] ^ 1);
  EXPECT_EQ(refusal(packed), "corrupt");
}

TEST_F(UploadReaderTest, LongNamesAreRead) {
  const std::string name = "photos/" + std::string(150, 'a') + "/K\xc3\xa4tzchen.jpg";
  const std::string pax =
      tar_member("pax", test::pax_record("path=" + name), 'x') + tar_member("x", picture()) + tar_end();
  const std::string gnu =
      tar_member("././@LongLink", name + '\0', 'L') + tar_member("x", picture()) + tar_end();
  for (const std::string& archive : {pax, gnu}) {
    const Outcome outcome = read(archive);
    ASSERT_EQ(outcome.entries.size(), 1U);
    EXPECT_EQ(outcome.entries[0].name, name);
    EXPECT_EQ(refusal(archive, {.max_name_bytes = 100}), "name_too_long");
  }
}

// Flipped, cut out and doubled bytes, always the same ones: whatever comes of it, reading ends, keeps to the
// limits and does not touch memory that is not its own (which the sanitizers see).
TEST_P(EveryPacking, SurvivesWhateverIsDoneToItsBytes) {
  const std::string whole = pack({{"a.jpg", picture(1)}, {"dir/b.txt", "text"}, {"c.jpg", picture(3)}});
  const UploadLimits limits{.max_entries = 20, .max_entry_bytes = 100'000, .max_total_bytes = 1'000'000};
  std::size_t whole_reads = 0;
  for (std::uint64_t round = 0; round < 400; ++round) {
    CounterRandom random(round, whole.size());
    std::string mutant = whole;
    for (std::uint64_t i = 0; i <= random.below(6); ++i) {
      const std::size_t at = random.below(mutant.size());
      switch (random.below(4)) {
        case 0:
          mutant[at] = static_cast<char>(random.next());
          break;
        case 1:
          mutant[at] = static_cast<char>(mutant[at] ^ (1 << random.below(8)));
          break;
        case 2:
          mutant.erase(at, random.below(40));
          break;
        default:
          mutant.insert(at, mutant.substr(random.below(mutant.size()), random.below(600)));
          break;
      }
      if (mutant.empty()) mutant = "x";
    }
    const Outcome outcome = read(mutant, limits);
    EXPECT_LE(outcome.entries.size(), 20U);
    for (const UploadEntry& entry : outcome.entries) {
      EXPECT_LE(entry.bytes.size(), limits.max_entry_bytes);
      EXPECT_LE(entry.name.size(), 203U);
      EXPECT_EQ(entry.failure.has_value(), entry.bytes.empty());
    }
    whole_reads += outcome.refusal.empty() ? 1 : 0;
  }
  EXPECT_LT(whole_reads, 400U);
}

}  // namespace
}  // namespace winnow::jobs
