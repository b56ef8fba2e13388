#include "dot.hpp"

// Chosen by the loader, once, for the processor it runs on. Sanitizers cannot instrument what the loader
// calls before they are set up.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define WINNOW_VECTORISED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define WINNOW_VECTORISED
#endif

namespace winnow::stats {

WINNOW_VECTORISED float dot(const float* a, const float* b, std::size_t count) {
  // Independent partial sums: without them every addition would wait for the one before.
  constexpr std::size_t kLanes = 64;
  float partial[kLanes] = {};
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) partial[lane] += a[i + lane] * b[i + lane];
  }
  float sum = 0;
  for (; i < count; ++i) sum += a[i] * b[i];
  for (const float value : partial) sum += value;
  return sum;
}

WINNOW_VECTORISED void add_scaled(float* __restrict y, float alpha, const float* __restrict x,
                                  std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) y[i] += alpha * x[i];
}

}  // namespace winnow::stats
