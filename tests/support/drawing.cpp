#include "support/drawing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "winnow/core/atomic_file.hpp"
#include "winnow/core/random.hpp"
#include "winnow/image/encode.hpp"

namespace winnow::test {
namespace {

using Colour = std::array<double, 3>;

Colour random_colour(CounterRandom& random, double low, double high) {
  return {random.uniform(low, high), random.uniform(low, high), random.uniform(low, high)};
}

}  // namespace

const std::vector<std::string>& scene_kinds() {
  static const std::vector<std::string> kinds = {"checks", "discs", "stripes"};
  return kinds;
}

image::Image draw_scene(const std::string& kind, std::uint64_t seed, int width, int height) {
  const auto which = static_cast<std::uint64_t>(std::find(scene_kinds().begin(), scene_kinds().end(), kind) -
                                                scene_kinds().begin());
  CounterRandom random(seed, which);
  const Colour dark = random_colour(random, 10, 110);
  const Colour light = random_colour(random, 150, 245);
  const double period = random.uniform(12, 34);
  const double angle = random.uniform(-0.8, 0.8);
  const double shift_x = random.uniform(0, period);
  const double shift_y = random.uniform(0, period);
  // Light from one side, as in a photograph: no two pictures look alike even where their patterns do.
  const double light_x = random.uniform(-0.6, 0.6);
  const double light_y = random.uniform(-0.6, 0.6);
  const double turn_x = std::cos(angle);
  const double turn_y = std::sin(angle);

  image::Image picture(width, height);
  for (int y = 0; y < height; ++y) {
    std::uint8_t* row = picture.row(y);
    for (int x = 0; x < width; ++x) {
      const double u = (x * turn_x + y * turn_y + shift_x) / period;
      const double v = (y * turn_x - x * turn_y + shift_y) / period;
      bool on = false;
      if (kind == "stripes") {
        on = u - std::floor(u) < 0.5;
      } else if (kind == "checks") {
        on = (static_cast<long>(std::floor(u)) + static_cast<long>(std::floor(v))) % 2 == 0;
      } else {
        on = std::hypot(u - std::floor(u) - 0.5, v - std::floor(v) - 0.5) < 0.33;
      }
      const Colour& colour = on ? light : dark;
      const double brightness = 1 + light_x * (2.0 * x / width - 1) + light_y * (2.0 * y / height - 1);
      for (std::size_t c = 0; c < 3; ++c) {
        const double noisy = colour[c] * brightness + random.uniform(-6, 6);
        *row++ = static_cast<std::uint8_t>(std::clamp(noisy, 0.0, 255.0));
      }
    }
  }
  return picture;
}

image::Image draw_gradient(int width, int height) {
  image::Image picture(width, height);
  for (int y = 0; y < height; ++y) {
    std::uint8_t* row = picture.row(y);
    for (int x = 0; x < width; ++x) {
      *row++ = static_cast<std::uint8_t>(x * 255 / std::max(1, width - 1));
      *row++ = static_cast<std::uint8_t>(y * 255 / std::max(1, height - 1));
      *row++ = static_cast<std::uint8_t>((x + y) * 255 / std::max(1, width + height - 2));
    }
  }
  return picture;
}

void write_scene_tree(const std::filesystem::path& folder, int count, std::uint64_t seed) {
  for (const std::string& kind : scene_kinds()) {
    std::filesystem::create_directories(folder / kind);
    for (int i = 0; i < count; ++i) {
      const image::Image picture = draw_scene(kind, mix_bits(seed) + static_cast<std::uint64_t>(i));
      write_file_atomically(folder / kind / fmt::format("{:03}.jpg", i), image::encode_jpeg(picture, 92));
    }
  }
}

int largest_difference(const image::Image& a, const image::Image& b) {
  int largest = 0;
  for (std::size_t i = 0; i < a.size_bytes(); ++i) {
    largest = std::max(largest, std::abs(int{a.pixels()[i]} - int{b.pixels()[i]}));
  }
  return largest;
}

}  // namespace winnow::test
