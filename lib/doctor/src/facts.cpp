#include "winnow/doctor/facts.hpp"

#include <algorithm>

namespace winnow::doctor {
namespace {

template <class T>
std::optional<T> least(std::optional<T> a, std::optional<T> b) {
  return a && b ? std::min(*a, *b) : a ? a : b;
}

}  // namespace

double cores(const Machine& machine) {
  constexpr double kLeast = 0.01;
  return machine.group.processors
             ? std::max(kLeast, std::min<double>(machine.allowed, *machine.group.processors))
             : machine.allowed;
}

std::optional<std::uint64_t> memory_limit(const Machine& machine) {
  return least(machine.memory, machine.group.memory);
}

std::optional<std::uint64_t> memory_free(const Machine& machine) {
  return least(machine.memory_available, machine.group.memory_spare);
}

std::string vector_path(const Machine& machine) {
  const auto has = [&](const char* name) { return machine.instructions.contains(name); };
  if (machine.instructions.empty() || machine.architecture != "x86_64") return "";
  if (has("amx_tile") && has("amx_bf16")) return "AMX";
  if (has("avx512f") && has("avx512bw") && has("avx512vl")) {
    return has("avx512_bf16") ? "AVX-512 with bf16" : "AVX-512";
  }
  if (has("avx2") && has("fma")) return "AVX2";
  return has("sse4_2") ? "SSE4.2" : "older than SSE4.2";
}

bool Installation::has(std::string_view program) const {
  return std::any_of(programs.begin(), programs.end(),
                     [&](const Program& p) { return p.name == program && p.is_there; });
}

double pictures_per_second(const Speed& speed, double cores) {
  return 1 / (speed.in_batch + speed.decode / std::max(cores, 0.01));
}

}  // namespace winnow::doctor
