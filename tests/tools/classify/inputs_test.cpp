#include "classify_fixture.hpp"
#include "support/fake_http_server.hpp"

namespace winnow {
namespace {

using test::Finished;
using testing::HasSubstr;

TEST_F(ClassifyTool, ReadsAnImageFromStandardInput) {
  const Finished piped = classify_in_shell("", "- --format jsonl < new/green/0.jpg");
  EXPECT_EQ(piped.exit_code, 0) << piped.err;
  const Json row = Json::parse(piped.out);
  EXPECT_EQ(row["path"], "-");
  EXPECT_EQ(row["label"], "green");
  EXPECT_EQ(labels_of(classify_in_shell("", "new/red - --format jsonl < new/blue/0.jpg").out),
            "red red blue");
  EXPECT_EQ(classify_in_shell("echo hello | ", "-").exit_code, 1);
}

TEST_F(ClassifyTool, ReadsNamesFromAList) {
  folder_.write("names.txt", "new/red/1.jpg\n\n  new/blue  \r\nnew/gr*/0.jpg\n");
  EXPECT_EQ(labels_of(classify({"@names.txt", "--format", "jsonl"}).out), "red blue blue green");
  EXPECT_EQ(labels_of(classify_in_shell("ls new/*/0.jpg | ", "@- --format jsonl").out), "blue green red");
  EXPECT_EQ(classify({"@nowhere.txt"}).exit_code, 1);
}

TEST_F(ClassifyTool, ExpandsPatternsThatTheShellDidNot) {
  paint("new/deep/down/below/green.jpg", 40, 200, 40);
  EXPECT_EQ(labels_of(classify({"new/**/0.jpg", "new/deep/**/*.jpg", "--format", "jsonl"}).out),
            "blue green red green");
  paint("new/[odd]*.jpg", 200, 40, 40);
  EXPECT_EQ(labels_of(classify({"new/[odd]*.jpg", "--format", "jsonl"}).out), "red");
  const Finished nothing = classify({"new/*.tif"});
  EXPECT_EQ(nothing.exit_code, 1);
  EXPECT_EQ(nothing.err, "winnow-classify: new/*.tif: no file matches this pattern\n");
}

TEST_F(ClassifyTool, FetchesOnlyWhenAsked) {
  test::FakeHttpServer server;
  server.serve("/red.jpg", "image/jpeg", test::read_text(folder_ / "new/red/0.jpg"));
  server.serve("/page", "text/html", "<!doctype html>");
  server.redirect("/moved", "/red.jpg");
  const Finished refused = classify({server.url("/red.jpg")});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("is an address; add --fetch to have it fetched\n"));
  const Finished loopback = classify({server.url("/red.jpg"), "--fetch"});
  EXPECT_EQ(loopback.exit_code, 1);
  EXPECT_THAT(loopback.err, HasSubstr("a loopback address"));
  EXPECT_EQ(server.count(), 0);

  const Finished result =
      classify({"new/blue/0.jpg", server.url("/moved"), server.url("/none"), server.url("/page"),
                "http://[bad", "--fetch", "--allow-private", "--format", "jsonl", "--sort-into", "sorted"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(labels_of(result.out), "blue red");
  EXPECT_EQ(rows_of(result.out)[1]["path"], server.url("/moved"));
  EXPECT_THAT(result.err, HasSubstr(server.url("/none") + ": the server answers 404"));
  EXPECT_THAT(result.err, HasSubstr(server.url("/page") + ": not an image (HTML page); skipped"));
  EXPECT_THAT(result.err, HasSubstr("http://[bad: "));
  EXPECT_EQ(server.count("/robots.txt"), 0);
  EXPECT_TRUE(std::filesystem::exists(folder_ / "sorted/red/red.jpg"));
}

TEST_F(ClassifyTool, FilesPicturesByLabelAndNeverReplacesOne) {
  paint("night.jpg", 20, 10, 10);
  folder_.write("sorted/red/0.jpg", "somebody else's");
  const std::vector<std::string> arguments = {"new", "night.jpg", "--sort-into", "sorted", "-q"};
  ASSERT_EQ(classify(arguments).exit_code, 0);
  const std::vector<std::string> filed = test::list_files(folder_ / "sorted");
  EXPECT_THAT(filed,
              testing::ElementsAre("blue/0.jpg", "blue/1.jpg", "green/0.jpg", "green/1.jpg",
                                   "none_of_these/night.jpg", "red/0-2.jpg", "red/0.jpg", "red/1.jpg"));
  EXPECT_EQ(test::read_text(folder_ / "sorted/red/0.jpg"), "somebody else's");
  EXPECT_TRUE(std::filesystem::equivalent(folder_ / "sorted/blue/1.jpg", folder_ / "new/blue/1.jpg"));
  EXPECT_EQ(test::list_files(folder_ / "new").size(), 6u);

  EXPECT_EQ(classify({"new", "night.jpg", "--sort-into", "sorted"}).err,
            "winnow-classify: filed into sorted: blue 2, green 2, none_of_these 1, red 2 (7 were there)\n");
  EXPECT_EQ(test::list_files(folder_ / "sorted"), filed);
}

TEST_F(ClassifyTool, FilesUnderNamesThatAFileSystemTakes) {
  write("foreign.onnx", test::colour_network({.softmax = false}));
  folder_.write("labels.txt", "../up\n.._up\nnone_of_these\n");
  ASSERT_EQ(
      classify_with("foreign.onnx", {"new", "--labels", "labels.txt", "--sort-into", "sorted"}).exit_code, 0);
  EXPECT_THAT(test::list_files(folder_ / "sorted"),
              testing::ElementsAre("_._up-2/0.jpg", "_._up-2/1.jpg", "_._up/0.jpg", "_._up/1.jpg",
                                   "none_of_these-2/0.jpg", "none_of_these-2/1.jpg"));
}

TEST_F(ClassifyTool, SaysWhereItCannotFile) {
  folder_.write("sorted", "a file");
  const Finished result = classify({"new", "--sort-into", "sorted"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("winnow-classify: sorted/blue: cannot create the folder: "));
}

}  // namespace
}  // namespace winnow
