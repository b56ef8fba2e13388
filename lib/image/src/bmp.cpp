#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <limits>

#include "byte_order.hpp"
#include "codec.hpp"

namespace winnow::image {
namespace {

constexpr std::size_t kFileHeader = 14;
constexpr std::uint32_t kCoreHeader = 12;  // OS/2 1.x
constexpr std::uint32_t kOs2Header = 64;   // gives other meanings to the compressions

enum Compression : std::uint32_t { kRgb = 0, kBitfields = 3, kAlphaBitfields = 6 };

// The bits of a pixel that hold one colour.
struct Channel {
  explicit Channel(std::uint32_t bit_mask = 0)
      : mask(bit_mask), shift(bit_mask == 0 ? 0 : std::countr_zero(bit_mask)), highest(bit_mask >> shift) {}

  [[nodiscard]] unsigned read(std::uint32_t pixel) const {
    const std::uint32_t value = (pixel & mask) >> shift;
    if (highest == 255) return value;
    return highest == 0 ? 0 : static_cast<unsigned>((std::uint64_t{value} * 255 + highest / 2) / highest);
  }

  std::uint32_t mask;
  int shift;
  std::uint32_t highest;
};

// Windows bitmap headers, versions 2 to 5 (BITMAPCOREHEADER to BITMAPV5HEADER).
struct BmpLayout {
  std::int64_t width = 0;
  std::int64_t height = 0;  // without its sign
  bool top_down = false;
  std::uint32_t bits = 0;
  Channel red, green, blue, alpha;
  std::array<std::array<std::uint8_t, 3>, 256> palette{};  // blue, green, red; missing colours are black
  std::size_t pixels_at = 0;
  std::size_t row_bytes = 0;
};

// What all headers say, each in its place. Returns false if the file ends first.
struct BmpHeader {
  std::uint32_t bytes = 0;
  std::uint32_t compression = kRgb;
  std::uint32_t colours_used = 0;
};

bool read_header(ByteSpan bytes, BmpHeader& header, BmpLayout& layout) {
  if (bytes.size() < kFileHeader + kCoreHeader) return false;
  layout.pixels_at = little32(&bytes[10]);
  header.bytes = little32(&bytes[14]);
  if (bytes.size() < kFileHeader + header.bytes) return false;
  if (header.bytes == kCoreHeader) {
    layout.width = little16(&bytes[18]);
    layout.height = little16(&bytes[20]);
    layout.bits = little16(&bytes[24]);
    return true;
  }
  layout.width = static_cast<std::int32_t>(little32(&bytes[18]));
  layout.height = static_cast<std::int32_t>(little32(&bytes[22]));
  layout.top_down = layout.height < 0;
  layout.height = std::abs(layout.height);
  layout.bits = little16(&bytes[28]);
  header.compression = little32(&bytes[30]);
  header.colours_used = little32(&bytes[46]);
  return true;
}

// Returns false if the file ends first.
bool read_masks(ByteSpan bytes, const BmpHeader& header, BmpLayout& layout) {
  if (header.compression == kRgb) {
    const bool small = layout.bits == 16;
    layout.red = Channel(small ? 0x7c00 : 0xff0000);
    layout.green = Channel(small ? 0x3e0 : 0xff00);
    layout.blue = Channel(small ? 0x1f : 0xff);
    return true;
  }
  constexpr std::size_t kMasksAt = 54;  // behind the info header, or inside a longer one
  const bool with_alpha = header.bytes >= 56 || header.compression == kAlphaBitfields;
  if (bytes.size() < kMasksAt + (with_alpha ? 16 : 12)) return false;
  layout.red = Channel(little32(&bytes[kMasksAt]));
  layout.green = Channel(little32(&bytes[kMasksAt + 4]));
  layout.blue = Channel(little32(&bytes[kMasksAt + 8]));
  if (with_alpha) layout.alpha = Channel(little32(&bytes[kMasksAt + 12]));
  return true;
}

// Returns false if the file ends first.
bool read_palette(ByteSpan bytes, const BmpHeader& header, BmpLayout& layout) {
  const std::size_t entry_bytes = header.bytes == kCoreHeader ? 3 : 4;
  const std::uint32_t possible = 1U << layout.bits;
  const std::size_t count = header.colours_used == 0 ? possible : std::min(header.colours_used, possible);
  const std::size_t at = kFileHeader + header.bytes;
  if (bytes.size() < at + count * entry_bytes) return false;
  for (std::size_t i = 0; i < count; ++i)
    std::copy_n(&bytes[at + i * entry_bytes], 3, layout.palette[i].begin());
  return true;
}

Result<BmpLayout> read_layout(ByteSpan bytes) {
  BmpLayout layout;
  BmpHeader header;
  if (!read_header(bytes, header, layout)) return truncated(Format::kBmp);
  constexpr std::int64_t kLongestSide = std::numeric_limits<int>::max();
  if (layout.width <= 0 || layout.height == 0 || layout.height > kLongestSide) return corrupt(Format::kBmp);

  const bool masked = header.compression == kBitfields || header.compression == kAlphaBitfields;
  if ((header.compression != kRgb && !masked) || (masked && header.bytes == kOs2Header)) {
    return unsupported(Format::kBmp, "compression");
  }
  const bool maskable = layout.bits == 16 || layout.bits == 32;
  if (masked && !maskable) return corrupt(Format::kBmp);
  bool complete = true;
  if (maskable) {
    complete = read_masks(bytes, header, layout);
  } else if (layout.bits == 1 || layout.bits == 4 || layout.bits == 8) {
    complete = read_palette(bytes, header, layout);
  } else if (layout.bits != 24) {
    return corrupt(Format::kBmp);
  }
  if (!complete) return truncated(Format::kBmp);
  if (layout.pixels_at < kFileHeader + header.bytes) return corrupt(Format::kBmp);
  layout.row_bytes = (static_cast<std::size_t>(layout.width) * layout.bits + 31) / 32 * 4;
  return layout;
}

const std::uint8_t* row_of(const BmpLayout& layout, ByteSpan bytes, int y) {
  const std::int64_t stored = layout.top_down ? y : layout.height - 1 - y;
  return &bytes[layout.pixels_at + layout.row_bytes * static_cast<std::size_t>(stored)];
}

void read_palette_row(const BmpLayout& layout, const std::uint8_t* row, std::uint8_t* target) {
  const unsigned mask = (1U << layout.bits) - 1;
  for (unsigned x = 0; x < static_cast<unsigned>(layout.width); ++x, target += 3) {
    const unsigned first_bit = x * layout.bits;
    const unsigned index = row[first_bit / 8] >> (8 - layout.bits - first_bit % 8) & mask;
    std::reverse_copy(layout.palette[index].begin(), layout.palette[index].end(), target);
  }
}

std::uint32_t read_pixel(const BmpLayout& layout, const std::uint8_t* row, int x) {
  return layout.bits == 16 ? little16(row + 2 * x) : little32(row + 4 * x);
}

// Many writers name an alpha mask and then leave alpha zero everywhere: such pictures mean to be seen.
bool uses_alpha(const BmpLayout& layout, ByteSpan bytes) {
  if (layout.alpha.mask == 0) return false;
  for (int y = 0; y < layout.height; ++y) {
    const std::uint8_t* row = row_of(layout, bytes, y);
    for (int x = 0; x < layout.width; ++x) {
      if ((read_pixel(layout, row, x) & layout.alpha.mask) != 0) return true;
    }
  }
  return false;
}

void read_masked_row(const BmpLayout& layout, bool with_alpha, const std::uint8_t* row,
                     std::uint8_t* target) {
  for (int x = 0; x < layout.width; ++x, target += 3) {
    const std::uint32_t pixel = read_pixel(layout, row, x);
    const unsigned alpha = with_alpha ? layout.alpha.read(pixel) : 255;
    const std::array<unsigned, 3> rgb = {layout.red.read(pixel), layout.green.read(pixel),
                                         layout.blue.read(pixel)};
    for (std::size_t c = 0; c < 3; ++c) target[c] = over_white(rgb[c], alpha);
  }
}

Image read_pixels(const BmpLayout& layout, ByteSpan bytes) {
  Image image(static_cast<int>(layout.width), static_cast<int>(layout.height));
  const bool with_alpha = uses_alpha(layout, bytes);
  for (int y = 0; y < image.height(); ++y) {
    const std::uint8_t* row = row_of(layout, bytes, y);
    std::uint8_t* target = image.row(y);
    if (layout.bits <= 8) {
      read_palette_row(layout, row, target);
    } else if (layout.bits == 24) {
      for (int x = 0; x < image.width(); ++x) std::reverse_copy(row + 3 * x, row + 3 * x + 3, target + 3 * x);
    } else {
      read_masked_row(layout, with_alpha, row, target);
    }
  }
  return image;
}

}  // namespace

// Own code, as there is no library for it on its own; compressed kinds are rare and are refused.
Result<Stored> read_bmp(ByteSpan bytes, const DecodeOptions& options, Extent extent) {
  const Result<BmpLayout> layout = read_layout(bytes);
  if (!layout) return layout.failure();
  Stored stored;
  stored.width = static_cast<int>(layout->width);
  stored.height = static_cast<int>(layout->height);
  if (auto failure = check_size(Format::kBmp, static_cast<std::uint64_t>(layout->width),
                                static_cast<std::uint64_t>(layout->height), options)) {
    return *failure;
  }
  if (extent == Extent::kHeader) return stored;
  const std::uint64_t pixel_bytes =
      std::uint64_t{layout->row_bytes} * static_cast<std::uint64_t>(layout->height);
  if (layout->pixels_at > bytes.size() || pixel_bytes > bytes.size() - layout->pixels_at) {
    return truncated(Format::kBmp);
  }
  stored.pixels = read_pixels(*layout, bytes);
  return stored;
}

}  // namespace winnow::image
