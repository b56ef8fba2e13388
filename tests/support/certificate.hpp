#pragma once

#include <string>

namespace winnow::test {

// Signed by itself, for localhost.
struct Certificate {
  std::string certificate;  // PEM
  std::string key;          // PEM
};

// days: how long it is good for; negative ones have expired already.
Certificate make_certificate(const std::string& common_name, int days = 10);

}  // namespace winnow::test
