#include "winnow/serving/model_watcher.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "running_site.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/file.hpp"
#include "winnow/core/json.hpp"

namespace winnow::serving {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A model file here is the name of the class that it answers with; "bad" cannot be opened.
class ModelWatcherTest : public testing::Test {
 protected:
  using Labels = std::map<std::string, std::map<std::string, std::uint64_t>>;

  static std::unique_ptr<inference::Classifier> open(const std::filesystem::path& file) {
    const std::string content(as_text(read_file(file)));
    if (content == "bad") throw Error(ErrorKind::kInvalid, file.string(), "not a model");
    auto classifier = std::make_unique<ColourClassifier>();
    classifier->change_metadata().classes = {content, "green", "blue"};
    return classifier;
  }

  ModelWatcher watch(std::vector<ModelSource> sources, const Labels& labels = {}) {
    site_ = std::make_unique<RunningSite>(nullptr, [&](SiteOptions& options) { options.labels = labels; });
    return {std::move(sources), labels, open, *site_->operator->(), log_};
  }

  // What the model, version or label answers with.
  std::string ask(const std::string& query) {
    const Reply reply = site_->post("/api/classify?" + query, red_jpeg());
    return reply.status == 200 ? Json::parse(reply.body)["label"] : Json(std::to_string(reply.status));
  }

  // A change is taken when it has lain still for a look.
  static void settle(ModelWatcher& watcher) {
    watcher.refresh();
    watcher.refresh();
  }

