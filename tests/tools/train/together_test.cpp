#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cmath>
#include <memory>
#include <sstream>

#include "support/drawing.hpp"
#include "support/free_port.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"
#include "winnow/core/json.hpp"
#include "winnow/model/checkpoint.hpp"

namespace winnow {
namespace {

using test::Finished;
using testing::HasSubstr;

// Processes that train one network together, each with its rank as torchrun would tell it.
class TrainTogether : public testing::Test {
 protected:
  TrainTogether() { test::write_scene_tree(folder_ / "set", 12); }

  using Processes = std::vector<std::unique_ptr<test::Process>>;

  // data: of each process.
  Processes start(const std::vector<std::string>& more,
                  const std::vector<std::string>& data = {"set", "set"}) {
    const std::string port = std::to_string(test::free_port());
    const std::string size = std::to_string(data.size());
    Processes processes;
    for (std::size_t i = 0; i < data.size(); ++i) {
      const std::string rank = std::to_string(i);
      std::vector<std::string> command = {"winnow-train", data[i], "--size",    "32",
                                          "--precision",  "fp32",  "--no-cache"};
      command.insert(command.end(), more.begin(), more.end());
      processes.push_back(std::make_unique<test::Process>(
          command, folder_.path(),
          std::vector<std::string>{"RANK=" + rank, "WORLD_SIZE=" + size, "LOCAL_RANK=" + rank,
                                   "LOCAL_WORLD_SIZE=" + size, "MASTER_ADDR=127.0.0.1",
                                   "MASTER_PORT=" + port}));
    }
    return processes;
  }

  test::TemporaryFolder folder_;

  struct Difference {
    double most = 0;
    double share = 0;  // of the numbers that differ by more than 1e-5
  };
  // Of all the numbers in two checkpoints.
  Difference compare(const std::string& a, const std::string& b) {
    const model::TensorMap first = model::read_checkpoint(folder_ / a / "best.ckpt").tensors;
    const model::TensorMap second = model::read_checkpoint(folder_ / b / "best.ckpt").tensors;
    EXPECT_EQ(first.size(), second.size());
    Difference difference;
    std::size_t count = 0;
    for (const auto& [name, tensor] : first) {
      const std::vector<float>& other = second.at(name).values;
      EXPECT_EQ(tensor.values.size(), other.size());
      for (std::size_t i = 0; i < other.size(); ++i) {
        const double apart = std::abs(static_cast<double>(tensor.values[i]) - other[i]);
        difference.most = std::max(difference.most, apart);
        difference.share += apart > 1e-5 ? 1 : 0;
        ++count;
      }
    }
    difference.share /= static_cast<double>(count);
    return difference;
  }

  // Over the first epoch.
  double first_loss(const std::string& run) {
    std::istringstream rows(test::read_text(folder_ / run / "metrics.jsonl"));
    for (std::string line; std::getline(rows, line);) {
      const Json row = Json::parse(line);
      if (row.contains("train_loss")) return row["train_loss"].get<double>();
    }
    ADD_FAILURE() << "no epoch in " << run;
    return 0;
  }
};

// More steps would tell nothing: AdamW steps by the sign of gradients, and so of rounding errors where they
// are all there is. One process with another number of threads differs as much from itself.
TEST_F(TrainTogether, TakeTheStepThatOneProcessTakes) {
  for (const std::string recipe : {"scratch", "finetune"}) {
    const auto with = [&](const std::string& run) {
      return std::vector<std::string>{"-o", run, "--recipe", recipe, "--batch", "64", "--epochs", "1"};
    };
    const Finished alone = start(with("alone-" + recipe), {"set"})[0]->wait();
    ASSERT_EQ(alone.exit_code, 0) << alone.err;
    const Processes team = start(with("team-" + recipe));
    const Finished first = team[0]->wait();
    const Finished second = team[1]->wait();
    EXPECT_EQ(first.exit_code, 0) << first.err;
    EXPECT_THAT(first.err, HasSubstr("2 processes train together"));
    EXPECT_THAT(first.out, HasSubstr("report: team-" + recipe + "/report.html"));
    EXPECT_EQ(second.exit_code, 0) << second.err;
    EXPECT_EQ(second.out, "");
    EXPECT_EQ(second.err, "");
    EXPECT_NEAR(first_loss("alone-" + recipe), first_loss("team-" + recipe), 1e-5) << recipe;
    const Difference difference = compare("alone-" + recipe, "team-" + recipe);
    EXPECT_LT(difference.share, 0.02) << recipe << ", at most " << difference.most;
  }
}

TEST_F(TrainTogether, TheOthersStopWhenOneIsKilledAndTheRunGoesOn) {
  const std::vector<std::string> arguments = {"-o",      "run", "--recipe", "scratch",
                                              "--batch", "8",   "--epochs", "15"};
  const Processes whole = start({"-o", "whole", "--recipe", "scratch", "--batch", "8", "--epochs", "15"});
  EXPECT_EQ(whole[0]->wait().exit_code, 0);

  const Processes team = start(arguments);
  team[0]->wait_for_err("epoch 2/");
  team[1]->signal(SIGKILL);
  const Finished left = team[0]->wait();
  EXPECT_EQ(left.exit_code, 1);
  EXPECT_THAT(left.err,
              HasSubstr("process 1 of 2: another process of the training has gone or does not answer; "
                        "continue all with --resume"));
  std::vector<std::string> resumed = arguments;
  resumed.push_back("--resume");
  const Processes again = start(resumed);
  const Finished finished = again[0]->wait();
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  EXPECT_THAT(finished.err, HasSubstr("goes on in epoch"));
  EXPECT_EQ(again[1]->wait().exit_code, 0);
  EXPECT_EQ(compare("run", "whole").most, 0);
}

TEST_F(TrainTogether, AStopOfOneStopsAllAndLeavesAStateToGoOnFrom) {
  const Processes team = start({"-o", "run", "--recipe", "scratch", "--batch", "8", "--epochs", "100000"});
  team[0]->wait_for_err("epoch 2/");
  team[1]->signal(SIGTERM);
  EXPECT_EQ(team[1]->wait().exit_code, 128 + SIGTERM);
  const Finished first = team[0]->wait();
  EXPECT_EQ(first.exit_code, 1);
  EXPECT_THAT(first.err, HasSubstr("stopped with the other processes"));
  EXPECT_TRUE(model::read_checkpoint(folder_ / "run/last.ckpt").training_state.is_object());
}

TEST_F(TrainTogether, DifferentPicturesAreNoticedBeforeAnythingIsLearned) {
  test::write_scene_tree(folder_ / "other", 13);
  const Processes team = start({"-o", "run", "--recipe", "scratch"}, {"set", "other"});
  for (const auto& process : team) {
    const Finished result = process->wait();
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_THAT(result.err,
                HasSubstr("what is trained (data, options or version) differs between the processes"));
  }
}

TEST_F(TrainTogether, WhereTheProbeIsEnoughTheOthersEndInPeace) {
  const Processes team = start({"-o", "run", "--recipe", "probe"});
  for (const auto& process : team) EXPECT_EQ(process->wait().exit_code, 0) << process->err();
}

}  // namespace
}  // namespace winnow
