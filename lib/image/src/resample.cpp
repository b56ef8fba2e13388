#include "resample.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numeric>
#include <opencv2/core/hal/intrin.hpp>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "mat.hpp"

namespace winnow::image {
namespace {

// OpenCV's INTER_AREA and INTER_CUBIC give the same pixels (cubic within one level), but take three to five
// times as long as this, and longer than decoding the JPEG. They serve sizes at which the whole numbers below
// would overflow.
constexpr int kLongestSource = 65'536;
constexpr int kLongestTarget = 32'767;

// Which source positions make up each target position, and how much of each: weights[i * taps + k] belongs to
// source position first[i] + k.
struct Axis {
  int taps = 0;
  int sum = 0;  // of the weights of each target position
  std::vector<int> first;
  std::vector<std::int16_t> weights;
};

Axis make_axis(int source, int target, int taps, int sum) {
  Axis axis;
  axis.taps = std::min(taps, source);
  axis.sum = sum;
  axis.first.resize(static_cast<std::size_t>(target));
  axis.weights.resize(axis.first.size() * static_cast<std::size_t>(axis.taps));
  return axis;
}

// In units of 1 / target of a source position, target position i covers [i * source, (i + 1) * source), so
// that all weights are whole and exact.
Axis area_axis(int source, int target) {
  // As many as an interval can touch that begins anywhere on the common grid.
  const int taps = (source + 2 * target - std::gcd(source, target) - 1) / target;
  Axis axis = make_axis(source, target, taps, source);
  for (int i = 0; i < target; ++i) {
    const std::int64_t begin = std::int64_t{i} * source;
    const std::int64_t end = begin + source;
    const int first = std::min(static_cast<int>(begin / target), source - axis.taps);
    axis.first[static_cast<std::size_t>(i)] = first;
    for (int k = 0; k < axis.taps; ++k) {
      const std::int64_t left = std::int64_t{first + k} * target;
      const std::int64_t overlap = std::min(end, left + target) - std::max(begin, left);
      axis.weights[static_cast<std::size_t>(i * axis.taps + k)] =
          static_cast<std::int16_t>(std::max<std::int64_t>(0, overlap));
    }
  }
  return axis;
}

std::array<double, 4> cubic_weights(double t) {
  constexpr double kA = -0.75;
  const auto near = [](double d) { return ((kA + 2) * d - (kA + 3)) * d * d + 1; };
  const auto far = [](double d) { return ((kA * d - 5 * kA) * d + 8 * kA) * d - 4 * kA; };
  return {far(t + 1), near(t), near(1 - t), far(2 - t)};
}

Axis cubic_axis(int source, int target) {
  constexpr int kTaps = 4;
  constexpr int kOne = 1 << 14;
  Axis axis = make_axis(source, target, kTaps, kOne);
  for (int i = 0; i < target; ++i) {
    const double centre = (i + 0.5) * source / target - 0.5;
    const int left = static_cast<int>(std::floor(centre)) - 1;
    const int first = std::clamp(left, 0, source - axis.taps);
    axis.first[static_cast<std::size_t>(i)] = first;
    const std::array<double, kTaps> exact = cubic_weights(centre - std::floor(centre));
    std::int16_t* weights = &axis.weights[static_cast<std::size_t>(i * axis.taps)];
    int rest = kOne;
    for (int k = 0; k < kTaps; ++k) {
      // Positions outside of the picture repeat its edge.
      const int position = std::clamp(left + k, 0, source - 1) - first;
      const int weight = static_cast<int>(std::lround(exact[static_cast<std::size_t>(k)] * kOne));
      weights[position] = static_cast<std::int16_t>(weights[position] + weight);
      rest -= weight;
    }
    *std::max_element(weights, weights + axis.taps) += static_cast<std::int16_t>(rest);
  }
  return axis;
}

Axis choose_axis(int source, int target) {
  return source >= target ? area_axis(source, target) : cubic_axis(source, target);
}

// Adds up rows: out[i] = sum over k of weights[k] * rows[k * row_bytes + i], exactly, for 16 columns.
void sum_16_columns(const std::uint8_t* rows, std::size_t row_bytes, const std::int16_t* weights, int taps,
                    float* out) {
  cv::v_int32x4 sums[4] = {cv::v_setzero_s32(), cv::v_setzero_s32(), cv::v_setzero_s32(),
                           cv::v_setzero_s32()};
  for (int k = 0; k < taps; k += 2) {
    const bool paired = k + 1 < taps;
    const std::uint8_t* row = rows + static_cast<std::size_t>(k) * row_bytes;
    const cv::v_uint8x16 upper = cv::v_load(row);
    const cv::v_uint8x16 lower = cv::v_load(paired ? row + row_bytes : row);
    const std::uint32_t a = static_cast<std::uint16_t>(weights[k]);
    const std::uint32_t b = paired ? static_cast<std::uint16_t>(weights[k + 1]) : 0U;
    const cv::v_int16x8 pair = cv::v_reinterpret_as_s16(cv::v_setall_u32(b << 16 | a));
    cv::v_uint8x16 left, right;
    cv::v_zip(upper, lower, left, right);
    cv::v_uint16x8 quarters[4];
    cv::v_expand(left, quarters[0], quarters[1]);
    cv::v_expand(right, quarters[2], quarters[3]);
    for (int q = 0; q < 4; ++q) sums[q] += cv::v_dotprod(cv::v_reinterpret_as_s16(quarters[q]), pair);
  }
  for (int q = 0; q < 4; ++q) cv::v_store(out + 4 * q, cv::v_cvt_f32(sums[q]));
}

void sum_rows(const std::uint8_t* rows, std::size_t row_bytes, const std::int16_t* weights, int taps,
              int columns, float* out) {
  constexpr int kStep = 16;
  if (columns < kStep) {
    for (int x = 0; x < columns; ++x) {
      int sum = 0;
      for (int k = 0; k < taps; ++k) sum += weights[k] * rows[static_cast<std::size_t>(k) * row_bytes + x];
      out[x] = static_cast<float>(sum);
    }
    return;
  }
  for (int x = 0; x < columns; x += kStep) {
    const int at = std::min(x, columns - kStep);  // the last step goes over some columns again
    sum_16_columns(rows + at, row_bytes, weights, taps, out + at);
  }
}

// Four floats at a time are one pixel and a neighbour's red, which the next pixel writes over: row and out
// have one float more than they need.
template <int kTaps>
void sum_columns_of(const float* row, const Axis& axis, const std::vector<float>& weights, float* out) {
  const int taps = kTaps > 0 ? kTaps : axis.taps;
  const float* weight = weights.data();
  for (const int first : axis.first) {
    const float* pixel = row + 3 * first;
    cv::v_float32x4 sum = cv::v_setzero_f32();
    for (int k = 0; k < taps; ++k) sum += cv::v_load(pixel + 3 * k) * cv::v_setall_f32(weight[k]);
    cv::v_store(out, sum);
    weight += taps;
    out += 3;
  }
}

void sum_columns(const float* row, const Axis& axis, const std::vector<float>& weights, float* out) {
  switch (axis.taps) {  // the common ones unrolled
    case 2:
      return sum_columns_of<2>(row, axis, weights, out);
    case 3:
      return sum_columns_of<3>(row, axis, weights, out);
    case 4:
      return sum_columns_of<4>(row, axis, weights, out);
    default:
      return sum_columns_of<0>(row, axis, weights, out);
  }
}

void round_to_bytes(const float* values, int count, std::uint8_t* target) {
  constexpr int kStep = 8;
  int i = 0;
  for (; i + kStep <= count; i += kStep) {
    const cv::v_int16x8 whole =
        cv::v_pack(cv::v_round(cv::v_load(values + i)), cv::v_round(cv::v_load(values + i + 4)));
    cv::v_pack_u_store(target + i, whole);
  }
  for (; i < count; ++i)
    target[i] = static_cast<std::uint8_t>(std::clamp(std::nearbyint(values[i]), 0.0F, 255.0F));
}

void resample_with_opencv(const PixelView& source, std::uint8_t* target, int width, int height) {
  translate_opencv([&] {
    const bool shrinks = source.width >= width && source.height >= height;
    const cv::Mat from(source.height, source.width, CV_8UC3, const_cast<std::uint8_t*>(source.first),
                       source.row_bytes);
    cv::Mat to(height, width, CV_8UC3, target);
    cv::resize(from, to, to.size(), 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_CUBIC);
  });
}

}  // namespace

void resample(const PixelView& source, std::uint8_t* target, int width, int height) {
  const std::size_t target_bytes = std::size_t{3} * static_cast<std::size_t>(width);
  if (source.width == width && source.height == height) {
    for (int y = 0; y < height; ++y, target += target_bytes) {
      std::memcpy(target, source.first + source.row_bytes * static_cast<std::size_t>(y), target_bytes);
    }
    return;
  }
  if (std::max(source.width, source.height) > kLongestSource || std::max(width, height) > kLongestTarget) {
    resample_with_opencv(source, target, width, height);
    return;
  }
  const Axis across = choose_axis(source.width, width);
  const Axis down = choose_axis(source.height, height);
  const float scale = 1.0F / (static_cast<float>(across.sum) * static_cast<float>(down.sum));
  std::vector<float> weights(across.weights.size());
  std::transform(across.weights.begin(), across.weights.end(), weights.begin(),
                 [&](std::int16_t weight) { return static_cast<float>(weight) * scale; });
  const int columns = 3 * source.width;
  std::vector<float> row(static_cast<std::size_t>(columns) + 1);
  std::vector<float> out(target_bytes + 1);
  for (std::size_t y = 0; y < down.first.size(); ++y, target += target_bytes) {
    sum_rows(source.first + source.row_bytes * static_cast<std::size_t>(down.first[y]), source.row_bytes,
             &down.weights[y * static_cast<std::size_t>(down.taps)], down.taps, columns, row.data());
    sum_columns(row.data(), across, weights, out.data());
    round_to_bytes(out.data(), static_cast<int>(target_bytes), target);
  }
}

}  // namespace winnow::image
