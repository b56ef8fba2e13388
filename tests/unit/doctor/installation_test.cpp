// Scripts stand for the programs of winnow: they can be broken in every way.
#include "winnow/doctor/installation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/built.hpp"
#include "support/recording_context.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/error.hpp"

namespace winnow::doctor {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class InstallationTest : public testing::Test {
 protected:
  void program(const std::string& name, const std::string& script) const {
    fs::permissions(folder_.write(name, "#!/bin/sh\n" + script + "\n"), fs::perms::owner_all);
  }
  [[nodiscard]] InstallationPaths paths() const {
    return {.programs = folder_.path(),
            .measure = folder_ / "winnow-measure",
            .torch_engine = folder_ / "engine.so",
            .weights_folder = folder_.path()};
  }
  [[nodiscard]] Installation read() const { return read_installation(paths(), context_); }
  [[nodiscard]] Facts measured(const std::string& script) const {
    program("winnow-measure", script);
    Facts facts;
    measure_machine(paths(), context_, facts);
    return facts;
  }
  [[nodiscard]] ModelCheck checked(const std::string& script) const {
    program("winnow-measure", script);
    return check_model("pets.onnx", paths(), context_);
  }

  test::TemporaryFolder folder_;
  test::RecordingContext context_;
};

const Program& find(const Installation& installation, const std::string& name) {
  for (const Program& program : installation.programs) {
    if (program.name == name) return program;
  }
  throw std::out_of_range(name);
}

TEST_F(InstallationTest, AsksEachProgramForItsVersion) {
  program("winnow-serve", "echo 'winnow 9.9'");
  program("winnow-train", "echo 'libtorch.so: cannot open shared object file' >&2; exit 127");
  program("winnow-classify", "echo hello");
  (void)folder_.write("winnow-scrape", "not executable");
  const Installation installation = read();
  EXPECT_EQ(installation.version, WINNOW_VERSION);
  EXPECT_EQ(find(installation, "winnow-serve").version, "9.9");
  EXPECT_THAT(find(installation, "winnow-train").failure, HasSubstr("libtorch.so"));
  EXPECT_THAT(find(installation, "winnow-classify").failure, HasSubstr("no program of winnow"));
  EXPECT_THAT(find(installation, "winnow-scrape").failure, HasSubstr("Permission denied"));
  EXPECT_FALSE(find(installation, "winnow-curate").is_there);
  EXPECT_TRUE(installation.has("winnow-serve"));
  EXPECT_FALSE(installation.has("winnow-curate"));
}

TEST_F(InstallationTest, KnowsTheWeights) {
  ASSERT_EQ(read().weights.size(), 1U);
  EXPECT_EQ(read().weights[0].state, Weights::State::kMissing);
  (void)folder_.write("efficientnet_lite0.safetensors", "something else");
  (void)folder_.write("efficientnet_lite2.safetensors", "something else");
  ASSERT_EQ(read().weights.size(), 2U);
  EXPECT_EQ(read().weights[0].state, Weights::State::kOthers);
  EXPECT_EQ(read().weights[1].state, Weights::State::kOthers);
  fs::remove(folder_ / "efficientnet_lite0.safetensors");
  fs::create_symlink(test::pretrained_weights(), folder_ / "efficientnet_lite0.safetensors");
  EXPECT_EQ(read().weights[0].state, Weights::State::kAsFetched);
}

TEST_F(InstallationTest, MeasuresInAProcessOfItsOwn) {
  const Facts facts = measured(
      R"(echo '{"network":"n","side":224,"precision":"bf16","open":1,"alone":0.5,"in_batch":0.25,"decode":0.125,"peak":100,"float32":2}')");
  EXPECT_EQ(facts.installation.onnx.state, Engine::State::kWorks);
  EXPECT_EQ(facts.installation.torchscript.state, Engine::State::kAbsent);
  ASSERT_TRUE(facts.speed);
  EXPECT_EQ(facts.speed->precision, "bf16");
  EXPECT_EQ(facts.speed->in_batch, 0.25);
  EXPECT_EQ(facts.speed->peak, 100U);
  EXPECT_EQ(facts.speed->float32, 2);
}

TEST_F(InstallationTest, SaysWhyNothingCanBeMeasured) {
  const auto engine = [&](const std::string& script) { return measured(script).installation.onnx; };
  EXPECT_EQ(engine("kill -KILL $$").state, Engine::State::kBroken);
  EXPECT_THAT(engine("kill -KILL $$").reason, HasSubstr("no memory left"));
  EXPECT_THAT(engine("echo 'libopenvino.so: not found' >&2; exit 127").reason, HasSubstr("libopenvino.so"));
  EXPECT_THAT(engine(R"(echo '{"error":"no plugin","unsupported":false}')").reason, "no plugin");
  EXPECT_EQ(engine(R"(echo '{"error":"built without","unsupported":true}')").state, Engine::State::kAbsent);
  for (const char* answer : {"", "[]", "nonsense", "{\"speed\":"})
    EXPECT_EQ(engine(std::string("echo '") + answer + "'").state, Engine::State::kBroken) << answer;
  fs::remove(folder_ / "winnow-measure");
  Facts facts;
  measure_machine(paths(), context_, facts);
  EXPECT_THAT(facts.installation.onnx.reason, HasSubstr("No such file"));
  EXPECT_FALSE(facts.speed);
}

TEST_F(InstallationTest, LooksAtTheModuleForTorchScriptWhereThereIsOne) {
  (void)folder_.write("engine.so", "");
  const std::string script = R"([ "$3" = torchscript ] && echo '{"error":"no libtorch.so"}' || echo '{}')";
  EXPECT_THAT(measured(script).installation.torchscript.reason, "no libtorch.so");
  EXPECT_EQ(measured("echo '{}'").installation.torchscript.state, Engine::State::kWorks);
}

TEST_F(InstallationTest, ChecksAModel) {
  const ModelCheck model = checked(
      R"([ "$3 $4" = "model pets.onnx" ] && echo '{"classes":3,"self_test":"fails","self_test_text":"differs","alone":0.5}')");
  EXPECT_EQ(model.failure, "");
  EXPECT_EQ(model.classes, 3U);
  EXPECT_EQ(model.self_test, ModelCheck::SelfTest::kFails);
  EXPECT_EQ(model.speed.alone, 0.5);
  EXPECT_EQ(checked(R"(echo '{"error":"pets.onnx: no such file"}')").failure, "pets.onnx: no such file");
  EXPECT_EQ(checked(R"(echo '{"classes":"x","alone":-1,"self_test":7}')").speed.alone, 0);
}

TEST_F(InstallationTest, StopsWhenAskedTo) {
  program("winnow-serve", "sleep 60");
  context_.request_stop();
  EXPECT_THROW((void)read(), Error);
}

}  // namespace
}  // namespace winnow::doctor
