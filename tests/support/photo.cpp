#include "support/photo.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "winnow/core/random.hpp"

namespace winnow::test {

image::Image draw_photo(std::uint64_t seed, int width, int height) {
  struct Blob {
    double x, y, radius, strength[3];
  };
  CounterRandom random(seed);
  std::vector<Blob> blobs(9);
  for (Blob& blob : blobs) {
    blob.x = random.uniform();
    blob.y = random.uniform();
    blob.radius = random.uniform(0.06, 0.3);
    for (double& strength : blob.strength) strength = random.uniform(-70, 70);
  }
  const double slope_x = random.uniform(-60, 60);
  const double slope_y = random.uniform(-60, 60);
  image::Image picture(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double u = (x + 0.5) / width;
      const double v = (y + 0.5) / height;
      for (int c = 0; c < 3; ++c) {
        double value = 110 + slope_x * (u - 0.5) + slope_y * (v - 0.5) + random.uniform(-4, 4);
        for (const Blob& blob : blobs) {
          const double d = std::hypot(u - blob.x, v - blob.y) / blob.radius;
          value += blob.strength[c] * std::exp(-d * d);
        }
        picture.row(y)[3 * x + c] = static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0));
      }
    }
  }
  return picture;
}

image::Image mirrored(const image::Image& picture) {
  image::Image flipped(picture.width(), picture.height());
  for (int y = 0; y < picture.height(); ++y) {
    for (int x = 0; x < picture.width(); ++x) {
      std::memcpy(flipped.row(y) + 3 * x, picture.row(y) + 3 * (picture.width() - 1 - x), 3);
    }
  }
  return flipped;
}

}  // namespace winnow::test
