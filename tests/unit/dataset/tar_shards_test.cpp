#include "tar_shards.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/tar.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/random.hpp"

namespace winnow::dataset {
namespace {

using test::pax_record;
using test::tar_end;
using test::tar_member;
using testing::ElementsAre;
using testing::HasSubstr;

class TarShardsTest : public testing::Test {
 protected:
  Dataset open(const std::string& members) {
    const std::filesystem::path file = folder_.write("a.tar", members + tar_end());
    return open_tar_shards(file, {file});
  }
  // "path=label" of every sample.
  static std::vector<std::string> labels(const Dataset& dataset) {
    std::vector<std::string> list;
    for (const Sample& sample : dataset.samples) {
      list.push_back(sample.path + "=" + dataset.classes[static_cast<std::size_t>(sample.label)]);
    }
    return list;
  }
  static std::string content(const Dataset& dataset, std::size_t i) {
    return std::string(as_text(*dataset.read(dataset.samples.at(i))));
  }
  std::string complaint(const std::string& members) {
    try {
      (void)open(members);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalid);
      EXPECT_THAT(error.what(), HasSubstr("a.tar"));
      return error.what();
    }
    return "";
  }

  test::TemporaryFolder folder_;
};

TEST_F(TarShardsTest, TakesLabelsFromWhatStandsBesideThePicture) {
  const Dataset dataset =
      open(tar_member("2.jpg", "two") + tar_member("2.cls", "dog\n") + tar_member("1.cls", "cat") +
           tar_member("1.PNG", "one") + tar_member("3.json", R"({"class":"eel","x":[1]})") +
           tar_member("3.webp", "3") + tar_member("4.json", R"({"label":7})") + tar_member("4.gif", "4"));
  EXPECT_THAT(labels(dataset), ElementsAre("1.PNG=cat", "2.jpg=dog", "3.webp=eel", "4.gif=7"));
  EXPECT_THAT(dataset.classes, ElementsAre("7", "cat", "dog", "eel"));
  EXPECT_FALSE(dataset.has_splits);
  EXPECT_EQ(content(dataset, 0), "one");
  EXPECT_EQ(content(dataset, 1), "two");
}

TEST_F(TarShardsTest, TakesTheFolderWhereNoLabelStands) {
  EXPECT_THAT(labels(open(tar_member("pets/cat/cat.1.jpg", "1") + tar_member("pets/cat/cat.2.jpg", "2") +
                          tar_member("./pets//dog/3.jpg", "3") + tar_member("pets/list.txt", "x"))),
              ElementsAre("pets/cat/cat.1.jpg=cat", "pets/cat/cat.2.jpg=cat", "pets/dog/3.jpg=dog"));
}

TEST_F(TarShardsTest, LooksNumbersUpInTheListOfClasses) {
  const std::string members = tar_member("1.jpg", "1") + tar_member("1.cls", "1");
  EXPECT_THAT(labels(open(members)), ElementsAre("1.jpg=1"));
  folder_.write("classes.txt", "cat\ndog\n\n");
  EXPECT_THAT(labels(open(members)), ElementsAre("1.jpg=dog"));
  EXPECT_THAT(complaint(members + tar_member("2.jpg", "2") + tar_member("2.cls", "2")),
              HasSubstr("2.jpg: has label 2, but classes.txt names 2 classes"));
}

TEST_F(TarShardsTest, PrefersANameToANumber) {
  EXPECT_THAT(labels(open(tar_member("1.jpg", "1") + tar_member("1.cls", "0") +
                          tar_member("1.json", R"({"label":"cat"})") + tar_member("2.jpg", "2") +
                          tar_member("2.cls", "dog") + tar_member("2.json", R"({"label":"other"})"))),
              ElementsAre("1.jpg=cat", "2.jpg=dog"));
}

TEST_F(TarShardsTest, PassesOverCompanionsAndWhatIsHidden) {
  EXPECT_THAT(
      labels(open(tar_member("1.jpg", "1") + tar_member("1.mask.png", "m") + tar_member("1.cls", "a") +
                  tar_member("1.txt", "a cat") + tar_member(".git/2.jpg", "x") +
                  tar_member("a/._3.jpg", "x") + tar_member("README", "x"))),
      ElementsAre("1.jpg=a"));
}

TEST_F(TarShardsTest, KeepsEveryPictureOfAKey) {
  EXPECT_THAT(labels(open(tar_member("1.jpg", "1") + tar_member("1.png", "2") + tar_member("1.cls", "a"))),
              ElementsAre("1.jpg=a", "1.png=a"));
}

TEST_F(TarShardsTest, ReadsLongNamesAndPax) {
  const std::string name = std::string(120, 'd') + "/1.jpg";
  const Dataset dataset = open(tar_member("././@LongLink", name + '\0', 'L') + tar_member("short", "one") +
                               tar_member("PaxHeaders/1", pax_record("path=\xc3\xa9t\xc3\xa9/2.jpg"), 'x') +
                               tar_member("s", "two"));
  EXPECT_THAT(labels(dataset),
              ElementsAre(name + "=" + std::string(120, 'd'), "\xc3\xa9t\xc3\xa9/2.jpg=\xc3\xa9t\xc3\xa9"));
  EXPECT_EQ(content(dataset, 1), "two");
}

TEST_F(TarShardsTest, TellsShardsOfAFolderApart) {
  const std::string members = tar_member("1.jpg", "1") + tar_member("1.cls", "a") + tar_end();
  folder_.write("set/1.tar", members);
  folder_.write("set/0.TAR", members);
  folder_.write("set/.2.tar", members);
  folder_.write("set/notes.txt", "x");
  const Dataset dataset = open_tar_shards(folder_ / "set", tar_files_in(folder_ / "set"));
  EXPECT_THAT(labels(dataset), ElementsAre("0.TAR/1.jpg=a", "1.tar/1.jpg=a"));
  EXPECT_EQ(dataset.root, folder_ / "set");
}

TEST_F(TarShardsTest, RefusesNamesThatLeadOut) {
  for (const char* name : {"../1.jpg", "a/../../1.jpg", "a/.."}) {
    EXPECT_THAT(complaint(tar_member(name, "x")), HasSubstr("leads out of the archive")) << name;
  }
  EXPECT_THAT(labels(open(tar_member("/etc/1.jpg", "1"))), ElementsAre("etc/1.jpg=etc"));
  EXPECT_THAT(complaint(tar_member("1.jpg", "1") + tar_member("1.cls", "../../up")),
              HasSubstr("cannot be a label"));
}

TEST_F(TarShardsTest, RefusesWhatStandsThereTwice) {
  const std::string picture = tar_member("1.jpg", "1");
  const std::string label = tar_member("1.cls", "a");
  EXPECT_THAT(complaint(picture + label + picture), HasSubstr("1.jpg: stands there twice"));
  EXPECT_THAT(complaint(picture + label + label), HasSubstr("1.cls: stands there twice"));
  EXPECT_THAT(complaint(picture + tar_member("1.json", "{}") + tar_member("1.json", "{}")),
              HasSubstr("twice"));
}

TEST_F(TarShardsTest, RefusesPicturesWithoutLabels) {
  EXPECT_THAT(complaint(tar_member("1.jpg", "1")), HasSubstr("1.jpg: has no label"));
  EXPECT_THAT(complaint(tar_member("1.jpg", "1") + tar_member("1.json", "{")), HasSubstr("is not JSON"));
  EXPECT_THAT(complaint(tar_member("1.jpg", "1") + tar_member("1.json", "[1]")), HasSubstr("has no label"));
  EXPECT_THAT(complaint(tar_member("1.cls", std::string(2'000'000, 'x'))), HasSubstr("too long for a label"));
  EXPECT_THAT(complaint(tar_member("1.txt", "1")), HasSubstr("holds no pictures"));
  EXPECT_THAT(complaint(""), HasSubstr("holds no pictures"));
}

TEST_F(TarShardsTest, APictureMayBeGoneByThen) {
  const Dataset dataset = open(tar_member("a/1.jpg", std::string(5000, 'x')));
  EXPECT_EQ(dataset.read(dataset.samples[0], 4999).failure().code, "too_large");
  EXPECT_EQ(dataset.read({"a/2.jpg"}).failure().code, "missing");
  std::filesystem::resize_file(folder_ / "a.tar", 1000);
  EXPECT_EQ(dataset.read(dataset.samples[0]).failure().code, "unreadable");
  std::filesystem::remove(folder_ / "a.tar");
  EXPECT_EQ(dataset.read(dataset.samples[0]).failure().code, "missing");
}

// Whatever becomes of an archive, it is read or refused, and what is read lies within it.
TEST_F(TarShardsTest, SurvivesDamage) {
  const std::string whole = tar_member("a/1.jpg", std::string(700, '1')) +
                            tar_member("PaxHeaders/1", pax_record("path=b/2.jpg"), 'x') +
                            tar_member("s", "2") + tar_member("3.cls", "c") + tar_member("3.jpg", "3") +
                            tar_end();
  std::size_t refused = 0;
  for (std::uint64_t round = 0; round < 2000; ++round) {
    CounterRandom random(1, round);
    std::string damaged = whole;
    if (round % 2 == 0) {
      damaged.resize(random.below(whole.size()));
    } else {
      for (int i = 0; i < 3; ++i) damaged[random.below(whole.size())] = static_cast<char>(random.below(256));
    }
    const std::filesystem::path file = folder_.write("b.tar", damaged);
    try {
      const Dataset dataset = open_tar_shards(file, {file});
      for (const Sample& sample : dataset.samples) {
        const Result<Bytes> bytes = dataset.read(sample);
        EXPECT_LT(bytes ? bytes->size() : 0, whole.size());
      }
    } catch (const Error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 1000u);
  EXPECT_LT(refused, 2000u);
}

}  // namespace
}  // namespace winnow::dataset
