#include "dot.hpp"

#include <algorithm>
#include <cstring>

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

WINNOW_VECTORISED void dot_all(std::span<const float* const> a, std::span<const float* const> b,
                               std::size_t width, float* out) {
  // The sums of a block and what it multiplies fill the sixteen vector registers of AVX2.
  constexpr std::size_t kRowsA = 4;
  constexpr std::size_t kRowsB = 3;
  constexpr std::size_t kLanes = 8;
  typedef float Lanes __attribute__((vector_size(kLanes * sizeof(float))));
  const std::size_t whole = width - width % kLanes;
  for (std::size_t i = 0; i < a.size(); i += kRowsA) {
    const float* rows_a[kRowsA];  // the last block repeats the last row
    for (std::size_t r = 0; r < kRowsA; ++r) rows_a[r] = a[std::min(i + r, a.size() - 1)];
    for (std::size_t j = 0; j < b.size(); j += kRowsB) {
      const float* rows_b[kRowsB];
      for (std::size_t r = 0; r < kRowsB; ++r) rows_b[r] = b[std::min(j + r, b.size() - 1)];
      Lanes sums[kRowsA][kRowsB] = {};
      for (std::size_t k = 0; k < whole; k += kLanes) {
        Lanes x[kRowsA];
#pragma GCC unroll 4
        for (std::size_t r = 0; r < kRowsA; ++r) std::memcpy(&x[r], rows_a[r] + k, sizeof(Lanes));
#pragma GCC unroll 3
        for (std::size_t c = 0; c < kRowsB; ++c) {
          Lanes y;
          std::memcpy(&y, rows_b[c] + k, sizeof(Lanes));
#pragma GCC unroll 4
          for (std::size_t r = 0; r < kRowsA; ++r) sums[r][c] += x[r] * y;
        }
      }
      for (std::size_t r = 0; r < std::min(kRowsA, a.size() - i); ++r) {
        for (std::size_t c = 0; c < std::min(kRowsB, b.size() - j); ++c) {
          float sum = 0;
          for (std::size_t lane = 0; lane < kLanes; ++lane) sum += sums[r][c][lane];
          for (std::size_t k = whole; k < width; ++k) sum += rows_a[r][k] * rows_b[c][k];
          out[(i + r) * b.size() + j + c] = sum;
        }
      }
    }
  }
}

WINNOW_VECTORISED void add_scaled(float* __restrict y, float alpha, const float* __restrict x,
                                  std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) y[i] += alpha * x[i];
}

}  // namespace winnow::stats
