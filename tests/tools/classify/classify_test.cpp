#include "classify_fixture.hpp"
#include "support/tar.hpp"

namespace winnow {
namespace {

using test::Finished;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

TEST_F(ClassifyTool, AnswersForAFolderAsJsonLines) {
  const Finished result = classify({"new", "--format", "jsonl", "--top", "2"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(labels_of(result.out), "blue blue green green red red");
  const std::vector<Json> rows = rows_of(result.out);
  std::vector<std::string> keys;
  for (const auto& [key, value] : rows[0].items()) keys.push_back(key);
  EXPECT_THAT(keys, ElementsAre("path", "label", "confidence", "verdict", "unknown", "scores"));
  EXPECT_EQ(rows[0]["path"], "new/blue/0.jpg");
  for (const Json& row : rows) {
    ASSERT_EQ(row["scores"].size(), 2u);
    EXPECT_EQ(row["scores"][0]["label"], row["label"]);
    EXPECT_GE(row["scores"][0]["score"].get<double>(), row["scores"][1]["score"].get<double>());
  }
}

TEST_F(ClassifyTool, GivesTheSameAnswersInEveryForm) {
  const std::vector<Json> rows = rows_of(classify({"new", "--format", "jsonl"}).out);
  const Json array = Json::parse(classify({"new", "--format", "json"}).out);
  ASSERT_EQ(array.size(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(array[i], rows[i]);

  const std::string csv = classify({"new", "--format", "csv"}).out;
  EXPECT_THAT(csv, StartsWith("path,label,confidence,verdict,unknown\r\nnew/blue/0.jpg,blue,"));
  EXPECT_EQ(lines_of(csv), 7);

  const std::string table = classify({"new"}).out;
  for (const Json& row : rows) {
    EXPECT_THAT(table, testing::ContainsRegex(row["path"].get<std::string>() + " +" +
                                              row["label"].get<std::string>()));
  }
}

TEST_F(ClassifyTool, SaysNoneOfTheseToAPictureUnlikeAll) {
  paint("night.jpg", 20, 10, 10);
  const Json row = Json::parse(classify({"night.jpg", "--format", "jsonl"}).out);
  EXPECT_TRUE(row["unknown"].get<bool>());
  EXPECT_EQ(row["verdict"], "none_of_these");
}

TEST_F(ClassifyTool, CountsWhatIsRightByClass) {
  paint("new/red/2.jpg", 40, 200, 40);
  paint("new/none_of_these/night.jpg", 20, 10, 10);
  paint("new/none_of_these/day.jpg", 40, 40, 200);
  const Finished result = classify({"--expect", "new", "--format", "jsonl"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.err, StartsWith("winnow-classify: 7 of 9 right: 77.8 % (95 % interval "));
  EXPECT_THAT(result.err,
              HasSubstr("\nwinnow-classify: none_of_these: 1 of 2 right: 50.0 %, 1 taken for blue\n"
                        "winnow-classify: red: 2 of 3 right: 66.7 %, 1 taken for green\n"
                        "winnow-classify: blue: 2 of 2 right: 100.0 %\n"));
  for (const Json& row : rows_of(result.out)) {
    EXPECT_THAT(row["path"].get<std::string>(), HasSubstr("new/" + row["expected"].get<std::string>() + "/"));
  }
  EXPECT_THAT(classify({"--expect", "new"}).out, HasSubstr("(expected red)"));
}

TEST_F(ClassifyTool, TakesOneSplitOfACuratedManifest) {
  std::string manifest = R"({"format":"winnow-curated","version":1,"root":"new"})"
                         "\n";
  int group = 0;
  for (const char* row :
       {"blue/0 train", "blue/1 test", "green/0 test", "green/1 train", "red/0 train", "red/1 val"}) {
    const std::string text(row);
    const std::string path = text.substr(0, text.find(' '));
    manifest += to_line({{"path", path + ".jpg"},
                         {"label", path.substr(0, path.find('/'))},
                         {"keep", true},
                         {"sha256", std::string(64, 'a')},
                         {"width", 40},
                         {"height", 30},
                         {"group", group++},
                         {"split", text.substr(text.find(' ') + 1)}}) +
                "\n";
  }
  manifest += R"({"summary":{}})"
              "\n";
  folder_.write("curated.jsonl", manifest);
  const Finished result = classify({"--expect", "curated.jsonl", "--split", "test", "--format", "jsonl"});
  EXPECT_EQ(labels_of(result.out), "blue green") << result.err;
  EXPECT_THAT(result.err, HasSubstr("2 of 2 right"));
}

TEST_F(ClassifyTool, SetsTwoModelsSideBySide) {
  write("other.onnx", test::colour_model({.classes = 2}));  // knows no blue
  const Finished result = classify({"new", "--compare", "other.onnx", "--format", "jsonl"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.err, "winnow-classify: 4 of 6 answers agree\n");
  const std::vector<Json> rows = rows_of(result.out);
  ASSERT_EQ(rows.size(), 6u);
  EXPECT_EQ(rows[0]["label"], "blue");
  EXPECT_NE(rows[0]["other"]["label"], "blue");
  EXPECT_FALSE(rows[0]["other"].contains("path"));
  EXPECT_FALSE(rows[0]["agree"].get<bool>());
  EXPECT_TRUE(rows[5]["agree"].get<bool>());

  const std::string table = classify({"new", "--compare", "other.onnx"}).out;
  EXPECT_THAT(table, testing::ContainsRegex("new/blue/0.jpg +blue .* != +[a-z]+ "));
  EXPECT_THAT(table, testing::ContainsRegex("new/red/0.jpg +red .* [|] +red "));
  EXPECT_THAT(classify({"new", "--compare", "other.onnx", "--format", "csv"}).out,
              AllOf(StartsWith("path,label,confidence,verdict,unknown,other_label,other_confidence,"
                               "other_verdict,other_unknown,agree\r\n"),
                    HasSubstr(",true\r\n"), HasSubstr(",false\r\n")));
}

TEST_F(ClassifyTool, TestsWhetherTwoModelsDiffer) {
  write("other.onnx", test::colour_model({.classes = 2}));
  const Finished result = classify({"--expect", "new", "--compare", "other.onnx"});
  EXPECT_THAT(result.err, HasSubstr("winnow-classify: colours.onnx: 6 of 6 right: 100.0 % ("));
  EXPECT_THAT(result.err, HasSubstr("winnow-classify: other.onnx: 4 of 6 right: 66.7 % ("));
  EXPECT_THAT(result.err,
              HasSubstr("winnow-classify: 2 right only by the first, 0 only by the other: no difference "
                        "that these pictures could show (McNemar's test, p = 0.5)\n"));
}

TEST_F(ClassifyTool, SkipsWhatItCannotReadAndExitsWith3) {
  folder_.write("new/page.jpg", "<!doctype html>");
  folder_.write("new/notes.txt", "not for us");
  const Finished result = classify({"new", "--format", "jsonl"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(rows_of(result.out).size(), 6u);
  EXPECT_EQ(result.err, "winnow-classify: new/page.jpg: not an image (HTML page); skipped\n");
}

TEST_F(ClassifyTool, FailsWhenNothingCouldBeRead) {
  const Finished result = classify({"nowhere.jpg"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr("winnow-classify: nowhere.jpg: No such file or directory; skipped\n"));
  EXPECT_THAT(result.err, HasSubstr("winnow-classify: 1 image given, none could be read\n"));
}

TEST_F(ClassifyTool, ExplainsModelsItCannotUse) {
  const std::string whole = test::read_text(folder_ / "colours.onnx");
  folder_.write("text.onnx", "hello");
  folder_.write("cut.onnx", whole.substr(0, whole.size() / 2));
  std::string newer = whole;
  newer.replace(newer.find("\"format\":1"), 10, "\"format\":9");
  folder_.write("newer.onnx", newer);
  write("foreign.onnx", test::colour_network({.softmax = false}));
  const auto expect = [&](const std::string& model, const std::string& message) {
    const Finished result = classify_with(model, {"new"});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, StartsWith("winnow-classify: " + model + ": " + message));
    EXPECT_EQ(lines_of(result.err), 1) << result.err;
  };
  expect("nowhere.onnx", "No such file or directory");
  expect("text.onnx", "not an ONNX model");
  expect("cut.onnx", "not an ONNX model, or cut short");
  expect("newer.onnx", "has format 9, this winnow reads up to 1; use a newer winnow");
  expect("foreign.onnx",
         "an ONNX model, but not one of winnow-export: its labels and preprocessing are unknown; "
         "give --labels, --mean and --scale");
  expect("new/red/0.jpg", "not an ONNX model");
}

TEST_F(ClassifyTool, TakesAForeignModelWithWhatItDoesNotSayItself) {
  using Input = test::ColourNetworkOptions::Input;
  write("foreign.onnx", test::colour_network({.input = Input::kFloatPlanes, .softmax = false}));
  folder_.write("labels.txt", "rot\ngrün\nblau\n");
  const std::vector<std::string> labelled = {"new", "--labels", "labels.txt", "--format", "jsonl"};
  const Finished refused = classify_with("foreign.onnx", labelled);
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_EQ(refused.err,
            "winnow-classify: foreign.onnx: its graph takes pixels as real numbers; say how they are "
            "scaled with --mean and --scale\n");
  std::vector<std::string> whole = labelled;
  whole.insert(whole.end(), {"--mean", "127.5", "--scale", "60,60,60"});
  EXPECT_EQ(labels_of(classify_with("foreign.onnx", whole).out), "blau blau grün grün rot rot");
  const Finished own = classify(whole);
  EXPECT_EQ(own.exit_code, 2);
  EXPECT_THAT(own.err, HasSubstr("--labels: the model says itself what its classes are"));
}

TEST_F(ClassifyTool, KeepsWhatItCompiledWhereItIsTold) {
  ASSERT_EQ(classify({"new/red/0.jpg", "--no-cache"}).exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "cache"));
  ASSERT_EQ(classify({"new/red/0.jpg"}).exit_code, 0);
  EXPECT_EQ(test::list_files(folder_ / "cache/winnow").size(), 2u);
  ASSERT_EQ(classify({"new/red/0.jpg", "--cache", "mine"}).exit_code, 0);
  EXPECT_EQ(test::list_files(folder_ / "mine").size(), 2u);
  for (const std::string& file : test::list_files(folder_ / "mine")) folder_.write("mine/" + file, "damaged");
  EXPECT_EQ(labels_of(classify({"new", "--cache", "mine", "--format", "jsonl"}).out),
            "blue blue green green red red");
}

TEST_F(ClassifyTool, ExplainsBadUsageInOneLine) {
  folder_.write("labels.txt", "a\nb\n");
  folder_.write("one.txt", "a\n");
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {},
           {"new", "--top", "0"},
           {"new", "--format", "xml"},
           {"new", "--format", "9"},
           {"new", "--split", "test"},
           {"-", "-"},
           {"-", "@-"},
           {"new", "--expect", "new"},
           {"--expect", "new", "--split", "test"},
           {"new", "--allow-private"},
           {"https://example.org/a.jpg"},
           {"new", "--mean", "1"},
           {"new", "--labels", "labels.txt", "--mean", "1"},
           {"new", "--labels", "labels.txt", "--mean", "1,2", "--scale", "1"},
           {"new", "--labels", "labels.txt", "--mean", "1", "--scale", "0"},
           {"new", "--labels", "labels.txt", "--mean", "x", "--scale", "1"},
           {"new", "--labels", "labels.txt", "--size", "2"},
           {"new", "--labels", "labels.txt", "--crop", "1.5"},
           {"new", "--labels", "labels.txt", "--fit", "stretch"},
           {"new", "--wat"}}) {
    const Finished result = classify(arguments);
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_EQ(lines_of(result.err), 1) << result.err;
    EXPECT_EQ(result.out, "");
  }
  EXPECT_EQ(classify({"new", "--labels", "one.txt"}).err,
            "winnow-classify: one.txt: needs two or more labels, one a line\n");
}

TEST_F(ClassifyTool, CountsInAnArchiveToo) {
  std::string archive;
  for (const char* name : {"red/0.jpg", "green/1.jpg", "blue/0.jpg"}) {
    archive += test::tar_member(name, test::read_text(folder_ / "new" / name));
  }
  folder_.write("set.tar", archive + test::tar_member("red/page.jpg", "<!doctype html>") + test::tar_end());
  const Finished result = classify({"--expect", "set.tar", "--format", "jsonl"});
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(labels_of(result.out), "blue green red");
  EXPECT_THAT(result.err, AllOf(HasSubstr("page.jpg: not an image (HTML page); skipped"),
                                HasSubstr("winnow-classify: 3 of 3 right")));
}

// LibTorch comes when a model needs it, and not before.
TEST_F(ClassifyTool, DoesNotLinkLibTorch) {
  const Finished linked =
      test::run({"/usr/bin/readelf", "-d", (test::built_programs() / "winnow-classify").string()});
  ASSERT_EQ(linked.exit_code, 0) << linked.err;
  EXPECT_THAT(linked.out, HasSubstr("(NEEDED)"));
  EXPECT_THAT(linked.out, testing::Not(testing::ContainsRegex("torch|c10|gomp")));
}

}  // namespace
}  // namespace winnow
