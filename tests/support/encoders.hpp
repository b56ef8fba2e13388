// Files of every kind that winnow reads and does not write itself. Each function fails by aborting: a test
// that cannot make its input has nothing to say.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "winnow/core/bytes.hpp"
#include "winnow/image/image.hpp"

namespace winnow::test {

// A TIFF structure with a few tags, one of them the orientation.
[[nodiscard]] Bytes exif_block(int orientation, bool big_endian = false);

enum class JpegKind {
  kBaseline,  // 4:4:4
  kProgressive,
  kGrey,
  kCmyk,       // without Adobe's marker: 255 is full ink
  kAdobeCmyk,  // inverted, as Photoshop writes it
  kAdobeYcck,
  kArithmetic,
};
[[nodiscard]] Bytes encode_jpeg_as(const image::Image& image, JpegKind kind, int quality = 95);
// Puts a marker segment behind the first two bytes.
[[nodiscard]] Bytes insert_jpeg_segment(const Bytes& jpeg, std::uint8_t marker, ByteSpan data);
[[nodiscard]] Bytes with_exif(const Bytes& jpeg, int orientation, bool big_endian = false);

enum class PngKind {
  kRgb,
  kRgb16,
  kGrey,
  kGrey16,
  kBilevel,  // one bit: brighter than 127 or not
  kPalette,  // 6 x 6 x 6 colours, multiples of 51
  kInterlaced,
};
[[nodiscard]] Bytes encode_png(const image::Image& image, PngKind kind = PngKind::kRgb);
// alpha: [height, width]. kPalette becomes a palette with tRNS, in which only alpha 0 is kept apart.
[[nodiscard]] Bytes encode_png(const image::Image& image, std::span<const std::uint8_t> alpha,
                               PngKind kind = PngKind::kRgb);
// Puts a chunk, with a right checksum, before the first IDAT.
[[nodiscard]] Bytes insert_png_chunk(const Bytes& png, std::string_view type, ByteSpan data);
[[nodiscard]] Bytes png_chunk(std::string_view type, ByteSpan data);

// quality 0 to 100; 101 is lossless. alpha: empty or [height, width].
inline constexpr int kLossless = 101;
[[nodiscard]] Bytes encode_webp(const image::Image& image, int quality = kLossless,
                                std::span<const std::uint8_t> alpha = {});
// The same picture in the extended format, with EXIF.
[[nodiscard]] Bytes webp_with_exif(const image::Image& image, int orientation);
[[nodiscard]] Bytes encode_webp_animation(std::span<const image::Image> frames);

struct GifOptions {
  bool interlaced = false;
  bool own_colours = false;                  // a colour table in each frame, and no common one
  std::span<const std::uint8_t> alpha = {};  // empty or [height, width]; 0 is transparent
  int left = 0;                              // of the frames on the screen
  int top = 0;
  int screen_width = 0;  // 0: as the first frame
  int screen_height = 0;
};
// 6 x 6 x 6 colours, multiples of 51.
[[nodiscard]] Bytes encode_gif(std::span<const image::Image> frames, const GifOptions& options = {});

struct AvifOptions {
  int depth = 8;
  int rotation = 0;  // quarter turns against the clock
  int mirror = -1;   // 0 top to bottom, 1 left to right
  std::span<const std::uint8_t> alpha = {};
};
// Nearly lossless 4:4:4. More than one frame make an image sequence.
[[nodiscard]] Bytes encode_avif(std::span<const image::Image> frames, const AvifOptions& options = {});

struct BmpOptions {
  int bits = 24;  // 1 and 4: grey levels; 8: 6 x 6 x 6 colours; 16: 5-5-5, or 5-6-5 with masks
  bool top_down = false;
  bool masks = false;                        // BI_BITFIELDS, for 16 and 32 bits
  bool os2 = false;                          // the old header of 12 bytes
  std::span<const std::uint8_t> alpha = {};  // 32 bits with masks only
};
[[nodiscard]] Bytes encode_bmp(const image::Image& image, const BmpOptions& options = {});

[[nodiscard]] inline std::span<const image::Image> one_frame(const image::Image& image) {
  return {&image, 1};
}

// The nearest of 6 x 6 x 6 colours: what kPalette, GIF and 8-bit BMP keep of a picture.
[[nodiscard]] image::Image to_web_colours(const image::Image& image);

}  // namespace winnow::test
