#include "winnow/nn/team_place.hpp"

#include <gmock/gmock.h>

#include <map>

#include "winnow/core/error.hpp"

namespace winnow::nn {
namespace {

using ::testing::HasSubstr;

using Variables = std::map<std::string, std::string>;

TeamPlace place_in(const Variables& variables) {
  return team_place([&](const char* name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  });
}

std::string error_in(const Variables& variables) {
  try {
    (void)place_in(variables);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    return error.what();
  }
  return "no error";
}

TEST(TeamPlace, IsAloneWithoutALauncher) {
  const TeamPlace place = place_in({{"MASTER_ADDR", "somewhere"}, {"RANK", "3"}});
  EXPECT_EQ(place.size, 1);
  EXPECT_EQ(place.rank, 0);
}

TEST(TeamPlace, ReadsTorchrun) {
  const TeamPlace place = place_in({{"RANK", "5"},
                                    {"WORLD_SIZE", "8"},
                                    {"LOCAL_RANK", "1"},
                                    {"MASTER_ADDR", "10.0.0.7"},
                                    {"MASTER_PORT", "4711"},
                                    {"TORCHELASTIC_USE_AGENT_STORE", "True"},
                                    {"TORCHELASTIC_RESTART_COUNT", "2"}});
  EXPECT_EQ(place.rank, 5);
  EXPECT_EQ(place.size, 8);
  EXPECT_EQ(place.local_rank, 1);
  EXPECT_EQ(place.host, "10.0.0.7");
  EXPECT_EQ(place.port, 4711);
  EXPECT_TRUE(place.hosted);
  EXPECT_EQ(place.attempt, "2");
}

TEST(TeamPlace, LetsRankZeroHostWhereNoAgentDoes) {
  const TeamPlace place = place_in({{"RANK", "0"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "localhost"}});
  EXPECT_FALSE(place.hosted);
  EXPECT_EQ(place.port, 29500);
}

TEST(TeamPlace, ReadsOpenMpiOnOneMachine) {
  const TeamPlace place = place_in({{"OMPI_COMM_WORLD_RANK", "1"},
                                    {"OMPI_COMM_WORLD_SIZE", "4"},
                                    {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                                    {"OMPI_COMM_WORLD_LOCAL_SIZE", "4"}});
  EXPECT_EQ(place.rank, 1);
  EXPECT_EQ(place.size, 4);
  EXPECT_EQ(place.host, "127.0.0.1");
}

TEST(TeamPlace, AsksForTheHostWhereOpenMpiSpansMachines) {
  const Variables variables = {
      {"OMPI_COMM_WORLD_RANK", "1"}, {"OMPI_COMM_WORLD_SIZE", "4"}, {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}};
  EXPECT_THAT(error_in(variables), HasSubstr("MASTER_ADDR"));
}

TEST(TeamPlace, ReadsSlurmSteps) {
  Variables variables = {{"SLURM_PROCID", "3"},
                         {"SLURM_STEP_NUM_TASKS", "6"},
                         {"SLURM_LOCALID", "1"},
                         {"SLURM_JOB_ID", "60007"},
                         {"SLURM_STEP_NODELIST", "gpu[03-05,9],login"}};
  const TeamPlace place = place_in(variables);
  EXPECT_EQ(place.rank, 3);
  EXPECT_EQ(place.size, 6);
  EXPECT_EQ(place.host, "gpu03");
  EXPECT_EQ(place.port, 20007);
  variables["SLURM_STEP_NODELIST"] = "a,b";
  EXPECT_EQ(place_in(variables).host, "a");
  variables["SLURM_STEP_NODELIST"] = "n[7]";
  EXPECT_EQ(place_in(variables).host, "n7");
  variables["MASTER_ADDR"] = "c";
  EXPECT_EQ(place_in(variables).host, "c");
  variables.erase("MASTER_ADDR");
  variables["SLURM_STEP_NODELIST"] = "n[";
  EXPECT_THAT(error_in(variables), HasSubstr("MASTER_ADDR"));
}

TEST(TeamPlace, TakesABatchScriptOfSlurmForNoTeam) {
  EXPECT_EQ(place_in({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "4"}}).size, 1);
}

TEST(TeamPlace, RefusesWhatMakesNoSense) {
  const Variables good = {{"RANK", "1"}, {"WORLD_SIZE", "2"}, {"MASTER_ADDR", "localhost"}};
  for (const auto& [name, value] : {std::pair{"RANK", "2"},
                                    {"RANK", "-1"},
                                    {"RANK", "x"},
                                    {"WORLD_SIZE", "0"},
                                    {"WORLD_SIZE", "99999999999"},
                                    {"MASTER_PORT", "70000"},
                                    {"LOCAL_RANK", "1.5"}}) {
    Variables bad = good;
    bad[name] = value;
    EXPECT_THAT(error_in(bad), HasSubstr(name)) << value;
  }
  Variables bad = good;
  bad.erase("RANK");
  EXPECT_THAT(error_in(bad), HasSubstr("RANK: is not set"));
}

}  // namespace
}  // namespace winnow::nn
