// What winnow-scrape does with a set that is there.
#include "scrape_fixture.hpp"

namespace winnow::tools {
namespace {

using test::Finished;
using testing::EndsWith;
using testing::HasSubstr;

class MaintenanceTest : public ScrapeFixture {
 protected:
  void make_set() {
    serve_jpegs(3);
    ASSERT_EQ(scrape({"--urls", list_of(3), "--label", "cat", "--same-bits", "-1"}).exit_code, 0);
  }
  std::string file_of(std::uint64_t seed) const {
    return scraping::image_file_name("cat", sha256_hex(as_bytes(jpeg(seed))), "jpg");
  }
};

TEST_F(MaintenanceTest, VerifiesASet) {
  make_set();
  Finished run = scrape_plain({"--verify"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.out, "");
  EXPECT_EQ(run.err, "winnow-scrape: 3 pictures checked, 0 problems\n");
  std::filesystem::remove(set() / file_of(1));
  run = scrape_plain({"--verify"});
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_EQ(run.out, file_of(1) + ": cannot be read: No such file or directory\n");
}

TEST_F(MaintenanceTest, RemovesWhatAListNames) {
  make_set();
  folder_.write("gone.txt", "# asked for by mail\n" + server_.url("/1.jpg") + "\n\nhttp://elsewhere/\n");
  const Finished run = scrape_plain({"--remove-list", "gone.txt"});
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_EQ(run.err,
            "winnow-scrape: http://elsewhere/: no picture of the set goes by this; passed over\n"
            "winnow-scrape: 1 picture removed\n");
  EXPECT_FALSE(std::filesystem::exists(set() / file_of(1)));
  const Finished resumed = scrape({"--urls", list_of(3), "--label", "cat", "--same-bits", "-1", "--resume"});
  EXPECT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_THAT(resumed.out, EndsWith("cat        2     2           0       0\n"));
  EXPECT_EQ(server_.count("/1.jpg"), 1);
}

TEST_F(MaintenanceTest, PacksASet) {
  make_set();
  Finished run = scrape_plain({"--shards", "shards"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.err, "winnow-scrape: 3 pictures in 1 shard\n");
  EXPECT_THAT(test::list_files(folder_ / "shards"), testing::ElementsAre("00000.tar", "classes.txt"));
  run = scrape_plain({"--shards", "shards"});
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_EQ(run.err, "winnow-scrape: shards: is not empty; shards need a folder of their own\n");
}

TEST_F(MaintenanceTest, MergesSets) {
  make_set();
  std::filesystem::rename(set(), folder_ / "part");
  Finished run = scrape_plain({"--merge", "part", "--same-bits", "-1"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.err, "winnow-scrape: 3 pictures added, 0 already there\n");
  run = scrape_plain({"--merge", "part", "--merge", "part"});
  EXPECT_EQ(run.err, "winnow-scrape: 0 pictures added, 0 already there\n");
  EXPECT_EQ(scrape_plain({"--verify"}).exit_code, 0);
  std::filesystem::remove(folder_ / "part" / file_of(1));
  std::filesystem::remove_all(set());
  run = scrape_plain({"--merge", "part", "--same-bits", "-1"});
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_THAT(run.err, testing::HasSubstr(file_of(1) + ": is missing or not what was fetched; skipped\n"));
  run = scrape_plain({"--merge", "nowhere"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.err, "winnow-scrape: nowhere: is no image set; it has no manifest.jsonl\n");
}

TEST_F(MaintenanceTest, WantsASetAndNothingElse) {
  Finished run = scrape_plain({"--verify"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.err, "winnow-scrape: set: is no image set; it has no manifest.jsonl\n");
  make_set();
  run = scrape_plain({"--remove-list", "none.txt"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.err, "winnow-scrape: none.txt: No such file or directory\n");
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--verify", "--remove-list", "x"},
        {"--verify", "--urls", "x"},
        {"--shards", "x", "--page", "http://a/"}}) {
    run = scrape_plain(arguments);
    EXPECT_EQ(run.exit_code, 2);
    EXPECT_THAT(run.err, HasSubstr("--verify, --remove-list, --shards and --merge stand alone"));
  }
}

}  // namespace
}  // namespace winnow::tools
