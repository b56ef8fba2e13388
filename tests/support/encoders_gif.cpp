#include <gif_lib.h>

#include <array>
#include <cstdlib>
#include <vector>

#include "support/encoders.hpp"

namespace winnow::test {
namespace {

constexpr int kColours = 256;
constexpr int kTransparent = 255;

void check(int result) {
  if (result != GIF_OK) std::abort();
}

int append(GifFileType* gif, const GifByteType* data, int count) {
  Bytes& out = *static_cast<Bytes*>(gif->UserData);
  out.insert(out.end(), data, data + count);
  return count;
}

ColorMapObject* make_colours() {
  std::array<GifColorType, kColours> colours{};
  for (std::size_t i = 0; i < 216; ++i) {
    colours[i] = {static_cast<GifByteType>(i / 36 * 51), static_cast<GifByteType>(i / 6 % 6 * 51),
                  static_cast<GifByteType>(i % 6 * 51)};
  }
  return GifMakeMapObject(kColours, colours.data());
}

std::vector<GifPixelType> to_indexes(const image::Image& frame, int y, std::span<const std::uint8_t> alpha) {
  std::vector<GifPixelType> line;
  const std::uint8_t* pixel = frame.row(y);
  for (int x = 0; x < frame.width(); ++x, pixel += 3) {
    const bool clear = !alpha.empty() && alpha[static_cast<std::size_t>(y * frame.width() + x)] == 0;
    const int index = (pixel[0] + 25) / 51 * 36 + (pixel[1] + 25) / 51 * 6 + (pixel[2] + 25) / 51;
    line.push_back(static_cast<GifPixelType>(clear ? kTransparent : index));
  }
  return line;
}

void put_frame(GifFileType* gif, const image::Image& frame, const GifOptions& options,
               const ColorMapObject* colours) {
  GraphicsControlBlock control{};
  control.DelayTime = 10;
  control.TransparentColor = options.alpha.empty() ? NO_TRANSPARENT_COLOR : kTransparent;
  std::array<GifByteType, 4> block{};
  EGifGCBToExtension(&control, block.data());
  check(EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, static_cast<int>(block.size()), block.data()));
  check(EGifPutImageDesc(gif, options.left, options.top, frame.width(), frame.height(), options.interlaced,
                         options.own_colours ? colours : nullptr));
  constexpr std::array<std::array<int, 2>, 4> kInterlaced = {{{0, 8}, {4, 8}, {2, 4}, {1, 2}}};
  constexpr std::array<std::array<int, 2>, 1> kInOrder = {{{0, 1}}};
  for (const auto& [first, step] : options.interlaced ? std::span<const std::array<int, 2>>(kInterlaced)
                                                      : std::span<const std::array<int, 2>>(kInOrder)) {
    for (int y = first; y < frame.height(); y += step) {
      std::vector<GifPixelType> line = to_indexes(frame, y, options.alpha);
      check(EGifPutLine(gif, line.data(), frame.width()));
    }
  }
}

}  // namespace

Bytes encode_gif(std::span<const image::Image> frames, const GifOptions& options) {
  Bytes out;
  GifFileType* gif = EGifOpen(&out, append, nullptr);
  if (gif == nullptr) std::abort();
  EGifSetGifVersion(gif, true);
  ColorMapObject* colours = make_colours();
  const int width = options.screen_width > 0 ? options.screen_width : frames[0].width();
  const int height = options.screen_height > 0 ? options.screen_height : frames[0].height();
  check(EGifPutScreenDesc(gif, width, height, 8, 0, options.own_colours ? nullptr : colours));
  for (const image::Image& frame : frames) put_frame(gif, frame, options, colours);
  check(EGifCloseFile(gif, nullptr));
  GifFreeMapObject(colours);
  return out;
}

image::Image to_web_colours(const image::Image& image) {
  image::Image reduced(image.width(), image.height());
  for (std::size_t i = 0; i < image.size_bytes(); ++i) {
    reduced.pixels()[i] = static_cast<std::uint8_t>((image.pixels()[i] + 25) / 51 * 51);
  }
  return reduced;
}

}  // namespace winnow::test
