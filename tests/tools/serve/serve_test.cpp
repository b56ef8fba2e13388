#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>

#include "support/built.hpp"
#include "support/colour_network.hpp"
#include "support/process.hpp"
#include "support/raw_client.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/json.hpp"
#include "winnow/image/encode.hpp"

namespace winnow {
namespace {

using test::Finished;
using testing::HasSubstr;
using testing::StartsWith;

class ServeTool : public testing::Test {
 protected:
  void SetUp() override {
    write_model("colours.onnx", {.activation_map = true});
    write_picture("red.jpg", 250, 2, 2);
    write_picture("green.jpg", 2, 250, 2);
  }

  void write_model(const std::string& name, const test::ColourNetworkOptions& options = {}) const {
    const Bytes bytes = test::colour_model(options);
    folder_.write(name, std::string(as_text(bytes)));
  }

  void write_picture(const std::string& name, int red, int green, int blue) const {
    image::Image picture(64, 48);
    for (std::size_t i = 0; i < picture.size_bytes(); i += 3) {
      picture.pixels()[i] = static_cast<std::uint8_t>(red);
      picture.pixels()[i + 1] = static_cast<std::uint8_t>(green);
      picture.pixels()[i + 2] = static_cast<std::uint8_t>(blue);
    }
    const Bytes bytes = image::encode_jpeg(picture);
    folder_.write(name, std::string(as_text(bytes)));
  }

  static std::vector<std::string> command(const std::string& listen, std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"winnow-serve", "colours.onnx", "--no-cache", "--listen", listen};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  static std::uint16_t wait_for_port(test::Process& server) {
    const std::string line = server.wait_for_err("ready on http://127.0.0.1:");
    return static_cast<std::uint16_t>(std::stoi(line.substr(line.find("http://127.0.0.1:") + 17)));
  }

  [[nodiscard]] std::string photo(const std::string& name) const { return test::read_text(folder_ / name); }

  test::TemporaryFolder folder_;
};

TEST_F(ServeTool, SaysWhereItIsAndAnswersUntilItIsStopped) {
  test::Process server(command("127.0.0.1:0"), folder_.path());
  const std::uint16_t port = wait_for_port(server);
  EXPECT_THAT(server.err(), HasSubstr(" (3 classes, 32 px)\n"));
  const test::Reply reply = test::request(port, "POST", "/api/classify?top=1", photo("red.jpg"));
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(Json::parse(reply.body).at("label"), "red");
  server.signal(SIGTERM);
  const Finished finished = server.wait();
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_EQ(finished.out, "");
}

TEST_F(ServeTool, AnswersWhatClassifyAnswers) {
  test::Process server(command("127.0.0.1:0"), folder_.path());
  const std::uint16_t port = wait_for_port(server);
  const Finished direct = test::run(
      {"winnow-classify", "colours.onnx", "green.jpg", "--no-cache", "--format", "jsonl"}, folder_.path());
  const Json served =
      Json::parse(test::request(port, "POST", "/api/classify?top=3", photo("green.jpg")).body);
  const Json printed = Json::parse(direct.out);
  EXPECT_EQ(served.at("label"), printed.at("label"));
  EXPECT_EQ(served.at("unknown"), printed.at("unknown"));
  EXPECT_NEAR(served.at("confidence").get<double>(), printed.at("confidence").get<double>(), 1e-4);
}

TEST_F(ServeTool, ServesTorchScriptAlsoAsAVersion) {
  if (!std::filesystem::exists(test::torch_engine())) GTEST_SKIP() << "this is a build without LibTorch";
  std::filesystem::create_directories(folder_ / "models/script/3");
  const Finished exported =
      test::run({"winnow-export", "--pretrained", "efficientnet_lite0", "-o", "models/script/3/model.pt"},
                folder_.path());
  ASSERT_EQ(exported.exit_code, 0) << exported.err;
  test::Process server(
      {"winnow-serve", "plain=models/script/3/model.pt", "models", "--no-cache", "--listen", "127.0.0.1:0"},
      folder_.path());
  const std::uint16_t port = wait_for_port(server);
  const auto ask = [&](const std::string& query) {
    const test::Reply reply = test::request(port, "POST", "/api/classify?top=3&" + query, photo("red.jpg"));
    EXPECT_EQ(reply.status, 200) << reply.body;
    return Json::parse(reply.body);
  };
  const Finished direct = test::run(
      {"winnow-classify", "models/script/3/model.pt", "red.jpg", "--format", "jsonl"}, folder_.path());
  const Json expected = Json::parse(direct.out);
  for (const char* query : {"model=plain", "model=script&version=3"}) {
    const Json served = ask(query);
    EXPECT_EQ(served.at("label"), expected.at("label")) << query;
    EXPECT_NEAR(served.at("confidence").get<double>(), expected.at("confidence").get<double>(), 1e-4)
        << query;
  }
}

TEST_F(ServeTool, ExplainsAPortThatIsTaken) {
  test::Process first(command("127.0.0.1:0"), folder_.path());
  const std::string address = "127.0.0.1:" + std::to_string(wait_for_port(first));
  const Finished second = test::run(command(address), folder_.path());
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_THAT(second.err, StartsWith("winnow-serve: " + address + ": "));
  EXPECT_EQ(std::count(second.err.begin(), second.err.end(), '\n'), 1) << second.err;
}

TEST_F(ServeTool, ExplainsModelsItCannotUse) {
  folder_.write("text.onnx", "hello");
  for (const auto& [model, message] : std::vector<std::pair<std::string, std::string>>{
           {"nowhere.onnx", "No such file or directory\n"}, {"text.onnx", "not an ONNX model"}}) {
    const Finished result = test::run({"winnow-serve", model, "--listen", "127.0.0.1:0"}, folder_.path());
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.err, StartsWith("winnow-serve: " + model + ": " + message));
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
  }
}

TEST_F(ServeTool, ExplainsBadUsageInOneLine) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"winnow-serve"},
                                             command("somewhere"),
                                             command("127.0.0.1:99999"),
                                             command("127.0.0.1:0", {"--queue", "0"}),
                                             command("127.0.0.1:0", {"--label", "colours:stable"}),
                                             command("127.0.0.1:0", {"--label", "colours:stable=0"}),
                                             command("127.0.0.1:0", {"--batch", "0"}),
                                             command("127.0.0.1:0", {"--max-body", "-5"}),
                                             command("127.0.0.1:0", {"--drain-seconds", "soon"}),
                                             command("127.0.0.1:0", {"--colour"})}) {
    const Finished result = test::run(words, folder_.path());
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
  }
}

