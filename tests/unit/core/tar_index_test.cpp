#include "winnow/core/tar_index.hpp"

#include <gmock/gmock.h>

#include "support/tar.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/error.hpp"

namespace winnow {
namespace {

using test::pax_record;
using test::tar_end;
using test::tar_member;

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class TarIndexTest : public testing::Test {
 protected:
  // "name=content" of every file.
  std::vector<std::string> read(const std::string& bytes) {
    TarIndex index(folder_.write("a.tar", bytes));
    std::vector<std::string> files;
    while (const auto entry = index.next()) {
      files.push_back(entry->name + "=" + bytes.substr(entry->offset, entry->size));
    }
    return files;
  }
  std::string complaint(const std::string& bytes) {
    try {
      read(bytes);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalid);
      return error.what();
    }
    return "";
  }

  test::TemporaryFolder folder_;
};

TEST_F(TarIndexTest, FindsFiles) {
  EXPECT_THAT(read(tar_member("cat/", "", '5') + tar_member("cat/1.jpg", "one") +
                   tar_member("cat/2.jpg", "") + tar_member("dog/3.jpg", std::string(513, 'x')) + tar_end()),
              ElementsAre("cat/1.jpg=one", "cat/2.jpg=", "dog/3.jpg=" + std::string(513, 'x')));
  EXPECT_THAT(read(tar_end()), IsEmpty());
  EXPECT_THAT(read(tar_member("1.jpg", "one")), ElementsAre("1.jpg=one"));  // without an end mark
}

TEST_F(TarIndexTest, ReadsLongNames) {
  const std::string name = std::string(150, 'd') + "/1.jpg";
  EXPECT_THAT(read(tar_member("././@LongLink", name + '\0', 'L') + tar_member("short", "one") +
                   tar_member("2.jpg", "two") + tar_end()),
              ElementsAre(name + "=one", "2.jpg=two"));
  EXPECT_THAT(read(tar_member("PaxHeaders/1", pax_record("mtime=5") + pax_record("path=" + name), 'x') +
                   tar_member("short", "one") + tar_member("2.jpg", "two") + tar_end()),
              ElementsAre(name + "=one", "2.jpg=two"));
  std::string prefixed = tar_member("1.jpg", "");
  prefixed.replace(345, 3, "cat");
  EXPECT_THAT(complaint(prefixed), HasSubstr("is neither a folder nor a tar"));  // the sum is another now
}

TEST_F(TarIndexTest, PassesOverWhatIsNoFile) {
  std::string archive = tar_member("pax", pax_record("comment=x"), 'g');
  for (const char type : {'1', '2', '3', '4', '5', '6'}) archive += tar_member("odd", "", type);
  EXPECT_THAT(read(archive + tar_member("1.jpg", "one") + tar_end()), ElementsAre("1.jpg=one"));
}

TEST_F(TarIndexTest, RefusesWhatIsNoArchive) {
  EXPECT_THAT(complaint(""), HasSubstr("is neither a folder nor a tar archive"));
  EXPECT_THAT(complaint("short"), HasSubstr("is neither a folder nor a tar archive"));
  EXPECT_THAT(complaint(std::string(2000, 'x')), HasSubstr("is neither a folder nor a tar archive"));
  EXPECT_THAT(complaint("\x1f\x8b" + std::string(2000, 'x')), HasSubstr("is compressed; unpack it first"));
  EXPECT_THAT(complaint("\x28\xb5\x2f\xfd" + std::string(2000, 'x')), HasSubstr("is compressed"));
}

TEST_F(TarIndexTest, RefusesDamage) {
  const std::string good = tar_member("1.jpg", "one");
  std::string flipped = tar_member("2.jpg", "two");
  flipped[3] ^= 1;
  EXPECT_THAT(complaint(good + flipped + tar_end()), HasSubstr("is damaged at byte 1024"));
  EXPECT_THAT(complaint(good + tar_member("2.jpg", "two", '0', "77777777777") + tar_end()),
              HasSubstr("ends early"));
  EXPECT_THAT(complaint(good + tar_member("2.jpg", "two", '0', "9x")), HasSubstr("is damaged"));
  EXPECT_THAT(complaint(good + tar_member("2.jpg", "two", '0', std::string(12, '\xff'))),
              HasSubstr("is damaged"));
  EXPECT_THAT(complaint(good + tar_member("2.jpg", std::string(2000, 'x')).substr(0, 1000)),
              HasSubstr("ends early"));
  EXPECT_THAT(complaint(tar_member("n", std::string(1'100'000, 'n'), 'L') + good), HasSubstr("too long"));
  for (const char* pax :
       {"x", "5 a", "999 path=x\n", "0 path=x\n", "11 path x\n", "12 size=abc\n", "-5 path=x\n"}) {
    EXPECT_THAT(complaint(tar_member("pax", pax, 'x') + good), HasSubstr("damaged pax header")) << pax;
  }
  EXPECT_THAT(complaint(tar_member("pax", pax_record("size=99999999999"), 'x') + good),
              HasSubstr("ends early"));
}

TEST_F(TarIndexTest, SaysWhenItIsNotThere) {
  try {
    TarIndex index(folder_ / "none.tar");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kNotFound);
  }
}

}  // namespace
}  // namespace winnow
