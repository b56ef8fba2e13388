#include "winnow/scraping/web_dataset.hpp"

#include <gmock/gmock.h>

#include <map>
#include <set>

#include "support/recording_context.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/hash.hpp"
#include "winnow/core/json.hpp"
#include "winnow/scraping/image_set.hpp"

namespace winnow::scraping {
namespace {

using testing::ElementsAre;

// The members of a tar file: name to content. Fails the test where a header is wrong.
std::map<std::string, std::string> untar(const std::filesystem::path& path) {
  const std::string tar = test::read_text(path);
  EXPECT_EQ(tar.size() % 512, 0u);
  std::map<std::string, std::string> members;
  std::size_t at = 0;
  for (; at + 512 <= tar.size() && tar[at] != '\0';) {
    const std::string header = tar.substr(at, 512);
    EXPECT_EQ(header.substr(257, 8), std::string("ustar\0"
                                                 "00",
                                                 8));
    std::string blank = header;
    blank.replace(148, 8, 8, ' ');
    std::uint64_t sum = 0;
    for (const char c : blank) sum += static_cast<unsigned char>(c);
    EXPECT_EQ(std::stoull(header.substr(148, 7), nullptr, 8), sum);
    const std::size_t size = std::stoull(header.substr(124, 11), nullptr, 8);
    members[header.c_str()] = tar.substr(at + 512, size);
    at += 512 + (size + 511) / 512 * 512;
  }
  EXPECT_EQ(tar.size() - at, 1024u);  // two empty blocks
  return members;
}

class WebDatasetTest : public testing::Test {
 protected:
  void add(ImageSetWriter& set, const std::string& label, const std::string& pixels) {
    const std::string sha256 = sha256_hex(as_bytes(pixels));
    const std::string file = image_file_name(label, sha256, "jpg");
    set.write_image(label, file, as_bytes(pixels));
    set.append({.url = "http://a/" + pixels,
                .label = label,
                .outcome = RowOutcome::kKept,
                .file = file,
                .sha256 = sha256,
                .image_format = "jpg"});
  }
  // Ten pictures under two labels.
  void make_set() {
    ImageSetWriter set(set_);
    for (int i = 0; i < 10; ++i) add(set, i % 2 == 0 ? "dog" : "big cat", "pixels " + std::to_string(i));
  }
  ShardReport pack(const ShardOptions& options = {}, const std::string& to = "shards") {
    return write_shards(set_, folder_ / to, options, context_);
  }

  test::TemporaryFolder folder_;
  const std::filesystem::path set_ = folder_ / "set";
  test::RecordingContext context_;
};

TEST_F(WebDatasetTest, HoldsPicturesClassesAndRows) {
  make_set();
  const ShardReport report = pack();
  EXPECT_EQ(report.shards, 1u);
  EXPECT_EQ(report.samples, 10u);
  EXPECT_EQ(report.missing, 0u);
  EXPECT_THAT(test::list_files(folder_ / "shards"), ElementsAre("00000.tar", "classes.txt"));
  EXPECT_EQ(test::read_text(folder_ / "shards/classes.txt"), "big cat\ndog\n");
  const auto members = untar(folder_ / "shards/00000.tar");
  EXPECT_EQ(members.size(), 30u);
  std::set<std::string> pictures;
  for (int i = 0; i < 10; ++i) {
    const std::string key = "00000000" + std::to_string(i);
    const std::string pixels = members.at(key + ".jpg");
    pictures.insert(pixels);
    const bool is_dog = (pixels.back() - '0') % 2 == 0;
    EXPECT_EQ(members.at(key + ".cls"), is_dog ? "1" : "0");
    const Json row = Json::parse(members.at(key + ".json"));
    EXPECT_EQ(row["label"], is_dog ? "dog" : "big cat");
    EXPECT_EQ(row["url"], "http://a/" + pixels);
  }
  EXPECT_EQ(pictures.size(), 10u);
}

TEST_F(WebDatasetTest, CutsShardsBySamplesAndBytes) {
  make_set();
  EXPECT_EQ(pack({.max_samples = 4}).shards, 3u);
  EXPECT_EQ(untar(folder_ / "shards/00002.tar").size(), 6u);
  EXPECT_EQ(untar(folder_ / "shards/00001.tar").count("000000004.jpg"), 1u);
  EXPECT_EQ(pack({.max_bytes = 1}, "small").shards, 10u);
}

TEST_F(WebDatasetTest, EqualSetsMakeEqualShards) {
  make_set();
  pack();
  pack({}, "again");
  EXPECT_EQ(test::read_text(folder_ / "shards/00000.tar"), test::read_text(folder_ / "again/00000.tar"));
}

TEST_F(WebDatasetTest, CountsWhatIsGoneAndLeavesOutWhatWasRemoved) {
  make_set();
  std::vector<std::string> files = test::list_files(set_ / "dog");
  std::filesystem::remove(set_ / "dog" / files.at(0));
  folder_.write("set/dog/" + files.at(1), "other pixels");
  {
    ImageSetWriter set(set_);
    ManifestRow removed;
    read_manifest(set_, [&](const ManifestRow& row) {
      if (row.file == "dog/" + files[2]) removed = row;
    });
    removed.outcome = RowOutcome::kRemoved;
    set.append(removed);
  }
  const ShardReport report = pack();
  EXPECT_EQ(report.samples, 7u);
  EXPECT_EQ(report.missing, 2u);
}

TEST_F(WebDatasetTest, WantsASetAndAFolderOfItsOwn) {
  EXPECT_THROW(pack(), Error);
  make_set();
  folder_.write("shards/mine.txt", "mine");
  EXPECT_THROW(pack(), Error);
  EXPECT_THAT(test::list_files(folder_ / "shards"), ElementsAre("mine.txt"));
}

TEST_F(WebDatasetTest, StopsWhenAsked) {
  make_set();
  context_.request_stop();
  EXPECT_THROW(pack(), Error);
  EXPECT_TRUE(test::list_files(folder_ / "shards").empty());
}

TEST_F(WebDatasetTest, AnEmptySetMakesNoShard) {
  { const ImageSetWriter set(set_); }
  EXPECT_EQ(pack().shards, 0u);
  EXPECT_EQ(test::read_text(folder_ / "shards/classes.txt"), "");
}

}  // namespace
}  // namespace winnow::scraping
