#include "exif.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <opencv2/core.hpp>

#include "byte_order.hpp"
#include "mat.hpp"

namespace winnow::image {

// One tag is all that matters here. A whole EXIF library would open maker notes, thumbnails and string tables
// of uploads to attack; these lines read a header and one list of fixed-size entries.
int exif_orientation(ByteSpan block) {
  constexpr std::array<std::uint8_t, 6> kPrefix = {'E', 'x', 'i', 'f', 0, 0};
  if (block.size() >= kPrefix.size() && std::equal(kPrefix.begin(), kPrefix.end(), block.begin())) {
    block = block.subspan(kPrefix.size());
  }
  if (block.size() < 8) return 1;
  const bool little = block[0] == 'I' && block[1] == 'I';
  if (!little && !(block[0] == 'M' && block[1] == 'M')) return 1;
  const auto read16 = [&](std::size_t at) { return little ? little16(&block[at]) : big16(&block[at]); };
  const auto read32 = [&](std::size_t at) { return little ? little32(&block[at]) : big32(&block[at]); };
  if (read16(2) != 42) return 1;

  constexpr std::uint32_t kOrientation = 0x0112;
  constexpr std::uint32_t kShort = 3;
  constexpr std::size_t kEntryBytes = 12;
  const std::size_t directory = read32(4);
  if (directory > block.size() - 2) return 1;
  const std::size_t room = (block.size() - directory - 2) / kEntryBytes;
  const std::size_t entries = std::min<std::size_t>(read16(directory), room);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + i * kEntryBytes;
    if (read16(entry) != kOrientation) continue;
    if (read16(entry + 2) != kShort || read32(entry + 4) != 1) return 1;
    const std::uint32_t value = read16(entry + 8);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

Image turn_upright(Image image, int orientation) {
  if (orientation <= 1) return image;
  return translate_opencv([&] {
    constexpr int kUpsideDown = 0;
    constexpr int kMirrored = 1;
    constexpr int kBoth = -1;
    if (swaps_sides(orientation)) {
      Image turned(image.height(), image.width());
      cv::Mat target = view(turned);
      cv::transpose(view(image), target);
      image = std::move(turned);
    }
    cv::Mat pixels = view(image);
    switch (orientation) {
      case 2:
      case 6:
        cv::flip(pixels, pixels, kMirrored);
        break;
      case 3:
      case 7:
        cv::flip(pixels, pixels, kBoth);
        break;
      case 4:
      case 8:
        cv::flip(pixels, pixels, kUpsideDown);
        break;
      default:
        break;
    }
    return std::move(image);
  });
}

}  // namespace winnow::image
