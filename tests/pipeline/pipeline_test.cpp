// The whole way, from a gallery on the web to answers on the web, by the tools as a person would use them.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <sstream>

#include "support/drawing.hpp"
#include "support/fake_http_server.hpp"
#include "support/process.hpp"
#include "support/raw_client.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/bytes.hpp"
#include "winnow/core/json.hpp"
#include "winnow/image/encode.hpp"

namespace winnow {
namespace {

using test::Finished;
using testing::HasSubstr;

constexpr int kPicturesPerKind = 24;

std::string draw_jpeg(const std::string& kind, std::uint64_t seed) {
  return std::string(as_text(image::encode_jpeg(test::draw_scene(kind, seed))));
}

// Two pages of thumbnails for each kind of scene; among the pictures one copy, one cut short, and one web
// page.
void put_up_gallery(test::FakeHttpServer& server) {
  for (const std::string& kind : test::scene_kinds()) {
    std::string pages[2];
    for (int i = 0; i < kPicturesPerKind; ++i) {
      const std::string name = fmt::format("/{}/{:02}.jpg", kind, i);
      server.serve(name, "image/jpeg", draw_jpeg(kind, static_cast<std::uint64_t>(i)));
      pages[i % 2] += fmt::format("<a href=\"{0}\"><img src=\"{0}\" alt=\"\"></a>\n", name);
    }
    pages[1] +=
        fmt::format("<img src=\"/{0}/copy.jpg\"><img src=\"/{0}/cut.jpg\"><img src=\"/{0}/page.jpg\">", kind);
    server.serve("/" + kind + "/copy.jpg", "image/jpeg", draw_jpeg(kind, 3));
    server.serve("/" + kind + "/cut.jpg", "image/jpeg", draw_jpeg(kind, 500).substr(0, 2000));
    server.serve("/" + kind + "/page.jpg", "image/jpeg", "<!doctype html><html><body>gone</body></html>");
    server.serve("/" + kind + "/", "text/html",
                 pages[0] + "<a rel=\"next\" href=\"/" + kind + "/2\">more</a>");
    server.serve("/" + kind + "/2", "text/html", pages[1]);
  }
}

std::vector<Json> parse_rows(const std::string& jsonl) {
  std::vector<Json> rows;
  std::istringstream lines(jsonl);
  for (std::string line; std::getline(lines, line);) rows.push_back(Json::parse(line));
  return rows;
}

std::uint16_t port_in(const std::string& ready_line) {
  const std::size_t at = ready_line.find("http://127.0.0.1:");
  return static_cast<std::uint16_t>(std::stoi(ready_line.substr(at + 17)));
}

TEST(Pipeline, LeadsFromAGalleryToAnswersOnTheWeb) {
  const test::TemporaryFolder folder;
  test::FakeHttpServer gallery;
  put_up_gallery(gallery);

  std::vector<std::string> scrape = {"winnow-scrape", "-o", "set", "--allow-private", "--no-politeness"};
  for (const std::string& kind : test::scene_kinds()) {
    scrape.insert(scrape.end(), {"--label", kind, "--page", gallery.url("/" + kind + "/")});
  }
  const Finished scraped = test::run(scrape, folder.path());
  EXPECT_EQ(scraped.exit_code, 3) << scraped.err;  // two of each kind are no images
  EXPECT_THAT(scraped.err, HasSubstr("not an image (HTML page)"));

  const Finished curated =
      test::run({"winnow-curate", "set", "-o", "curated.jsonl", "--report", "curate.html"}, folder.path());
  EXPECT_EQ(curated.exit_code, 0) << curated.err;
  EXPECT_THAT(curated.out, HasSubstr("leaks between splits: 0\n"));

  const Finished trained =
      test::run({"winnow-train", "curated.jsonl", "-o", "run", "--size", "96"}, folder.path());
  ASSERT_EQ(trained.exit_code, 0) << trained.err;

  const Finished exported = test::run({"winnow", "export", "run", "-o", "scenes.onnx"}, folder.path());
  ASSERT_EQ(exported.exit_code, 0) << exported.err;

  const Finished classified = test::run(
      {"winnow-classify", "scenes.onnx", "--expect", "curated.jsonl", "--split", "test", "--format", "jsonl"},
      folder.path());
  EXPECT_EQ(classified.exit_code, 0) << classified.err;
  const std::vector<Json> answers = parse_rows(classified.out);
  ASSERT_GE(answers.size(), 12u);
  std::size_t right = 0;
  for (const Json& answer : answers) right += answer["label"] == answer["expected"] ? 1 : 0;
  EXPECT_GE(right * 10, answers.size() * 9);

  test::Process server({"winnow-serve", "scenes.onnx", "--listen", "127.0.0.1:0"}, folder.path());
  const std::uint16_t port = port_in(server.wait_for_err("ready on http://127.0.0.1:"));
  EXPECT_EQ(test::request(port, "GET", "/healthz").status, 200);
  EXPECT_EQ(test::request(port, "GET", "/readyz").status, 200);
  EXPECT_THAT(test::request(port, "GET", "/").body, HasSubstr("winnow"));
  const Json& expected = answers.front();
  const std::string photo = test::read_text(folder / expected["path"].get<std::string>());
  const test::Reply reply =
      test::request(port, "POST", "/api/classify", photo, "Content-Type: image/jpeg\r\n");
  EXPECT_EQ(reply.status, 200);
  const Json served = Json::parse(reply.body);
  EXPECT_EQ(served["label"], expected["label"]);
  EXPECT_NEAR(served["confidence"].get<double>(), expected["confidence"].get<double>(), 1e-3);
  EXPECT_EQ(served["verdict"], expected["verdict"]);
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait().exit_code, 0);
}

}  // namespace
}  // namespace winnow
