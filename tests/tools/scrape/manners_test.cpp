// What winnow-scrape leaves alone because it was asked to.
#include <signal.h>

#include <chrono>
#include <thread>

#include "scrape_fixture.hpp"
#include "support/encoders.hpp"

namespace winnow::tools {
namespace {

using test::Finished;
using testing::HasSubstr;

class MannersTest : public ScrapeFixture {
 protected:
  MannersTest() {
    serve_jpegs(1);
    server_.serve("/robots.txt", "text/plain", "User-agent: winnow-scrape\nDisallow: /0\n");
  }
  Finished scrape_politely(const std::vector<std::string>& paths) const {
    std::string lines;
    for (const std::string& path : paths) lines += server_.url(path) + "\n";
    folder_.write("list.txt", lines);
    return scrape_plain({"--urls", "list.txt", "--label", "cat", "--allow-private"});
  }
};

TEST_F(MannersTest, RobotsTxtIsKept) {
  const Finished run = scrape_politely({"/0.jpg"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_EQ(run.err, "winnow-scrape: " + server_.url("/0.jpg") +
                         ": is closed to crawlers by the robots.txt of its host; skipped\n"
                         "winnow-scrape: set: nothing was kept of 1 found (1 robots)\n");
  EXPECT_EQ(server_.count("/0.jpg"), 0);
}

TEST_F(MannersTest, PicturesMayOptOut) {
  server_.route("/1.jpg", [](Connection& connection, const Request&) {
    connection.respond(200, "X-Robots-Tag: noai\r\n", jpeg(1));
  });
  EXPECT_THAT(scrape_politely({"/1.jpg"}).err, HasSubstr("is not to be collected: X-Robots-Tag: noai"));
}

TEST_F(MannersTest, OnOnesOwnServersThereIsNoNeed) {
  const Finished run = scrape({"--urls", list_of(1), "--label", "cat"});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(server_.count("/robots.txt"), 0);
}

TEST_F(MannersTest, WhatIsSaidAboutPicturesIsNotKept) {
  const auto with_exif = [](std::uint64_t seed, int orientation) {
    const image::Image picture = test::draw_scene("discs", seed, 300, 200);
    return std::string(as_text(test::with_exif(image::encode_jpeg(picture), orientation)));
  };
  server_.serve("/0.jpg", "image/jpeg", with_exif(1, 1));
  server_.serve("/1.jpg", "image/jpeg", with_exif(2, 6));
  const std::string list = list_of(2);
  EXPECT_EQ(scrape({"--urls", list, "--label", "cat"}).exit_code, 0);
  EXPECT_EQ(kept(), 2u);
  std::multiset<int> widths;
  scraping::read_manifest(set(), [&](const scraping::ManifestRow& row) {
    EXPECT_EQ(test::read_text(set() / row.file).find("Exif"), std::string::npos);
    EXPECT_EQ(row.fetched_sha256.size(), 64u);
    widths.insert(row.width);
  });
  EXPECT_EQ(widths, (std::multiset<int>{200, 300}));
  EXPECT_EQ(scrape({"--urls", list, "--label", "cat", "--resume"}).exit_code, 0);
  EXPECT_EQ(server_.count(), 2);  // known again, although their bytes have changed

  std::filesystem::remove_all(set());
  EXPECT_EQ(scrape({"--urls", list, "--label", "cat", "--max-side", "100"}).exit_code, 0);
  scraping::read_manifest(
      set(), [&](const scraping::ManifestRow& row) { EXPECT_EQ(std::max(row.width, row.height), 100); });
  std::filesystem::remove_all(set());
  EXPECT_EQ(scrape({"--urls", list, "--label", "cat", "--keep-exif"}).exit_code, 0);
  scraping::read_manifest(set(), [&](const scraping::ManifestRow& row) {
    EXPECT_NE(test::read_text(set() / row.file).find("Exif"), std::string::npos);
  });
}

TEST_F(MannersTest, LongPausesAreTold) {
  server_.route("/robots.txt", [](Connection& connection, const Request&) {
    connection.respond(503, "Retry-After: 90\r\n", "");
  });
  folder_.write("list.txt", server_.url("/1.jpg") + "\n");
  test::Process process(
      {"winnow-scrape", "-o", "set", "--urls", "list.txt", "--label", "cat", "--allow-private"},
      folder_.path());
  while (server_.count("/robots.txt") == 0 && process.running())
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  process.signal(SIGINT);
  EXPECT_THAT(process.wait().err, HasSubstr("winnow-scrape: 127.0.0.1 asks to be left alone for 1:30\n"));
}

}  // namespace
}  // namespace winnow::tools
