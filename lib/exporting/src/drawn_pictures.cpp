#include "drawn_pictures.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "winnow/core/random.hpp"
#include "winnow/image/encode.hpp"

namespace winnow::exporting {
namespace {

using Colour = std::array<std::uint8_t, 3>;

template <class ColourAt>
image::Image draw(int width, int height, ColourAt colour_at) {
  image::Image picture(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const Colour colour = colour_at(x, y);
      std::copy(colour.begin(), colour.end(), picture.row(y) + std::ptrdiff_t{3} * x);
    }
  }
  return picture;
}

bool in_disc(int x, int y, int centre_x, int centre_y, int radius) {
  const int dx = x - centre_x;
  const int dy = y - centre_y;
  return dx * dx + dy * dy < radius * radius;
}

// Stripes and checks that only averaging turns to grey, and discs whose place and colour show how it was cut
// and in which order its colours stand.
Colour wide_colour(int x, int y) {
  if (in_disc(x, y, 130, 110, 62)) return {214, 60, 40};
  if (in_disc(x, y, 350, 210, 70)) return {40, 90, 200};
  if (in_disc(x, y, 245, 70, 40)) return {240, 200, 70};
  if (x < 240) return x % 3 == 0 ? Colour{20, 30, 20} : Colour{190, 220, 180};
  return (x / 2 + y / 2) % 2 == 0 ? Colour{250, 250, 245} : Colour{90, 110, 120};
}

// Lies on its side: dark above, and a disc in one corner, once it is turned.
Colour turned_colour(int x, int y) {
  if (in_disc(x, y, 90, 60, 45)) return {230, 150, 30};
  return {static_cast<std::uint8_t>(40 + x / 2), static_cast<std::uint8_t>(60 + y / 2),
          static_cast<std::uint8_t>(200 - x / 2)};
}

Colour small_colour(int x, int y) {
  if (in_disc(x, y, 25, 40, 14)) return {250, 245, 240};
  return (x / 10 + y / 10) % 2 == 0 ? Colour{150, 30, 110} : Colour{30, 140, 90};
}

// EXIF 2.32, section 4.5.4: an APP1 segment with one entry, orientation 6: the top is at the right side.
Bytes turn_by_exif(const Bytes& jpeg) {
  constexpr std::array<std::uint8_t, 36> kSegment = {
      0xff, 0xe1, 0,    34,   'E', 'x', 'i', 'f', 0, 0, 'I', 'I', 42, 0, 8, 0, 0, 0,
      1,    0,    0x12, 0x01, 3,   0,   1,   0,   0, 0, 6,   0,   0,  0, 0, 0, 0, 0};
  Bytes turned = jpeg;
  turned.insert(turned.begin() + 2, kSegment.begin(), kSegment.end());
  return turned;
}

}  // namespace

std::vector<DrawnPicture> draw_reference_pictures() {
  return {{"wide.png", "crop or squash, averaging where it shrinks, order of the colours",
           image::encode_png(draw(480, 320, wide_colour))},
          {"turned.jpg", "JPEG, and turning by EXIF orientation",
           turn_by_exif(image::encode_jpeg(draw(300, 220, turned_colour), 92))},
          {"small.png", "growing", image::encode_png(draw(60, 80, small_colour))}};
}

std::vector<std::uint8_t> draw_waves(int count, int side) {
  std::vector<std::uint8_t> pixels;
  pixels.reserve(static_cast<std::size_t>(count * side * side * 3));
  for (int picture = 0; picture < count; ++picture) {
    CounterRandom random(1, picture);
    const double period = side / (2.0 + 3 * picture);
    for (int y = 0; y < side; ++y) {
      for (int x = 0; x < side; ++x) {
        for (int c = 0; c < 3; ++c) {
          const double wave = std::sin((x + c * 9) / period) * std::cos((y - c * 5) / period);
          pixels.push_back(
              static_cast<std::uint8_t>(std::clamp(127 + 100 * wave + random.uniform(-25, 25), 0.0, 255.0)));
        }
      }
    }
  }
  return pixels;
}

}  // namespace winnow::exporting
