#include "winnow/doctor/facts.hpp"

#include <gtest/gtest.h>

namespace winnow::doctor {
namespace {

TEST(Cores, AreTheFewerOfMaskAndQuota) {
  Machine machine{.allowed = 4};
  EXPECT_EQ(cores(machine), 4);
  machine.group.processors = 1.5;
  EXPECT_EQ(cores(machine), 1.5);
  machine.group.processors = 8;
  EXPECT_EQ(cores(machine), 4);
  machine.group.processors = 0.0001;
  EXPECT_EQ(cores(machine), 0.01);
}

TEST(Memory, IsTheLesserOfMachineAndGroup) {
  Machine machine;
  EXPECT_FALSE(memory_limit(machine));
  machine.group.memory = 5;
  EXPECT_EQ(memory_limit(machine), 5U);
  machine.memory = 3;
  EXPECT_EQ(memory_limit(machine), 3U);
  machine.memory_available = 2;
  machine.group.memory_spare = 1;
  EXPECT_EQ(memory_free(machine), 1U);
}

TEST(VectorPath, IsTheWidest) {
  const auto path = [](std::set<std::string> instructions) {
    return vector_path({.architecture = "x86_64", .instructions = std::move(instructions)});
  };
  const std::set<std::string> wide = {"sse4_2", "avx2", "fma", "avx512f", "avx512bw", "avx512vl"};
  EXPECT_EQ(path(wide), "AVX-512");
  auto wider = wide;
  wider.insert("avx512_bf16");
  EXPECT_EQ(path(wider), "AVX-512 with bf16");
  wider.insert({"amx_tile", "amx_bf16"});
  EXPECT_EQ(path(wider), "AMX");
  EXPECT_EQ(path({"sse4_2", "avx2", "fma"}), "AVX2");
  EXPECT_EQ(path({"sse4_2", "avx"}), "SSE4.2");
  EXPECT_EQ(path({"sse2"}), "older than SSE4.2");
  EXPECT_EQ(path({}), "");
}

TEST(PicturesPerSecond, AddDecodingOnAllCores) {
  EXPECT_DOUBLE_EQ(pictures_per_second({.in_batch = 0.002, .decode = 0.004}, 2), 250);
}

}  // namespace
}  // namespace winnow::doctor
