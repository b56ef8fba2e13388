#include <spng.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "byte_order.hpp"
#include "codec.hpp"
#include "exif.hpp"

namespace winnow::image {
namespace {

constexpr std::size_t kSignatureBytes = 8;
constexpr std::size_t kChunkFrame = 12;  // length, type and checksum
constexpr std::size_t kHeaderBytes = 13;
constexpr std::uint8_t kAncillary = 0x20;

// Where things are in the file. PNG, third edition, section 5.
struct PngLayout {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  bool has_alpha = false;
  bool animated = false;
  ByteSpan exif;
  // What the pixels need: neighbouring chunks in one piece.
  std::vector<ByteSpan> pieces;
};

void keep(std::vector<ByteSpan>& pieces, ByteSpan chunk) {
  if (!pieces.empty() && pieces.back().data() + pieces.back().size() == chunk.data()) {
    pieces.back() = {pieces.back().data(), pieces.back().size() + chunk.size()};
  } else {
    pieces.push_back(chunk);
  }
}

Result<PngLayout> find_layout(ByteSpan bytes) {
  PngLayout layout;
  layout.pieces.push_back(bytes.first(kSignatureBytes));
  for (std::size_t at = kSignatureBytes;;) {
    if (bytes.size() - at < kChunkFrame) return truncated(Format::kPng);
    const std::size_t length = big32(&bytes[at]);
    if (length > bytes.size() - at - kChunkFrame) return truncated(Format::kPng);
    const ByteSpan data = bytes.subspan(at + 8, length);
    const std::string_view type = as_text(bytes.subspan(at + 4, 4));
    if (layout.width == 0) {
      if (type != "IHDR" || length != kHeaderBytes) return corrupt(Format::kPng);
      layout.width = big32(&data[0]);
      layout.height = big32(&data[4]);
      layout.has_alpha =
          data[9] == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA || data[9] == SPNG_COLOR_TYPE_TRUECOLOR_ALPHA;
      if (layout.width == 0) return corrupt(Format::kPng);
    } else if (type == "tRNS") {
      layout.has_alpha = true;
    } else if (type == "eXIf") {
      layout.exif = data;
    } else if (type == "acTL" && length >= 4) {
      layout.animated = big32(&data[0]) > 1;
    }
    if ((static_cast<std::uint8_t>(type[0]) & kAncillary) == 0 || type == "tRNS") {
      keep(layout.pieces, bytes.subspan(at, kChunkFrame + length));
    }
    if (type == "IEND") return layout;
    at += kChunkFrame + length;
  }
}

// Hands libspng the pieces as if they were the file.
class PieceReader {
 public:
  explicit PieceReader(std::span<const ByteSpan> pieces) : pieces_(pieces) {}

  static int read(spng_ctx*, void* self, void* target, std::size_t length) {
    return static_cast<PieceReader*>(self)->copy(static_cast<std::uint8_t*>(target), length);
  }

 private:
  int copy(std::uint8_t* target, std::size_t length) {
    while (length > 0) {
      if (pieces_.empty()) return SPNG_IO_EOF;
      const ByteSpan rest = pieces_.front().subspan(used_);
      const std::size_t count = std::min(length, rest.size());
      std::memcpy(target, rest.data(), count);
      target += count;
      length -= count;
      used_ += count;
      if (used_ == pieces_.front().size()) {
        pieces_ = pieces_.subspan(1);
        used_ = 0;
      }
    }
    return 0;
  }

  std::span<const ByteSpan> pieces_;
  std::size_t used_ = 0;
};

Failure explain(int error) {
  if (error == SPNG_EMEM) return out_of_memory();
  return corrupt(Format::kPng);
}

// Text, profiles and thumbnails never reach the library: they are where small files hide large ones, and
// nothing here looks at them.
Result<Image> read_pixels(const PngLayout& layout) {
  const std::unique_ptr<spng_ctx, void (*)(spng_ctx*)> png(spng_ctx_new(0), spng_ctx_free);
  if (!png) return out_of_memory();
  PieceReader reader(layout.pieces);
  constexpr std::size_t kChunkBytes = 64 << 10;  // of a chunk other than IDAT; a palette has 768
  int error = spng_set_image_limits(png.get(), layout.width, layout.height);
  if (error == 0) error = spng_set_chunk_limits(png.get(), kChunkBytes, kChunkBytes);
  if (error == 0) error = spng_set_png_stream(png.get(), PieceReader::read, &reader);
  if (error != 0) return explain(error);

  Image image(static_cast<int>(layout.width), static_cast<int>(layout.height));
  if (!layout.has_alpha) {
    error = spng_decode_image(png.get(), image.row(0), image.size_bytes(), SPNG_FMT_RGB8, 0);
    if (error != 0) return explain(error);
    return image;
  }
  const std::size_t rgba_bytes = std::size_t{4} * layout.width * layout.height;
  const auto rgba = std::make_unique_for_overwrite<std::uint8_t[]>(rgba_bytes);
  error = spng_decode_image(png.get(), rgba.get(), rgba_bytes, SPNG_FMT_RGBA8, SPNG_DECODE_TRNS);
  if (error != 0) return explain(error);
  composite_on_white(rgba.get(), image);
  return image;
}

}  // namespace

Result<Stored> read_png(ByteSpan bytes, const DecodeOptions& options, Extent extent) {
  const Result<PngLayout> layout = find_layout(bytes);
  if (!layout) return layout.failure();
  if (auto failure = check_size(Format::kPng, layout->width, layout->height, options)) return *failure;
  Stored stored;
  stored.width = static_cast<int>(layout->width);
  stored.height = static_cast<int>(layout->height);
  stored.animated = layout->animated;
  stored.orientation = exif_orientation(layout->exif);
  if (extent == Extent::kHeader) return stored;

  Result<Image> pixels = read_pixels(*layout);
  if (!pixels) return pixels.failure();
  stored.pixels = std::move(*pixels);
  return stored;
}

}  // namespace winnow::image
