// What the tests of this folder share: small pictures to compare, and what became of them.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "winnow/core/error.hpp"
#include "winnow/image/image.hpp"

namespace winnow::image {

// "" for success.
template <class T>
std::string failure_code(const Result<T>& result) {
  return result ? "" : result.failure().code;
}

template <class T>
std::string failure_message(const Result<T>& result) {
  return result ? "" : result.failure().message;
}

inline Image copy_of(const Image& image) {
  Image copy(image.width(), image.height());
  std::memcpy(copy.row(0), image.row(0), image.size_bytes());
  return copy;
}

inline Image flat(int width, int height, std::uint8_t red, std::uint8_t green, std::uint8_t blue) {
  Image image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      std::uint8_t* pixel = image.row(y) + 3 * x;
      pixel[0] = red;
      pixel[1] = green;
      pixel[2] = blue;
    }
  }
  return image;
}

// EXIF 2.32, section 4.6.4: where the pixel seen at (x, y) is stored.
inline Image turned(const Image& stored, int orientation) {
  const int w = stored.width();
  const int h = stored.height();
  Image seen(orientation >= 5 ? h : w, orientation >= 5 ? w : h);
  for (int y = 0; y < seen.height(); ++y) {
    for (int x = 0; x < seen.width(); ++x) {
      int from_x = x;
      int from_y = y;
      switch (orientation) {
        case 2:
          from_x = w - 1 - x;
          break;
        case 3:
          from_x = w - 1 - x, from_y = h - 1 - y;
          break;
        case 4:
          from_y = h - 1 - y;
          break;
        case 5:
          from_x = y, from_y = x;
          break;
        case 6:
          from_x = y, from_y = h - 1 - x;
          break;
        case 7:
          from_x = w - 1 - y, from_y = h - 1 - x;
          break;
        case 8:
          from_x = w - 1 - y, from_y = x;
          break;
        default:
          break;
      }
      std::memcpy(seen.row(y) + 3 * x, stored.row(from_y) + 3 * from_x, 3);
    }
  }
  return seen;
}

// Falls from 255 at the left to 0 at the right.
inline std::vector<std::uint8_t> fading_alpha(int width, int height) {
  std::vector<std::uint8_t> alpha;
  for (int i = 0; i < width * height; ++i) {
    alpha.push_back(static_cast<std::uint8_t>(255 - i % width * 255 / (width - 1)));
  }
  return alpha;
}

inline Image over_white(const Image& image, const std::vector<std::uint8_t>& alpha) {
  Image out(image.width(), image.height());
  for (std::size_t i = 0; i < image.size_bytes(); ++i) {
    const int a = alpha[i / 3];
    out.pixels()[i] = static_cast<std::uint8_t>((image.pixels()[i] * a + 255 * (255 - a) + 127) / 255);
  }
  return out;
}

}  // namespace winnow::image
