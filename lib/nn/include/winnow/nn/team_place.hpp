// Which of several processes this one is, as the launchers that people have tell it.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace winnow::nn {

// Where this process stands among those that a launcher started.
struct TeamPlace {
  int rank = 0;           // from 0
  int size = 1;           // how many there are
  int local_rank = 0;     // from 0 on each machine
  int local_size = 1;     // how many share this machine; 1 under Slurm, which gives each its processors
  std::string host = {};  // where rank 0 listens
  int port = 0;
  bool hosted = false;       // somebody else, torchrun's agent, listens at host:port instead of rank 0
  std::string attempt = {};  // tells a restart by the launcher from what the last attempt left at the host
};

// What torchrun, Slurm's srun or Open MPI's mpirun say in the environment; a team of one where none of them
// speaks. get: looks a variable up, empty if it is not set. Throws Error{kUsage} for values that make no
// sense, or where nothing tells on which host rank 0 is.
[[nodiscard]] TeamPlace team_place(
    const std::function<std::optional<std::string>(const char* variable)>& get);

}  // namespace winnow::nn
