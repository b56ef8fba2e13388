// Where winnow-scrape takes pictures from, as people run it.
#include "scrape/sources.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "support/drawing.hpp"
#include "support/fake_http_server.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/image/encode.hpp"

namespace winnow::tools {
namespace {

using test::Finished;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class ScrapeSources : public testing::Test {
 protected:
  static std::string jpeg(std::uint64_t seed) {
    return std::string(as_text(image::encode_jpeg(test::draw_scene("discs", seed, 96, 80))));
  }
  void serve_jpegs(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) server_.serve(fmt::format("/{}.jpg", i), "image/jpeg", jpeg(i));
  }
  Finished scrape(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"winnow-scrape", "-o", "set", "--allow-private", "--no-politeness"});
    return test::run(arguments, folder_.path());
  }

  test::TemporaryFolder folder_;
  test::FakeHttpServer server_;
};

TEST_F(ScrapeSources, TakesPicturesFromAFolder) {
  folder_.write("photos/cat/1.jpg", jpeg(1));
  folder_.write("photos/dog/2.jpg", jpeg(2));
  folder_.write("photos/dog/3.jpg", "no picture");
  const Finished run = scrape({"--from", "photos"});
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_EQ(run.out,
            "label  found  kept  duplicates  failed\n"
            "cat        1     1           0       0\n"
            "dog        2     1           0       1\n"
            "total      3     2           0       1\n");
  EXPECT_THAT(run.err, StartsWith("winnow-scrape: photos/dog/3.jpg: "));
  EXPECT_EQ(scrape({"--from", "none", "--resume"}).err, "winnow-scrape: none: No such file or directory\n");
}

TEST_F(ScrapeSources, FollowsLinksOfASite) {
  serve_jpegs(2);
  server_.serve("/cats", "text/html", "<img src=0.jpg><a href=/more>more</a>");
  server_.serve("/more", "text/html", "<img src=1.jpg>");
  const Finished run = scrape({"--label", "cat", "--page", server_.url("/cats"), "--depth", "1"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.out, EndsWith("cat        2     2           0       0\n"));
}

TEST_F(ScrapeSources, ShortOfTheCountIsSaid) {
  serve_jpegs(2);
  folder_.write("list.txt", server_.url("/0.jpg") + "\n" + server_.url("/1.jpg") + "\n");
  const Finished run = scrape({"--urls", "list.txt", "--label", "cat", "--count", "5"});
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_EQ(
      run.err,
      "winnow-scrape: cat: 2 of 5 pictures, there are no more; try other pages or lists, with --resume\n");
}

TEST_F(ScrapeSources, MachinesShareAList) {
  std::string list;
  for (int i = 0; i < 8; ++i) {
    server_.serve(fmt::format("/{}.jpg", i), "image/jpeg", jpeg(static_cast<std::uint64_t>(i)));
    list += server_.url(fmt::format("/{}.jpg", i), fmt::format("h{}.localhost", i)) + "\n";
  }
  folder_.write("list.txt", list);
  for (const char* shard : {"1/2", "2/2"}) {
    const Finished run = scrape({"--urls", "list.txt", "--label", "cat", "--shard", shard, "--resume"});
    EXPECT_EQ(run.exit_code, 0) << run.err;
  }
  EXPECT_EQ(test::list_files(folder_ / "set" / "cat").size(), 8u);
  EXPECT_EQ(server_.count(), 8);
}

TEST_F(ScrapeSources, KeysComeFromTheConfigFile) {
  folder_.write("keys.toml", "flickr-key = \"K\"\n");
  const std::vector<std::string> search = {"--label", "cat", "--source", "flickr", "--count", "1"};
  std::vector<std::string> with_key = search;
  with_key.insert(with_key.end(), {"--config", "keys.toml"});
  EXPECT_THAT(scrape(search).err, HasSubstr("needs a key; set WINNOW_SCRAPE_FLICKR_KEY"));
  EXPECT_THAT(scrape(with_key).err, StartsWith("winnow-scrape: --contact: is needed"));
}

}  // namespace
}  // namespace winnow::tools
