#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "support/drawing.hpp"
#include "support/process.hpp"
#include "support/raw_client.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/json.hpp"

namespace winnow {
namespace {

using test::Finished;
using testing::HasSubstr;
using testing::StartsWith;

// One model for all tests of this file, made by the tools themselves.
class ServeTool : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared_ = new test::TemporaryFolder;
    test::write_scene_tree(*shared_ / "train", 10);
    ASSERT_EQ(
        test::run({"winnow-train", "train", "-o", "run", "--size", "64", "-q"}, shared_->path()).exit_code,
        0);
    ASSERT_EQ(test::run({"winnow-export", "run", "-o", "scenes.onnx"}, shared_->path()).exit_code, 0);
  }
  static void TearDownTestSuite() {
    delete shared_;
    shared_ = nullptr;
  }

  static std::vector<std::string> command(const std::string& listen, std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"winnow-serve", "scenes.onnx", "--listen", listen};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  static std::uint16_t wait_for_port(test::Process& server) {
    const std::string line = server.wait_for_err("ready on http://127.0.0.1:");
    return static_cast<std::uint16_t>(std::stoi(line.substr(line.find("http://127.0.0.1:") + 17)));
  }

  static inline test::TemporaryFolder* shared_ = nullptr;
};

TEST_F(ServeTool, SaysWhereItIsAndAnswersUntilItIsStopped) {
  test::Process server(command("127.0.0.1:0"), shared_->path());
  const std::uint16_t port = wait_for_port(server);
  EXPECT_THAT(server.err(), HasSubstr(" (3 classes, 64 px)\n"));
  const std::string photo = test::read_text(*shared_ / "train/discs/000.jpg");
  const test::Reply reply =
      test::request(port, "POST", "/api/classify?top=1", photo, "Content-Type: image/jpeg\r\n");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(Json::parse(reply.body).at("label"), "discs");
  server.signal(SIGTERM);
  const Finished finished = server.wait();
  EXPECT_EQ(finished.exit_code, 0);
  EXPECT_EQ(finished.out, "");
}

TEST_F(ServeTool, AnswersWhatClassifyAnswers) {
  test::Process server(command("127.0.0.1:0"), shared_->path());
  const std::uint16_t port = wait_for_port(server);
  const Finished direct = test::run(
      {"winnow-classify", "scenes.onnx", "train/checks/001.jpg", "--format", "jsonl"}, shared_->path());
  const std::string photo = test::read_text(*shared_ / "train/checks/001.jpg");
  const Json served = Json::parse(
      test::request(port, "POST", "/api/classify?top=3", photo, "Content-Type: image/jpeg\r\n").body);
  const Json printed = Json::parse(direct.out);
  EXPECT_EQ(served.at("label"), printed.at("label"));
  EXPECT_EQ(served.at("unknown"), printed.at("unknown"));
  EXPECT_NEAR(served.at("confidence").get<double>(), printed.at("confidence").get<double>(), 1e-4);
}

TEST_F(ServeTool, ExplainsAPortThatIsTaken) {
  test::Process first(command("127.0.0.1:0"), shared_->path());
  const std::string address = "127.0.0.1:" + std::to_string(wait_for_port(first));
  const Finished second = test::run(command(address), shared_->path());
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_THAT(second.err, StartsWith("winnow-serve: " + address + ": "));
  EXPECT_EQ(std::count(second.err.begin(), second.err.end(), '\n'), 1) << second.err;
}

TEST_F(ServeTool, ExplainsModelsItCannotUse) {
  shared_->write("text.onnx", "hello");
  for (const auto& [model, message] : std::vector<std::pair<std::string, std::string>>{
           {"nowhere.onnx", "No such file or directory\n"}, {"text.onnx", "not an ONNX model"}}) {
    const Finished result = test::run({"winnow-serve", model, "--listen", "127.0.0.1:0"}, shared_->path());
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
                                             command("127.0.0.1:0", {"--max-body", "-5"}),
                                             command("127.0.0.1:0", {"--drain-seconds", "soon"}),
                                             command("127.0.0.1:0", {"--colour"})}) {
    const Finished result = test::run(words, shared_->path());
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
  }
}

}  // namespace
}  // namespace winnow