TEST_F(ServeTool, SpeaksWithTheClientsOfOthers) {
  test::Process server(command("127.0.0.1:0"), folder_.path());
  const std::string address = "127.0.0.1:" + std::to_string(wait_for_port(server));
  const Finished result = test::run(
      {WINNOW_PEERS_PYTHON, WINNOW_PEERS_TEST, address, "colours", "red.jpg", "red"}, folder_.path());
  EXPECT_EQ(result.exit_code, 0) << result.err;
}

TEST_F(ServeTool, GivesPrometheusNothingToComplainAbout) {
  test::Process server(command("127.0.0.1:0"), folder_.path());
  const std::uint16_t port = wait_for_port(server);
  EXPECT_EQ(test::request(port, "POST", "/api/classify", photo("red.jpg")).status, 200);
  EXPECT_EQ(test::request(port, "GET", "/nowhere").status, 404);
  folder_.write("metrics", test::request(port, "GET", "/metrics").body);
  const std::string fetched = test::peers_python().parent_path().parent_path().parent_path();
  const Finished result = test::run(
      {"/bin/sh", "-c",
       "PATH=$1:$PATH; command -v promtool >/dev/null || exit 77; exec promtool check metrics <metrics", "sh",
       fetched},
      folder_.path());
  if (result.exit_code == 77) GTEST_SKIP() << "promtool is not here; scripts/setup.sh could not fetch it";
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out + result.err, "");
}

TEST_F(ServeTool, PutsAReplacedModelToUseWhileItAnswers) {
  test::Process server(command("127.0.0.1:0", {"--poll", "0.05"}), folder_.path());
  const std::uint16_t port = wait_for_port(server);
  folder_.write("broken", "no model");
  std::filesystem::rename(folder_ / "broken", folder_ / "colours.onnx");
  server.wait_for_err("the one before goes on answering");
  EXPECT_EQ(test::request(port, "POST", "/api/classify", photo("red.jpg")).status, 200);
  write_model("new", {.classes = 2});
  std::filesystem::rename(folder_ / "new", folder_ / "colours.onnx");
  std::size_t classes = 3;
  for (int i = 0; classes != 2 && i < 10'000; ++i) {
    const test::Reply reply = test::request(port, "POST", "/api/classify", photo("red.jpg"));
    ASSERT_EQ(reply.status, 200) << "no request fails meanwhile";
    classes = Json::parse(reply.body).at("scores").size();
  }
  EXPECT_EQ(classes, 2U);
}

TEST_F(ServeTool, DrawsWhereItLooks) {
  test::Process server(command("127.0.0.1:0"), folder_.path());
  const test::Reply reply =
      test::request(wait_for_port(server), "POST", "/api/classify?explain=1", photo("red.jpg"));
  ASSERT_EQ(reply.status, 200);
  EXPECT_THAT(Json::parse(reply.body).at("heat_map").get<std::string>(),
              StartsWith("data:image/jpeg;base64,/9j/"));
  write_model("plain.onnx");
  test::Process plain({"winnow-serve", "plain.onnx", "--no-cache", "--listen", "127.0.0.1:0"},
                      folder_.path());
  EXPECT_EQ(test::request(wait_for_port(plain), "POST", "/api/classify?explain=1", photo("red.jpg")).status,
            400);
}

TEST_F(ServeTool, WritesALineOfJsonForEachRequest) {
  test::Process server(command("127.0.0.1:0", {"--access-log", "access.jsonl"}), folder_.path());
  const std::uint16_t port = wait_for_port(server);
  test::request(port, "GET", "/healthz", "", "X-Request-Id: mine\r\n");
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait().exit_code, 0);
  EXPECT_EQ(Json::parse(test::read_text(folder_ / "access.jsonl")).at("request_id"), "mine");
  const Finished refused =
      test::run(command("127.0.0.1:0", {"--access-log", "no/such/folder"}), folder_.path());
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.err, HasSubstr("no/such/folder: No such file or directory"));
}

}  // namespace
}  // namespace winnow
