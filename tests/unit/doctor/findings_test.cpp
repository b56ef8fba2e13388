#include "winnow/doctor/findings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "odd_machines.hpp"

namespace winnow::doctor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// "code", and "code!" where it blocks.
std::vector<std::string> codes(const Facts& facts) {
  std::vector<std::string> all;
  for (const Finding& finding : examine(facts)) {
    EXPECT_FALSE(finding.what.empty() || finding.why.empty() || finding.remedy.empty()) << finding.code;
    all.push_back(finding.code + (finding.blocks ? "!" : ""));
  }
  return all;
}

TEST(Findings, AreNoneWhereAllIsWell) {
  EXPECT_THAT(codes(good_machine()), IsEmpty());
}

TEST(Findings, AreNoneOfWhatIsNotKnown) {
  Facts facts = good_machine();
  facts.machine = Machine{};
  for (Folder& folder : facts.folders) folder.free.reset();
  facts.installation.onnx.state = Engine::State::kUnknown;
  facts.speed.reset();
  EXPECT_THAT(codes(facts), IsEmpty());
}

TEST(Findings, OfOldProcessors) {
  Facts facts = good_machine();
  facts.machine.instructions = {"sse4_2"};
  EXPECT_THAT(codes(facts), ElementsAre("no_avx2"));
  facts.machine.instructions = {"sse2"};
  EXPECT_THAT(codes(facts), ElementsAre("processor_too_old!"));
  facts.machine.architecture = "aarch64";  // its instructions have other names
  EXPECT_THAT(codes(facts), IsEmpty());
}

TEST(Findings, OfPartsOfProcessors) {
  Facts facts = good_machine();
  facts.machine.group.processors = 0.5;
  facts.machine.threads = 1;
  EXPECT_THAT(codes(facts), ElementsAre("part_of_a_core"));
  facts.machine.group.processors = 1.5;
  facts.machine.threads = 4;
  EXPECT_THAT(codes(facts), ElementsAre("more_threads_than_cores"));
  EXPECT_THAT(examine(facts)[0].remedy, HasSubstr("--threads 2"));
  facts.machine.threads = 2;
  EXPECT_THAT(codes(facts), IsEmpty());
  facts.machine.load = 9;
  EXPECT_THAT(codes(facts), ElementsAre("busy"));
}

TEST(Findings, OfLittleMemory) {
  Facts facts = good_machine();
  facts.machine.group.memory = 400'000'000;
  EXPECT_THAT(codes(facts), ElementsAre("memory_small"));
  EXPECT_THAT(examine(facts)[0].remedy, HasSubstr("limit of the container"));
  facts.machine.group.memory = 128'000'000;
  EXPECT_THAT(codes(facts), ElementsAre("memory_too_small!"));
  facts.machine.group.memory.reset();
  facts.machine.memory = 500'000'000;
  facts.machine.memory_available = 400'000'000;
  EXPECT_THAT(codes(facts), ElementsAre("memory_small"));
  EXPECT_THAT(examine(facts)[0].remedy, HasSubstr("a machine with more"));
}

TEST(Findings, OfMemoryThatOthersHold) {
  Facts facts = good_machine();
  facts.machine.memory_available = 90'000'000;
  EXPECT_THAT(codes(facts), ElementsAre("memory_taken"));
  facts = good_machine();
  facts.machine.group.memory = 1'000'000'000;
  facts.machine.group.memory_spare = 90'000'000;
  EXPECT_THAT(codes(facts), ElementsAre("memory_taken"));
  facts = good_machine();
  facts.machine.swap_used = 900'000'000;
  EXPECT_THAT(codes(facts), ElementsAre("swap_in_use"));
  facts.machine.memory_stall = 30;
  EXPECT_THAT(codes(facts), ElementsAre("memory_stalls"));
}

TEST(Findings, OfLimitsAndTheClock) {
  Facts facts = good_machine();
  facts.machine.open_files = 256;
  EXPECT_THAT(codes(facts), ElementsAre("few_open_files"));
  facts.machine.open_files = 20;
  EXPECT_THAT(codes(facts), ElementsAre("few_open_files!"));
  facts = good_machine();
  facts.machine.now = {};  // 1970, as a board without a battery
  EXPECT_THAT(codes(facts), ElementsAre("clock_behind!"));
}

