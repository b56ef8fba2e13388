#include <gif_lib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <vector>

#include "byte_order.hpp"
#include "codec.hpp"

namespace winnow::image {
namespace {

constexpr std::uint8_t kImage = 0x2c;
constexpr std::uint8_t kExtension = 0x21;
constexpr std::uint8_t kTrailer = 0x3b;
constexpr std::uint8_t kHasColours = 0x80;

struct GifLayout {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::uint32_t frame_width = 0;  // of the first
  std::uint32_t frame_height = 0;
  bool animated = false;
};

std::size_t colour_bytes(std::uint8_t flags) {
  return (flags & kHasColours) != 0 ? std::size_t{3} << ((flags & 7) + 1) : 0;
}

// Past the sub-blocks that begin at `at`, or past the end of the file.
std::size_t skip_sub_blocks(ByteSpan bytes, std::size_t at) {
  while (at < bytes.size() && bytes[at] != 0) at += std::size_t{1} + bytes[at];
  return at + 1;
}

// Walks from block to block without decoding anything, so a file of a million frames costs no more than its
// length. GIF89a, appendix B.
Result<GifLayout> find_layout(ByteSpan bytes) {
  constexpr std::size_t kScreenBytes = 13;
  constexpr std::size_t kImageBytes = 10;
  if (bytes.size() < kScreenBytes) return truncated(Format::kGif);
  GifLayout layout;
  layout.width = little16(&bytes[6]);
  layout.height = little16(&bytes[8]);
  int frames = 0;
  std::size_t at = kScreenBytes + colour_bytes(bytes[10]);
  while (at < bytes.size() && bytes[at] != kTrailer) {
    if (bytes[at] == kExtension) {
      at = skip_sub_blocks(bytes, at + 2);
    } else if (bytes[at] == kImage) {
      if (bytes.size() - at < kImageBytes) return truncated(Format::kGif);
      const std::uint8_t* image = &bytes[at];
      if (++frames == 1) {
        layout.frame_width = little16(image + 5);
        layout.frame_height = little16(image + 7);
        // Some encoders leave the screen's size to the first frame.
        if (layout.width == 0) layout.width = little16(image + 1) + layout.frame_width;
        if (layout.height == 0) layout.height = little16(image + 3) + layout.frame_height;
      }
      at = skip_sub_blocks(bytes, at + kImageBytes + colour_bytes(image[9]) + 1);
    } else {
      return corrupt(Format::kGif);
    }
  }
  if (at >= bytes.size()) return truncated(Format::kGif);
  if (frames == 0) return corrupt(Format::kGif);
  layout.animated = frames > 1;
  return layout;
}

int read_bytes(GifFileType* gif, GifByteType* target, int count) {
  ByteSpan& rest = *static_cast<ByteSpan*>(gif->UserData);
  const std::size_t given = std::min(rest.size(), static_cast<std::size_t>(count));
  std::memcpy(target, rest.data(), given);
  rest = rest.subspan(given);
  return static_cast<int>(given);
}

// Stops behind the first image descriptor. transparent: the colour index that leaves the canvas as it is, or
// -1.
bool find_first_frame(GifFileType* gif, int& transparent) {
  for (GifRecordType record = UNDEFINED_RECORD_TYPE; DGifGetRecordType(gif, &record) == GIF_OK;) {
    if (record == IMAGE_DESC_RECORD_TYPE) return DGifGetImageDesc(gif) == GIF_OK;
    if (record != EXTENSION_RECORD_TYPE) return false;
    int code = 0;
    GifByteType* block = nullptr;
    if (DGifGetExtension(gif, &code, &block) != GIF_OK) return false;
    while (block != nullptr) {
      GraphicsControlBlock control{};
      if (code == GRAPHICS_EXT_FUNC_CODE && DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK) {
        transparent = control.TransparentColor;
      }
      if (DGifGetExtensionNext(gif, &block) != GIF_OK) return false;
    }
  }
  return false;
}

// Rows and columns outside of the canvas are decoded, as the code runs through them, and dropped.
bool paint_row(GifFileType* gif, const ColorMapObject& colours, int transparent, int y,
               std::vector<GifPixelType>& line, Image& canvas) {
  const GifImageDesc& frame = gif->Image;
  if (DGifGetLine(gif, line.data(), frame.Width) != GIF_OK) return false;
  const int row = frame.Top + y;
  if (row >= canvas.height()) return true;
  const int visible = std::min(frame.Width, canvas.width() - frame.Left);
  for (int x = 0; x < visible; ++x) {
    const int index = line[static_cast<std::size_t>(x)];
    if (index == transparent || index >= colours.ColorCount) continue;
    const GifColorType& colour = colours.Colors[index];
    std::uint8_t* pixel = canvas.row(row) + 3 * (frame.Left + x);
    pixel[0] = colour.Red;
    pixel[1] = colour.Green;
    pixel[2] = colour.Blue;
  }
  return true;
}

// With giflib's low-level calls: DGifSlurp would unpack every frame there is.
Result<Image> read_first_frame(ByteSpan bytes, const GifLayout& layout) {
  ByteSpan rest = bytes;
  const auto close = [](GifFileType* gif) { DGifCloseFile(gif, nullptr); };
  const std::unique_ptr<GifFileType, decltype(close)> gif(DGifOpen(&rest, read_bytes, nullptr), close);
  int transparent = NO_TRANSPARENT_COLOR;
  if (!gif || !find_first_frame(gif.get(), transparent)) return corrupt(Format::kGif);
  const GifImageDesc& frame = gif->Image;
  const ColorMapObject* colours = frame.ColorMap != nullptr ? frame.ColorMap : gif->SColorMap;
  if (colours == nullptr) return corrupt(Format::kGif);

  Image canvas(static_cast<int>(layout.width), static_cast<int>(layout.height));
  std::memset(canvas.row(0), 255, canvas.size_bytes());
  std::vector<GifPixelType> line(static_cast<std::size_t>(frame.Width));
  struct Pass {
    int first;
    int step;
  };
  constexpr std::array<Pass, 4> kInterlaced = {{{0, 8}, {4, 8}, {2, 4}, {1, 2}}};
  constexpr std::array<Pass, 1> kInOrder = {{{0, 1}}};
  const std::span<const Pass> passes = frame.Interlace ? std::span<const Pass>(kInterlaced) : kInOrder;
  for (const Pass& pass : passes) {
    for (int y = pass.first; y < frame.Height; y += pass.step) {
      if (!paint_row(gif.get(), *colours, transparent, y, line, canvas)) return corrupt(Format::kGif);
    }
  }
  return canvas;
}

}  // namespace

Result<Stored> read_gif(ByteSpan bytes, const DecodeOptions& options, Extent extent) {
  const Result<GifLayout> layout = find_layout(bytes);
  if (!layout) return layout.failure();
  if (auto failure = check_size(Format::kGif, layout->width, layout->height, options)) return *failure;
  // A frame may be larger than the screen it is shown on.
  if (auto failure = check_size(Format::kGif, layout->frame_width, layout->frame_height, options))
    return *failure;
  Stored stored;
  stored.width = static_cast<int>(layout->width);
  stored.height = static_cast<int>(layout->height);
  stored.animated = layout->animated;
  if (extent == Extent::kHeader) return stored;

  Result<Image> pixels = read_first_frame(bytes, *layout);
  if (!pixels) return pixels.failure();
  stored.pixels = std::move(*pixels);
  return stored;
}

}  // namespace winnow::image