  test::TemporaryFolder folder_;
  Logger log_{"test"};
  std::unique_ptr<RunningSite> site_;
};

TEST_F(ModelWatcherTest, ServesFilesUnderTheirNames) {
  folder_.write("cats.onnx", "tabby");
  folder_.write("other/pets.onnx", "poodle");
  ModelWatcher watcher = watch({{"", folder_ / "cats.onnx"}, {"dogs", folder_ / "other/pets.onnx"}});
  watcher.open_all();
  EXPECT_EQ(ask(""), "tabby");
  EXPECT_EQ(ask("model=cats"), "tabby");
  EXPECT_EQ(ask("model=dogs"), "poodle");
  EXPECT_EQ(ask("model=dogs&version=1"), "poodle");
  EXPECT_EQ(ask("model=dogs&version=2"), "404");
  EXPECT_EQ(ask("model=pets"), "404");
}

TEST_F(ModelWatcherTest, PutsAReplacedFileToUse) {
  folder_.write("cats.onnx", "tabby");
  ModelWatcher watcher = watch({{"", folder_ / "cats.onnx"}});
  watcher.open_all();
  folder_.write("new", "siamese");
  std::filesystem::rename(folder_ / "new", folder_ / "cats.onnx");
  watcher.refresh();
  EXPECT_EQ(ask(""), "tabby") << "it may still be being written";
  watcher.refresh();
  EXPECT_EQ(ask(""), "siamese");
}

TEST_F(ModelWatcherTest, KeepsTheOldOneWhereTheNewOneIsBadOrGone) {
  folder_.write("cats.onnx", "tabby");
  ModelWatcher watcher = watch({{"", folder_ / "cats.onnx"}});
  watcher.open_all();
  folder_.write("cats.onnx", "bad");
  settle(watcher);
  EXPECT_EQ(ask(""), "tabby");
  EXPECT_THAT(site_->get("/metrics").body, HasSubstr("winnow_model_load_failures_total{model=\"cats\"} 1"));
  settle(watcher);
  EXPECT_THAT(site_->get("/metrics").body, HasSubstr("winnow_model_load_failures_total{model=\"cats\"} 1"))
      << "it is not tried again and again";
  std::filesystem::remove(folder_ / "cats.onnx");
  settle(watcher);
  EXPECT_EQ(ask(""), "tabby");
  folder_.write("cats.onnx", "persian");
  settle(watcher);
  EXPECT_EQ(ask(""), "persian");
}

TEST_F(ModelWatcherTest, ServesTorchScriptWhereThereIsNoOnnxFile) {
  folder_.write("pets/1/model.pt", "script");
  ModelWatcher watcher = watch({{"", folder_ / "pets"}});
  watcher.open_all();
  EXPECT_EQ(ask(""), "script");
  folder_.write("pets/1/model.onnx", "onnx");
  settle(watcher);
  EXPECT_EQ(ask(""), "onnx");
}

TEST_F(ModelWatcherTest, ServesTheNewestVersionAndThoseWithALabel) {
  for (const std::string version : {"1", "2", "10", "07", "x", "0"})
    folder_.write("pets/" + version + "/model.onnx", "v" + version);
  folder_.write("pets/11/other.onnx", "v11");
  ModelWatcher watcher = watch({{"", folder_ / "pets"}}, {{"pets", {{"stable", 2}, {"canary", 10}}}});
  watcher.open_all();
  EXPECT_EQ(ask(""), "v10");
  EXPECT_EQ(ask("label=stable"), "v2");
  EXPECT_EQ(ask("label=canary"), "v10");
  EXPECT_EQ(ask("label=none"), "404");
  EXPECT_EQ(ask("version=1"), "404") << "it is neither";
  EXPECT_EQ(site_->get("/v1/models/pets/labels/stable").status, 200);

  folder_.write("pets/12/model.onnx", "bad");
  settle(watcher);
  EXPECT_EQ(ask(""), "v10");
  folder_.write("pets/12/model.onnx", "v12");
  settle(watcher);
  EXPECT_EQ(ask(""), "v12");
  EXPECT_EQ(ask("label=stable"), "v2");
  EXPECT_EQ(ask("version=10"), "v10") << "canary still names it";
}

TEST_F(ModelWatcherTest, DropsWhatIsSupersededAndTakesARollback) {
  folder_.write("pets/1/model.onnx", "v1");
  ModelWatcher watcher = watch({{"", folder_.path() / "pets/"}});
  watcher.open_all();
  folder_.write("pets/2/model.onnx", "v2");
  settle(watcher);
  EXPECT_EQ(ask(""), "v2");
  EXPECT_EQ(ask("version=1"), "404");
  std::filesystem::remove_all(folder_ / "pets/2");
  settle(watcher);
  EXPECT_EQ(ask(""), "v1");
}

TEST_F(ModelWatcherTest, FindsSeveralModelsInAFolder) {
  folder_.write("repo/cats/1/model.onnx", "tabby");
  folder_.write("repo/dogs/3/model.onnx", "poodle");
  folder_.write("repo/notes/readme.txt", "x");
  ModelWatcher watcher = watch({{"", folder_ / "repo"}});
  watcher.open_all();
  EXPECT_EQ(ask("model=cats"), "tabby");
  EXPECT_EQ(ask("model=dogs&version=3"), "poodle");
  folder_.write("repo/birds/1/model.onnx", "heron");
  settle(watcher);
  EXPECT_EQ(ask("model=birds"), "heron");
  EXPECT_EQ(Json::parse(site_->get("/v1/models").body)["models"], Json::parse(R"(["cats","dogs","birds"])"));
}

TEST_F(ModelWatcherTest, SaysWhatIsWrongAtTheStart) {
  folder_.write("cats.onnx", "tabby");
  folder_.write("bad.onnx", "bad");
  folder_.write("a/cats.onnx", "tabby");
  folder_.write("empty/readme.txt", "x");
  const auto error = [&](std::vector<ModelSource> sources, const Labels& labels = {}) -> std::string {
    try {
      watch(std::move(sources), labels).open_all();
    } catch (const Error& caught) {
      return caught.what();
    }
    return "";
  };
  EXPECT_THAT(error({{"", folder_ / "bad.onnx"}}), HasSubstr("not a model"));
  EXPECT_THAT(error({{"", folder_ / "nowhere.onnx"}}), HasSubstr("No such file"));
  EXPECT_THAT(error({{"", folder_ / "empty"}}), HasSubstr("no models"));
  EXPECT_THAT(error({{"", folder_ / "cats.onnx"}, {"", folder_ / "a/cats.onnx"}}), HasSubstr("NAME=FILE"));
  EXPECT_THAT(error({{"", folder_ / "cats.onnx"}}, {{"cats", {{"stable", 2}}}}),
              HasSubstr("no version 2 of cats"));
}

TEST(ModelSource, IsAPathWithOrWithoutAName) {
  EXPECT_EQ(parse_model_source("a/b.onnx")->path, "a/b.onnx");
  EXPECT_EQ(parse_model_source("a/b.onnx")->name, "");
  EXPECT_EQ(parse_model_source("dogs=a/b=c.onnx")->name, "dogs");
  EXPECT_EQ(parse_model_source("dogs=a/b=c.onnx")->path, "a/b=c.onnx");
  EXPECT_EQ(parse_model_source("a/x=b.onnx")->path, "a/x=b.onnx") << "no name has a slash";
  EXPECT_FALSE(parse_model_source(""));
  EXPECT_FALSE(parse_model_source("dogs="));
}

}  // namespace
}  // namespace winnow::serving
