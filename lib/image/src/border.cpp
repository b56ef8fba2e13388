#include "winnow/image/border.hpp"

#include <algorithm>
#include <cstdlib>

namespace winnow::image {
namespace {

constexpr int kTolerance = 24;    // levels of a colour; JPEG rings beside an edge
constexpr int kLeastBorder = 50;  // 1 / of a side
constexpr int kLeastRest = 4;     // 1 / of a side
constexpr int kLeastPixels = 16;
constexpr int kStrayPixels = 50;  // 1 / of a line may have another colour

class Edges {
 public:
  explicit Edges(const Image& image) : image_(image) {}

  [[nodiscard]] bool is_plain_row(int y, int left, int right) const {
    int stray = 0;
    for (int x = left; x < right; ++x) stray += differs(x, y) ? 1 : 0;
    return stray * kStrayPixels <= right - left;
  }

  [[nodiscard]] bool is_plain_column(int x, int top, int bottom) const {
    int stray = 0;
    for (int y = top; y < bottom; ++y) stray += differs(x, y) ? 1 : 0;
    return stray * kStrayPixels <= bottom - top;
  }

 private:
  [[nodiscard]] bool differs(int x, int y) const {
    const std::uint8_t* frame = image_.row(0);
    const std::uint8_t* pixel = image_.row(y) + 3 * static_cast<std::ptrdiff_t>(x);
    for (int c = 0; c < 3; ++c) {
      if (std::abs(pixel[c] - frame[c]) > kTolerance) return true;
    }
    return false;
  }

  const Image& image_;
};

}  // namespace

std::optional<Image> without_border(const Image& image) {
  const Edges edges(image);
  int top = 0;
  int bottom = image.height();
  while (top < bottom && edges.is_plain_row(top, 0, image.width())) ++top;
  while (bottom > top && edges.is_plain_row(bottom - 1, 0, image.width())) --bottom;
  int left = 0;
  int right = image.width();
  while (left < right && edges.is_plain_column(left, top, bottom)) ++left;
  while (right > left && edges.is_plain_column(right - 1, top, bottom)) --right;

  const int width = right - left;
  const int height = bottom - top;
  if (width < std::max(kLeastPixels, image.width() / kLeastRest)) return std::nullopt;
  if (height < std::max(kLeastPixels, image.height() / kLeastRest)) return std::nullopt;
  if ((image.width() - width) * kLeastBorder < image.width() &&
      (image.height() - height) * kLeastBorder < image.height()) {
    return std::nullopt;
  }
  Image rest(width, height);
  for (int y = 0; y < height; ++y) {
    const std::uint8_t* from = image.row(top + y) + 3 * static_cast<std::ptrdiff_t>(left);
    std::copy(from, from + 3 * static_cast<std::ptrdiff_t>(width), rest.row(y));
  }
  return rest;
}

}  // namespace winnow::image
