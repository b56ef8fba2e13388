#include "winnow/scraping/disk_source.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "collector_fixture.hpp"
#include "support/tar.hpp"

namespace winnow::scraping {
namespace {

using test::tar_end;
using test::tar_member;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class DiskSourceTest : public CollectorFixture {
 protected:
  // "label: name" of every picture, the name without the folder of the test.
  std::vector<std::string> list(const std::filesystem::path& path, const std::string& label = "") {
    DiskSource source(path, label);
    std::vector<std::string> all;
    while (const auto finding = source.next({})) {
      EXPECT_EQ(finding->candidate.source, "disk");
      all.push_back(finding->candidate.label + ": " +
                    finding->candidate.url.substr(path.string().size() + 1));
    }
    EXPECT_EQ(source.expected(), all.size());
    return all;
  }
  std::string complaint(const std::filesystem::path& path, ErrorKind kind) {
    try {
      list(path);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind) << error.what();
      return error.what();
    }
    return "";
  }
};

TEST_F(DiskSourceTest, FoldersNameLabels) {
  for (const char* name : {"in/dog/2.JPG", "in/cat/1.jpg", "in/cat/note.txt", "in/.hidden/3.jpg",
                           "in/cat/.4.jpg", "in/train/big dog/5.webp", "in/manifest.jsonl"}) {
    folder_.write(name, "x");
  }
  EXPECT_THAT(list(folder_ / "in"),
              ElementsAre("cat: cat/1.jpg", "dog: dog/2.JPG", "big dog: train/big dog/5.webp"));
}

TEST_F(DiskSourceTest, FilesAtTheTopNeedALabel) {
  folder_.write("in/1.jpg", "x");
  EXPECT_THAT(list(folder_ / "in", "cat"), ElementsAre("cat: 1.jpg"));
  EXPECT_THAT(complaint(folder_ / "in", ErrorKind::kUsage), HasSubstr("in/1.jpg: has no label"));
}

TEST_F(DiskSourceTest, ReadsArchives) {
  const auto path = folder_.write("a.tar", tar_member("./cat/1.jpg", "x") + tar_member("dog/2.png", "y") +
                                               tar_member("cat/.3.jpg", "z") + tar_member("top.jpg", "t") +
                                               tar_member("cat/1.json", "{}") + tar_end());
  EXPECT_THAT(list(path, "other"), ElementsAre("cat: ./cat/1.jpg", "dog: dog/2.png", "other: top.jpg"));
}

TEST_F(DiskSourceTest, LabelsFromArchivesCannotLeadOut) {
  EXPECT_THAT(complaint(folder_.write("a.tar", tar_member("../1.jpg", "x") + tar_end()), ErrorKind::kUsage),
              HasSubstr("a label cannot begin with a dot"));
  EXPECT_THAT(complaint(folder_.write("b.tar", tar_member("a\\b/1.jpg", "x") + tar_end()), ErrorKind::kUsage),
              HasSubstr("a label cannot"));
}

TEST_F(DiskSourceTest, SaysWhatIsNoSource) {
  EXPECT_THAT(complaint(folder_ / "none", ErrorKind::kNotFound), HasSubstr("No such file"));
  EXPECT_THAT(complaint(folder_.write("a.zip", "PK"), ErrorKind::kInvalid),
              HasSubstr("neither a folder nor"));
  std::filesystem::create_directory(folder_ / "empty");
  EXPECT_THAT(list(folder_ / "empty"), IsEmpty());
}

TEST_F(DiskSourceTest, PassesOverWhatIsNoFile) {
  std::filesystem::create_directories(folder_ / "in" / "cat" / "folder.jpg");
  std::filesystem::create_symlink("nowhere", folder_ / "in" / "cat" / "link.jpg");
  ASSERT_EQ(::mkfifo((folder_ / "in" / "cat" / "pipe.jpg").c_str(), 0600), 0);
  EXPECT_THAT(list(folder_ / "in"), IsEmpty());
}

TEST_F(DiskSourceTest, StopsWhenAsked) {
  folder_.write("in/cat/1.jpg", "x");
  DiskSource source(folder_ / "in", "");
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(source.next(stop.get_token()));
}

TEST_F(DiskSourceTest, IsCollectedLikeAnythingElse) {
  folder_.write("in/cat/1.jpg", jpeg(1));
  folder_.write("in/cat/2.jpg", jpeg(1));
  folder_.write("in/cat/3.jpg", "no picture");
  folder_.write("in/dog/4.jpg", jpeg(4, 400, 400));
  folder_.write("in/dog/5.jpg", jpeg(5));
  options_.max_bytes = jpeg(4, 400, 400).size() - 1;
  context_.threads = 1;
  DiskSource source(folder_ / "in", "");
  const Summary summary = run(source);
  EXPECT_EQ(summary.total().kept, 2u);
  EXPECT_EQ(summary.total().duplicates, 1u);
  EXPECT_EQ(summary.total().failed_by_reason.at("not_an_image"), 1u);
  EXPECT_EQ(summary.total().failed_by_reason.at("too_large"), 1u);
  expect_sound();
  DiskSource again(folder_ / "in", "");
  EXPECT_EQ(run(again).total().kept, 2u);
}

TEST_F(DiskSourceTest, CollectsFromArchives) {
  std::string archive;
  for (std::uint64_t i = 0; i < 20; ++i) archive += tar_member(fmt::format("cat/{}.jpg", i), jpeg(i));
  options_.count = 12;
  DiskSource source(folder_.write("a.tar", archive + tar_end()), "");
  EXPECT_EQ(run(source).total().kept, 12u);
  EXPECT_EQ(server_.count(), 0);
  expect_sound();
}

}  // namespace
}  // namespace winnow::scraping
