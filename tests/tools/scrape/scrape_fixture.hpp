#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "support/drawing.hpp"
#include "support/fake_http_server.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/hash.hpp"
#include "winnow/image/encode.hpp"
#include "winnow/scraping/image_set.hpp"

namespace winnow::tools {

// winnow-scrape in a folder of its own, and a server for it.
class ScrapeFixture : public testing::Test {
 protected:
  using Connection = test::FakeHttpServer::Connection;
  using Request = test::FakeHttpServer::Request;

  static std::string jpeg(std::uint64_t seed, int width = 96, int height = 80) {
    return std::string(as_text(image::encode_jpeg(test::draw_scene("discs", seed, width, height))));
  }
  void serve_jpegs(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) server_.serve(fmt::format("/{}.jpg", i), "image/jpeg", jpeg(i));
  }
  // A list of the first `count` pictures.
  std::string list_of(int count) const {
    std::string lines;
    for (int i = 0; i < count; ++i) lines += server_.url(fmt::format("/{}.jpg", i)) + "\n";
    return folder_.write("list.txt", lines).string();
  }
  static std::vector<std::string> command(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"winnow-scrape", "-o", "set", "--allow-private", "--no-politeness"});
    return arguments;
  }
  test::Finished scrape(const std::vector<std::string>& arguments) const {
    return test::run(command(arguments), folder_.path());
  }
  test::Finished scrape_plain(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"winnow-scrape", "-o", "set"});
    return test::run(arguments, folder_.path());
  }

  std::filesystem::path set() const { return folder_ / "set"; }
  // Fails the test unless everything in the set is whole and known; returns the number of pictures kept.
  std::size_t kept() const {
    std::set<std::string> known = {"manifest.jsonl", "ATTRIBUTION.md"};
    scraping::read_manifest(set(), [&](const scraping::ManifestRow& row) {
      if (row.outcome != scraping::RowOutcome::kKept) return;
      known.insert(row.file);
      EXPECT_EQ(sha256_hex(as_bytes(test::read_text(set() / row.file))), row.sha256) << row.file;
    });
    for (const std::string& file : test::list_files(set())) EXPECT_EQ(known.count(file), 1u) << file;
    return known.size() - 2;
  }

  // Also while the tool is at work.
  std::size_t rows_written() const {
    std::ifstream file(set() / "manifest.jsonl");
    const auto lines = std::count(std::istreambuf_iterator<char>(file), {}, '\n');
    return static_cast<std::size_t>(std::max<std::ptrdiff_t>(lines - 1, 0));
  }

  test::TemporaryFolder folder_;
  test::FakeHttpServer server_;
};

}  // namespace winnow::tools
