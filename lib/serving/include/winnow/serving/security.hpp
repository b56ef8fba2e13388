// Who may ask a site for what, and how often.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace winnow::serving {

enum class Gate {
  kNone,
  kProofOfWork,  // the page's script solves a sum: no third party, nothing to see
};

struct SecurityOptions {
  double rate = 0;                          // requests a second of one client, in the long run; 0: any number
  std::size_t burst = 60;                   // that may come at once
  std::filesystem::path keys;               // file of api_keys.hpp; empty: there are no keys
  bool require_key = false;                 // programs need one
  bool open_metrics = false;                // /metrics is for everybody
  Gate gate = Gate::kNone;                  // what who has no key must pass
  std::uint64_t work = 50'000;              // of the sum: hashes to try, at most; half of them on average
  std::chrono::seconds work_lifetime{300};  // in which it must be solved and sent
};

}  // namespace winnow::serving
