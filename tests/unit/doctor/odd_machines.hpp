#pragma once

#include "winnow/doctor/facts.hpp"

namespace winnow::doctor {

// A machine on which all is well: four cores, 8 GB, everything installed.
inline Facts good_machine() {
  Facts facts;
  Machine& machine = facts.machine;
  machine.architecture = "x86_64";
  machine.instructions = {"sse4_2", "avx2", "fma"};
  machine.processors = machine.allowed = machine.threads = 4;
  machine.memory = 8'000'000'000;
  machine.memory_available = 6'000'000'000;
  machine.swap = 1'000'000'000;
  machine.swap_used = 0;
  machine.open_files = 1024;
  machine.installed = std::chrono::sys_days(std::chrono::year(2026) / 11 / 1);
  machine.now = machine.installed + std::chrono::hours(48);
  for (const auto use : {Folder::Use::kCache, Folder::Use::kTemporary, Folder::Use::kWorking}) {
    facts.folders.push_back(
        {.use = use, .path = "/some/folder", .exists = true, .writable = true, .free = 50'000'000'000});
  }
  facts.installation.folder = "/usr/bin";
  facts.installation.version = "0.1.0";
  for (const char* name : {"winnow-scrape", "winnow-curate", "winnow-train", "winnow-export",
                           "winnow-classify", "winnow-serve"}) {
    facts.installation.programs.push_back(
        {.name = name, .is_there = true, .version = "0.1.0", .failure = ""});
  }
  facts.installation.onnx.state = Engine::State::kWorks;
  facts.installation.torchscript.state = Engine::State::kWorks;
  facts.installation.weights = {
      {.file = "/usr/share/winnow/efficientnet_lite0.safetensors", .state = Weights::State::kAsFetched}};
  facts.speed = Speed{.network = "efficientnet_lite0",
                      .side = 224,
                      .precision = "f32",
                      .open = 0.2,
                      .alone = 0.004,
                      .in_batch = 0.004,
                      .decode = 0.004,
                      .float32 = 0.004,
                      .peak = 140'000'000};
  return facts;
}

inline ModelCheck good_model() {
  return {.file = "pets.onnx",
          .failure = "",
          .classes = 2,
          .self_test = ModelCheck::SelfTest::kHolds,
          .self_test_text = "holds",
          .speed = *good_machine().speed};
}

}  // namespace winnow::doctor
