#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support/drawing.hpp"
#include "support/fake_http_server.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/hash.hpp"
#include "winnow/image/encode.hpp"
#include "winnow/image/preprocess.hpp"
#include "winnow/scraping/collector.hpp"
#include "winnow/scraping/url_list.hpp"

namespace winnow::scraping {

// A server with pictures, a set to put them into, and a collector in a hurry between them.
class CollectorFixture : public testing::Test {
 protected:
  using Connection = test::FakeHttpServer::Connection;
  using Request = test::FakeHttpServer::Request;

  CollectorFixture() {
    client_options_.refuse = nullptr;
    client_options_.limits = {0, std::chrono::milliseconds(0)};
    client_options_.retry = {
        .retries = 1, .first_delay = std::chrono::milliseconds(5), .min_pause = std::chrono::milliseconds(5)};
  }
  ~CollectorFixture() override { ::close(log_file_); }

  static std::string jpeg(std::uint64_t seed, int width = 96, int height = 80) {
    return std::string(as_text(image::encode_jpeg(test::draw_scene("discs", seed, width, height))));
  }
  static std::string file_of(const std::string& label, const std::string& bytes) {
    return image_file_name(label, sha256_hex(as_bytes(bytes)), "jpg");
  }
  void serve_jpeg(const std::string& path, std::uint64_t seed) {
    server_.serve(path, "image/jpeg", jpeg(seed));
  }

  // Runs over lines of "label path".
  Summary collect_list(const std::vector<std::pair<std::string, std::string>>& lines) {
    std::string csv = "label,url\n";
    for (const auto& [label, path] : lines)
      csv += label + "," + (path.starts_with('/') ? server_.url(path) : path) + "\n";
    UrlList list(folder_.write("list.csv", csv), "");
    return run(list);
  }
  Summary run(CandidateSource& source) {
    net::HttpClient client(client_options_);
    ImageSetWriter set(set_);
    return collect(source, set, client, options_, context_);
  }

  std::vector<ManifestRow> rows() const {
    std::vector<ManifestRow> all;
    read_manifest(set_, [&](const ManifestRow& row) { all.push_back(row); });
    return all;
  }
  // Also while a collector is at work.
  std::size_t rows_written() const {
    std::ifstream file(set_ / "manifest.jsonl");
    const auto lines = std::count(std::istreambuf_iterator<char>(file), {}, '\n');
    return static_cast<std::size_t>(std::max<std::ptrdiff_t>(lines - 1, 0));
  }
  // path -> outcome or reason, of the last row for each.
  std::map<std::string, std::string> outcomes() const {
    std::map<std::string, std::string> found;
    for (const ManifestRow& row : rows()) {
      const Result<net::Url> url = net::Url::parse(row.url);
      found[url ? std::string(url->path()) : row.url] =
          row.reason.empty() ? std::string(outcome_name(row.outcome)) : row.reason;
    }
    return found;
  }
  std::string log() const { return test::read_text(folder_ / "log"); }

  // Nothing in the set but whole pictures that the manifest knows.
  void expect_sound() const {
    std::set<std::string> known = {"manifest.jsonl", "ATTRIBUTION.md"};
    for (const ManifestRow& row : rows()) {
      if (row.outcome != RowOutcome::kKept) continue;
      known.insert(row.file);
      EXPECT_EQ(sha256_hex(as_bytes(test::read_text(set_ / row.file))), row.sha256) << row.file;
    }
    const std::vector<std::string> files = test::list_files(set_);
    EXPECT_EQ(std::set<std::string>(files.begin(), files.end()), known);
  }

  test::TemporaryFolder folder_;
  const std::filesystem::path set_ = folder_ / "set";
  test::FakeHttpServer server_;
  net::HttpClientOptions client_options_;
  CollectOptions options_;
  int log_file_ = ::open((folder_ / "log").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  Terminal terminal_{log_file_};
  std::shared_ptr<Logger> logger_ =
      make_logger("winnow-scrape", terminal_, LogFormat::kText, spdlog::level::info);
  std::stop_source stop_;
  Context context_{*logger_, terminal_, stop_.get_token(), 2};
};

}  // namespace winnow::scraping
