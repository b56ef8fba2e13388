// Who may ask a site for what, and how often.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace winnow::serving {

enum class Gate {
  kNone,
  kProofOfWork,  // the page's script solves a sum: no third party, nothing to see
  kRecaptcha,    // services of others, whose scripts the page then has
  kHcaptcha,
  kTurnstile,
};

struct SecurityOptions {
  double rate = 0;                         // requests a second of one client, in the long run; 0: any number
  std::size_t burst = 60;                  // that may come at once
  std::filesystem::path keys;              // file of api_keys.hpp; empty: there are no keys
  bool require_key = false;                // programs need one
  bool open_metrics = false;               // /metrics is for everybody
  Gate gate = Gate::kNone;                 // what who has no key must pass
  std::uint64_t work = 50'000;             // of the sum: hashes to try, at most; half of them on average
  std::filesystem::path work_secret_file;  // signs the sums; empty: a secret of this process
  std::string captcha_site_key;            // of the service: stands in the page
  std::filesystem::path captcha_secret_file;  // and what it must not know
  std::string captcha_verify_url;             // empty: the service's own
  std::chrono::seconds work_lifetime{300};    // in which it must be solved and sent
};

}  // namespace winnow::serving
