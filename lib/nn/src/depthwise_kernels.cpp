#include "depthwise_kernels.hpp"

#include <algorithm>
#include <cstring>

// Chosen by the loader, once, for the processor it runs on. Sanitizers cannot instrument what the loader
// calls before they are set up.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define WINNOW_VECTORISED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define WINNOW_VECTORISED
#endif
// Inlined into the clones, so that each is compiled for its processor.
#define WINNOW_INLINE inline __attribute__((always_inline))

namespace winnow::nn {
namespace {

using Index = std::int64_t;
// One value of each channel of the block; the compiler makes registers of them.
typedef float Lanes __attribute__((vector_size(64)));
typedef std::int32_t Mask __attribute__((vector_size(64)));
typedef std::uint32_t Words __attribute__((vector_size(64)));
typedef std::uint16_t HalfWords __attribute__((vector_size(32)));

WINNOW_INLINE void load(const float* from, Lanes& to) {
  std::memcpy(&to, from, sizeof to);
}
WINNOW_INLINE void load(const BFloat16Bits* from, Lanes& to) {
  HalfWords half;
  std::memcpy(&half, from, sizeof half);
  const Words words = __builtin_convertvector(half, Words) << 16;
  std::memcpy(&to, &words, sizeof to);
}
WINNOW_INLINE void store(const Lanes& from, float* to) {
  std::memcpy(to, &from, sizeof from);
}
// Rounds to the nearest, ties to even.
WINNOW_INLINE void store(const Lanes& from, BFloat16Bits* to) {
  Words words;
  std::memcpy(&words, &from, sizeof words);
  words += 0x7fffu + ((words >> 16) & 1u);
  const HalfWords half = __builtin_convertvector(words >> 16, HalfWords);
  std::memcpy(to, &half, sizeof half);
}

WINNOW_INLINE void apply(Clip clip, Lanes& value) {
  if (!clip.on) return;
  const Lanes zero = {};
  const Lanes high = zero + clip.high;
  value = value > zero ? value : zero;
  value = value < high ? value : high;
}

// Nothing where the clipped value lies at an end of the range.
WINNOW_INLINE void mask(Clip clip, const Lanes& clipped, Lanes& gradient) {
  const Lanes zero = {};
  const Lanes high = zero + clip.high;
  const Mask inside = (clipped > zero) & (clipped < high);
  gradient = inside ? gradient : zero;
}

// The rows (or columns) of the kernel that meet the input when it is laid at `first`: [begin, end).
struct Taps {
  Index begin, end;
};
WINNOW_INLINE Taps taps_inside(Index first, Index kernel, Index size) {
  return {std::max<Index>(0, -first), std::min(kernel, size - first)};
}

template <int kKernel>
struct Weights {
  WINNOW_INLINE Weights(const float* from, Index channels) {
#pragma GCC unroll 25
    for (int t = 0; t < kKernel * kKernel; ++t) load(from + t * channels, lanes[t]);
  }
  Lanes lanes[kKernel * kKernel];
};

template <int kKernel, class T>
WINNOW_INLINE void forward(const DepthwiseShape& s, T* x, Clip clip_input, const float* weight,
                           const float* bias, Clip clip_output, T* y) {
  const Weights<kKernel> weights(weight, s.channels);
  Lanes start;
  load(bias, start);
  if (clip_input.on) {
    for (Index i = 0; i < s.height * s.width; ++i) {
      Lanes value;
      load(x + i * s.channels, value);
      apply(clip_input, value);
      store(value, x + i * s.channels);
    }
  }
  for (Index oy = 0; oy < s.out_height; ++oy) {
    const Index top = oy * s.stride - s.pad_top;
    const Taps rows = taps_inside(top, kKernel, s.height);
    for (Index ox = 0; ox < s.out_width; ++ox) {
      const Index left = ox * s.stride - s.pad_left;
      const Taps columns = taps_inside(left, kKernel, s.width);
      const T* corner = x + (top * s.width + left) * s.channels;
      Lanes sum = start;
      if (rows.end - rows.begin == kKernel && columns.end - columns.begin == kKernel) {
#pragma GCC unroll 5
        for (int r = 0; r < kKernel; ++r) {
#pragma GCC unroll 5
          for (int c = 0; c < kKernel; ++c) {
            Lanes value;
            load(corner + (r * s.width + c) * s.channels, value);
            sum += value * weights.lanes[r * kKernel + c];
          }
        }
      } else {
        for (Index r = rows.begin; r < rows.end; ++r) {
          for (Index c = columns.begin; c < columns.end; ++c) {
            Lanes value;
            Lanes factor;
            load(corner + (r * s.width + c) * s.channels, value);
            load(weight + (r * kKernel + c) * s.channels, factor);
            sum += value * factor;
          }
        }
      }
      apply(clip_output, sum);
      store(sum, y + (oy * s.out_width + ox) * s.channels);
    }
  }
}

template <int kKernel, class T>
WINNOW_INLINE void weight_gradient(const DepthwiseShape& s, const T* x, const T* gradient, const T* clipped,
                                   Clip clip, T* unclipped, float* weight_gradient, float* bias_gradient) {
  // Those of the middle of the picture in registers, those of its edges in memory.
  Lanes middle[kKernel * kKernel] = {};
  Lanes edges[kKernel * kKernel] = {};
  Lanes bias = {};
  for (Index oy = 0; oy < s.out_height; ++oy) {
    const Index top = oy * s.stride - s.pad_top;
    const Taps rows = taps_inside(top, kKernel, s.height);
    for (Index ox = 0; ox < s.out_width; ++ox) {
      const Index left = ox * s.stride - s.pad_left;
      const Taps columns = taps_inside(left, kKernel, s.width);
      const Index at = (oy * s.out_width + ox) * s.channels;
      Lanes g;
      load(gradient + at, g);
      if (clipped != nullptr) {
        Lanes value;
        load(clipped + at, value);
        mask(clip, value, g);
        store(g, unclipped + at);
      }
      bias += g;
      const T* corner = x + (top * s.width + left) * s.channels;
      if (rows.end - rows.begin == kKernel && columns.end - columns.begin == kKernel) {
#pragma GCC unroll 5
        for (int r = 0; r < kKernel; ++r) {
#pragma GCC unroll 5
          for (int c = 0; c < kKernel; ++c) {
            Lanes value;
            load(corner + (r * s.width + c) * s.channels, value);
            middle[r * kKernel + c] += value * g;
          }
        }
      } else {
        for (Index r = rows.begin; r < rows.end; ++r) {
          for (Index c = columns.begin; c < columns.end; ++c) {
            Lanes value;
            load(corner + (r * s.width + c) * s.channels, value);
            edges[r * kKernel + c] += value * g;
          }
        }
      }
    }
  }
  for (int t = 0; t < kKernel * kKernel; ++t) {
    Lanes sum;
    load(weight_gradient + t * kDepthwiseBlock, sum);
    sum += middle[t] + edges[t];
    store(sum, weight_gradient + t * kDepthwiseBlock);
  }
  Lanes sum;
  load(bias_gradient, sum);
  sum += bias;
  store(sum, bias_gradient);
}

// The rows (or columns) r of the kernel that lay on an input row for some output row (at - r) / kStride:
// begin, begin + kStride, ... below end.
template <int kKernel, int kStride>
WINNOW_INLINE Taps taps_over(Index at, Index out_size) {
  const Index first = at % kStride;
  const Index low = at - kStride * (out_size - 1);  // rows before this lay past the last output
  const Index skipped = low > first ? (low - first + kStride - 1) / kStride * kStride : 0;
  return {first + skipped, std::min<Index>(kKernel, at + 1)};
}

// The sum over all taps of these parities; corner: the output of row and column 0 of the kernel, or of the
// first that counts.
template <int kKernel, int kStride, int kRow, int kColumn, class T>
WINNOW_INLINE Lanes sum_over(const T* corner, Index row, Index channels, const Weights<kKernel>& weights) {
  Lanes sum = {};
#pragma GCC unroll 5
  for (int r = kRow; r < kKernel; r += kStride) {
#pragma GCC unroll 5
    for (int c = kColumn; c < kKernel; c += kStride) {
      Lanes g;
      load(corner - (r - kRow) / kStride * row - (c - kColumn) / kStride * channels, g);
      sum += g * weights.lanes[r * kKernel + c];
    }
  }
  return sum;
}

template <int kKernel, int kStride, class T>
WINNOW_INLINE void input_gradient(const DepthwiseShape& s, const T* gradient, const float* weight, const T* x,
                                  Clip clip_input, T* x_gradient) {
  const Weights<kKernel> weights(weight, s.channels);
  const Index row = s.out_width * s.channels;
  for (Index iy = 0; iy < s.height; ++iy) {
    const Index down = iy + s.pad_top;
    const Taps rows = taps_over<kKernel, kStride>(down, s.out_height);
    const bool all_rows = rows.begin < kStride && rows.end == kKernel;
    for (Index ix = 0; ix < s.width; ++ix) {
      const Index right = ix + s.pad_left;
      const Taps columns = taps_over<kKernel, kStride>(right, s.out_width);
      Lanes sum = {};
      if (all_rows && columns.begin < kStride && columns.end == kKernel) {
        const T* corner = gradient + down / kStride * row + right / kStride * s.channels;
        if constexpr (kStride == 1) {
          sum = sum_over<kKernel, 1, 0, 0>(corner, row, s.channels, weights);
        } else if (rows.begin == 0) {
          sum = columns.begin == 0 ? sum_over<kKernel, 2, 0, 0>(corner, row, s.channels, weights)
                                   : sum_over<kKernel, 2, 0, 1>(corner, row, s.channels, weights);
        } else {
          sum = columns.begin == 0 ? sum_over<kKernel, 2, 1, 0>(corner, row, s.channels, weights)
                                   : sum_over<kKernel, 2, 1, 1>(corner, row, s.channels, weights);
        }
      } else {
        for (Index r = rows.begin; r < rows.end; r += kStride) {
          for (Index c = columns.begin; c < columns.end; c += kStride) {
            Lanes g;
            Lanes factor;
            load(gradient + (down - r) / kStride * row + (right - c) / kStride * s.channels, g);
            load(weight + (r * kKernel + c) * s.channels, factor);
            sum += g * factor;
          }
        }
      }
      const Index at = (iy * s.width + ix) * s.channels;
      if (clip_input.on) {
        Lanes value;
        load(x + at, value);
        mask(clip_input, value, sum);
      }
      store(sum, x_gradient + at);
    }
  }
}

template <class T>
WINNOW_INLINE void input_gradient(const DepthwiseShape& s, const T* gradient, const float* weight, const T* x,
                                  Clip clip_input, T* x_gradient) {
  const bool small = s.kernel == 3;
  if (small && s.stride == 1) return input_gradient<3, 1>(s, gradient, weight, x, clip_input, x_gradient);
  if (small) return input_gradient<3, 2>(s, gradient, weight, x, clip_input, x_gradient);
  if (s.stride == 1) return input_gradient<5, 1>(s, gradient, weight, x, clip_input, x_gradient);
  input_gradient<5, 2>(s, gradient, weight, x, clip_input, x_gradient);
}

}  // namespace

WINNOW_VECTORISED void depthwise_forward(const DepthwiseShape& shape, float* x, Clip clip_input,
                                         const float* weight, const float* bias, Clip clip_output, float* y) {
  if (shape.kernel == 3) return forward<3>(shape, x, clip_input, weight, bias, clip_output, y);
  forward<5>(shape, x, clip_input, weight, bias, clip_output, y);
}

WINNOW_VECTORISED void depthwise_forward(const DepthwiseShape& shape, BFloat16Bits* x, Clip clip_input,
                                         const float* weight, const float* bias, Clip clip_output,
                                         BFloat16Bits* y) {
  if (shape.kernel == 3) return forward<3>(shape, x, clip_input, weight, bias, clip_output, y);
  forward<5>(shape, x, clip_input, weight, bias, clip_output, y);
}

WINNOW_VECTORISED void depthwise_weight_gradient(const DepthwiseShape& shape, const float* x,
                                                 const float* gradient, const float* clipped, Clip clip,
                                                 float* unclipped, float* weights, float* bias) {
  if (shape.kernel == 3)
    return weight_gradient<3>(shape, x, gradient, clipped, clip, unclipped, weights, bias);
  weight_gradient<5>(shape, x, gradient, clipped, clip, unclipped, weights, bias);
}

WINNOW_VECTORISED void depthwise_weight_gradient(const DepthwiseShape& shape, const BFloat16Bits* x,
                                                 const BFloat16Bits* gradient, const BFloat16Bits* clipped,
                                                 Clip clip, BFloat16Bits* unclipped, float* weights,
                                                 float* bias) {
  if (shape.kernel == 3)
    return weight_gradient<3>(shape, x, gradient, clipped, clip, unclipped, weights, bias);
  weight_gradient<5>(shape, x, gradient, clipped, clip, unclipped, weights, bias);
}

WINNOW_VECTORISED void depthwise_input_gradient(const DepthwiseShape& shape, const float* gradient,
                                                const float* weight, const float* x, Clip clip_input,
                                                float* x_gradient) {
  input_gradient(shape, gradient, weight, x, clip_input, x_gradient);
}

WINNOW_VECTORISED void depthwise_input_gradient(const DepthwiseShape& shape, const BFloat16Bits* gradient,
                                                const float* weight, const BFloat16Bits* x, Clip clip_input,
                                                BFloat16Bits* x_gradient) {
  input_gradient(shape, gradient, weight, x, clip_input, x_gradient);
}

}  // namespace winnow::nn
