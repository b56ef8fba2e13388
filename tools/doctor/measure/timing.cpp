#include "doctor/measure/timing.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cmath>

#include "winnow/image/encode.hpp"

namespace winnow::tools {
namespace {

using Clock = std::chrono::steady_clock;

// Shades with fine texture.
Bytes draw_photo() {
  image::Image picture(640, 480);
  for (std::size_t i = 0; i < picture.size_bytes(); ++i) {
    const auto x = static_cast<double>(i / 3 % 640);
    const auto y = static_cast<double>(i / 3 / 640);
    const double shade = 128 + 60 * std::sin(x / 40) * std::cos(y / 50) + 25 * std::sin(x * y / 300);
    picture.pixels()[i] = static_cast<std::uint8_t>(shade);
  }
  return image::encode_jpeg(picture);
}

}  // namespace

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double typical_seconds(const std::function<void()>& work) {
  constexpr double kEnough = 0.4;
  constexpr std::size_t kFewest = 3;
  work();
  std::vector<double> runs;
  for (const auto start = Clock::now(); runs.size() < kFewest || seconds_since(start) < kEnough;) {
    const auto begin = Clock::now();
    work();
    runs.push_back(seconds_since(begin));
  }
  const auto middle = runs.begin() + static_cast<std::ptrdiff_t>(runs.size() / 2);
  std::nth_element(runs.begin(), middle, runs.end());
  return *middle;
}

double decoding_seconds(const image::Preprocessing& preprocessing) {
  const Bytes photo = draw_photo();
  std::vector<std::uint8_t> pixels(image::output_bytes(preprocessing));
  return typical_seconds([&] { (void)image::decode_and_preprocess(photo, preprocessing, pixels); });
}

std::uint64_t peak_memory() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

std::vector<std::uint8_t> grey_pictures(std::size_t count, std::size_t side) {
  return std::vector<std::uint8_t>(count * side * side * 3, 127);
}

}  // namespace winnow::tools
