#include "winnow/nn/team_place.hpp"

#include <fmt/format.h>

#include <charconv>
#include <limits>

#include "winnow/core/error.hpp"

namespace winnow::nn {
namespace {

using Lookup = std::function<std::optional<std::string>(const char*)>;

constexpr int kDefaultPort = 29500;  // torch.distributed's

int parse(const char* variable, const std::string& text, int low, int high) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < low || value > high) {
    throw Error(
        ErrorKind::kUsage, variable,
        fmt::format("\"{}\" is not a number between {} and {}; it is set by the launcher", text, low, high));
  }
  return value;
}

int require(const Lookup& get, const char* variable, int low, int high) {
  const auto text = get(variable);
  if (!text) {
    throw Error(ErrorKind::kUsage, variable,
                "is not set, but other variables of the launcher are; start all processes by the launcher");
  }
  return parse(variable, *text, low, high);
}

TeamPlace place_of(const Lookup& get, const char* rank, const char* size, const char* local_rank,
                   const char* local_size) {
  constexpr int kMost = 1 << 20;
  TeamPlace place;
  place.size = require(get, size, 1, kMost);
  place.rank = require(get, rank, 0, place.size - 1);
  if (get(local_rank)) place.local_rank = require(get, local_rank, 0, kMost);
  if (local_size != nullptr && get(local_size)) place.local_size = require(get, local_size, 1, kMost);
  return place;
}

// A port that two jobs on one machine are unlikely to share.
int port_of_job(int job) {
  return 20000 + job % 20000;
}

// "node[03-07,12],other" begins with "node03".
std::string first_host(const std::string& list) {
  const std::size_t end = list.find_first_of("[,");
  std::string host = list.substr(0, end);
  if (end != std::string::npos && list[end] == '[') {
    const std::size_t number_end = list.find_first_of("-,]", end + 1);
    if (number_end == std::string::npos) return {};
    host += list.substr(end + 1, number_end - end - 1);
  }
  return host;
}

void add_master(const Lookup& get, TeamPlace& place) {
  if (const auto host = get("MASTER_ADDR")) place.host = *host;
  if (const auto port = get("MASTER_PORT")) place.port = parse("MASTER_PORT", *port, 1, 65535);
  if (place.port == 0) place.port = kDefaultPort;
  if (place.size == 1 || !place.host.empty()) return;
  throw Error(ErrorKind::kUsage, "MASTER_ADDR",
              "is not set, and nothing else tells where rank 0 runs; set it to that machine's address");
}

}  // namespace

TeamPlace team_place(const Lookup& get) {
  TeamPlace place;
  if (get("WORLD_SIZE")) {  // torchrun, and whoever does as it does
    place = place_of(get, "RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE");
    place.hosted = get("TORCHELASTIC_USE_AGENT_STORE").value_or("") == "True";
    place.attempt = get("TORCHELASTIC_RESTART_COUNT").value_or("");
  } else if (get("OMPI_COMM_WORLD_SIZE")) {
    place = place_of(get, "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK",
                     "OMPI_COMM_WORLD_LOCAL_SIZE");
    if (get("OMPI_COMM_WORLD_LOCAL_SIZE") == get("OMPI_COMM_WORLD_SIZE")) place.host = "127.0.0.1";
  } else if (get("SLURM_STEP_NUM_TASKS")) {  // set by srun only: a batch script itself is no team
    place = place_of(get, "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID", nullptr);
    place.host = first_host(get("SLURM_STEP_NODELIST").value_or(""));
    if (const auto job = get("SLURM_JOB_ID")) {
      place.port = port_of_job(parse("SLURM_JOB_ID", *job, 0, std::numeric_limits<int>::max()));
    }
  }
  if (place.size > 1) add_master(get, place);
  return place;
}

}  // namespace winnow::nn