TEST(Findings, OfFolders) {
  Facts facts = good_machine();
  Folder& cache = facts.folders[0];
  Folder& temporary = facts.folders[1];
  cache.writable = false;
  EXPECT_THAT(codes(facts), ElementsAre("cache_not_writable"));
  cache.path.clear();  // no HOME
  EXPECT_THAT(examine(facts)[0].what, HasSubstr("no folder for caches"));
  cache = temporary;
  cache.use = Folder::Use::kCache;
  temporary.writable = false;
  EXPECT_THAT(codes(facts), ElementsAre("temporary_not_writable!"));
  temporary.writable = true;
  temporary.free = 500'000'000;
  EXPECT_THAT(codes(facts), ElementsAre("disk_full"));
  temporary.free = 4096;
  EXPECT_THAT(codes(facts), ElementsAre("disk_full!"));
  temporary.free = 2'000'000'000;
  temporary.in_memory = true;
  EXPECT_THAT(codes(facts), IsEmpty());
  facts.machine.memory = 2'000'000'000;
  EXPECT_THAT(codes(facts), ElementsAre("temporary_in_memory"));
  facts = good_machine();
  facts.folders[2].writable = false;
  EXPECT_THAT(codes(facts), ElementsAre("folder_not_writable"));
}

TEST(Findings, OfPrograms) {
  Facts facts = good_machine();
  facts.installation.programs[2].version = "0.0.9";
  EXPECT_THAT(codes(facts), ElementsAre("versions_differ!"));
  facts.installation.programs[2].failure = "libtorch.so: cannot open shared object file";
  EXPECT_THAT(codes(facts), ElementsAre("program_broken!"));
  EXPECT_THAT(examine(facts)[0].why, HasSubstr("libtorch.so"));
  facts.installation.programs[2].is_there = false;  // only the runtime is installed
  EXPECT_THAT(codes(facts), IsEmpty());
  facts.installation.programs.clear();
  EXPECT_THAT(codes(facts), ElementsAre("nothing_to_answer_with!"));
}

TEST(Findings, OfEngines) {
  Facts facts = good_machine();
  facts.installation.onnx = {Engine::State::kBroken, "no plugin"};
  EXPECT_THAT(codes(facts), ElementsAre("openvino_broken!"));
  facts.installation.onnx = {Engine::State::kAbsent, "built without"};
  EXPECT_THAT(codes(facts), ElementsAre("openvino_absent"));
  facts = good_machine();
  facts.installation.torchscript = {Engine::State::kBroken, "no libtorch.so"};
  EXPECT_THAT(codes(facts), ElementsAre("libtorch_broken!"));
  facts.installation.torchscript = {Engine::State::kAbsent, ""};
  EXPECT_THAT(codes(facts), IsEmpty());
}

TEST(Findings, OfWeights) {
  Facts facts = good_machine();
  facts.installation.weights[0].state = Weights::State::kMissing;
  EXPECT_THAT(codes(facts), ElementsAre("weights_missing!"));
  EXPECT_THAT(examine(facts)[0].remedy, HasSubstr("scripts/setup.sh"));
  facts.installation.programs[2].is_there = false;
  EXPECT_THAT(codes(facts), ElementsAre("weights_missing"));
  facts.installation.weights[0].state = Weights::State::kOthers;
  EXPECT_THAT(codes(facts), ElementsAre("weights_differ"));
}

TEST(Findings, OfHosts) {
  Facts facts = good_machine();
  facts.hosts = {{.name = "https://a.example", .status = 404},
                 {.name = "https://b.example", .failure_code = "dns", .failure = "cannot resolve b.example"},
                 {.name = "https://c.example", .failure_code = "tls", .failure = "certificate has expired"},
                 {.name = "https://d.example", .failure_code = "timeout", .failure = "no answer"},
                 {.name = "https://e.example", .status = 200, .clock_ahead = std::chrono::seconds(-3600)}};
  EXPECT_THAT(codes(facts), ElementsAre("dns!", "tls!", "unreachable!", "clock_wrong"));
  EXPECT_THAT(examine(facts)[3].what, HasSubstr("3600 s behind"));
}

TEST(Findings, OfAModel) {
  Facts facts = good_machine();
  facts.model = good_model();
  EXPECT_THAT(codes(facts), IsEmpty());
  facts.model->self_test = ModelCheck::SelfTest::kFails;
  facts.model->self_test_text = "the graph is not the one that was exported";
  EXPECT_THAT(codes(facts), ElementsAre("self_test_fails!"));
  facts.model->self_test = ModelCheck::SelfTest::kNone;
  EXPECT_THAT(codes(facts), ElementsAre("no_self_test"));
  facts.model->failure = "pets.onnx: no such file";
  EXPECT_THAT(codes(facts), ElementsAre("model_not_opened!"));
  facts.model = good_model();
  facts.model->speed.peak = 7'000'000'000;
  EXPECT_THAT(codes(facts), ElementsAre("model_large"));
}

TEST(Findings, ThatBlockComeFirst) {
  Facts facts = good_machine();
  facts.machine.instructions = {"sse4_2"};
  facts.installation.programs[0].failure = "broken";
  facts.machine.open_files = 256;
  EXPECT_THAT(codes(facts), ElementsAre("program_broken!", "no_avx2", "few_open_files"));
}

}  // namespace
}  // namespace winnow::doctor
