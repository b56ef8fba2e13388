#include <spng.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "support/byte_writer.hpp"
#include "support/encoders.hpp"

namespace winnow::test {
namespace {

constexpr int kClearIndex = 216;  // behind the colours

void check(int error) {
  if (error != 0) std::abort();
}

std::uint8_t grey_of(const std::uint8_t* rgb) {
  return static_cast<std::uint8_t>((299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2]) / 1000);
}

// Appends as few bytes as the samples of one pixel take.
void put_pixel(ByteWriter& rows, const std::uint8_t* rgb, std::span<const std::uint8_t> alpha, PngKind kind) {
  const bool grey = kind == PngKind::kGrey || kind == PngKind::kGrey16;
  const bool wide = kind == PngKind::kRgb16 || kind == PngKind::kGrey16;
  std::array<std::uint8_t, 4> samples = {rgb[0], rgb[1], rgb[2], 0};
  std::size_t count = 3;
  if (kind == PngKind::kPalette) {
    const bool clear = !alpha.empty() && alpha[0] == 0;
    const int index = (rgb[0] + 25) / 51 * 36 + (rgb[1] + 25) / 51 * 6 + (rgb[2] + 25) / 51;
    samples[0] = static_cast<std::uint8_t>(clear ? kClearIndex : index);
    count = 1;
  } else {
    if (grey) samples[0] = grey_of(rgb);
    if (grey) count = 1;
    if (!alpha.empty()) samples[count++] = alpha[0];
  }
  for (const std::uint8_t sample : std::span(samples).first(count)) {
    // 16 bits in the machine's order, little-endian wherever tests run: the low byte is what gets lost.
    rows.little(wide ? 256U * sample + sample / 2 : sample, wide ? 2 : 1);
  }
}

void put_bilevel_row(ByteWriter& rows, const image::Image& image, int y) {
  Bytes packed(static_cast<std::size_t>(image.width() + 7) / 8, 0);
  for (int x = 0; x < image.width(); ++x) {
    if (grey_of(image.row(y) + 3 * x) > 127) packed[static_cast<std::size_t>(x / 8)] |= 0x80 >> x % 8;
  }
  rows.bytes(packed);
}

// Rows as SPNG_FMT_PNG takes them.
Bytes to_rows(const image::Image& image, std::span<const std::uint8_t> alpha, PngKind kind) {
  ByteWriter rows;
  for (int y = 0; y < image.height(); ++y) {
    if (kind == PngKind::kBilevel) {
      put_bilevel_row(rows, image, y);
      continue;
    }
    for (int x = 0; x < image.width(); ++x) {
      const std::size_t at = static_cast<std::size_t>(y * image.width() + x);
      put_pixel(rows, image.row(y) + 3 * x, alpha.empty() ? alpha : alpha.subspan(at, 1), kind);
    }
  }
  return rows.take();
}

std::uint8_t colour_type(PngKind kind, bool with_alpha) {
  switch (kind) {
    case PngKind::kPalette:
      return SPNG_COLOR_TYPE_INDEXED;
    case PngKind::kBilevel:
      return SPNG_COLOR_TYPE_GRAYSCALE;
    case PngKind::kGrey:
    case PngKind::kGrey16:
      return with_alpha ? SPNG_COLOR_TYPE_GRAYSCALE_ALPHA : SPNG_COLOR_TYPE_GRAYSCALE;
    default:
      return with_alpha ? SPNG_COLOR_TYPE_TRUECOLOR_ALPHA : SPNG_COLOR_TYPE_TRUECOLOR;
  }
}

void set_palette(spng_ctx* png, bool with_alpha) {
  spng_plte palette{};
  palette.n_entries = with_alpha ? kClearIndex + 1 : kClearIndex;
  for (unsigned i = 0; i < 216; ++i) {
    palette.entries[i].red = static_cast<std::uint8_t>(i / 36 * 51);
    palette.entries[i].green = static_cast<std::uint8_t>(i / 6 % 6 * 51);
    palette.entries[i].blue = static_cast<std::uint8_t>(i % 6 * 51);
  }
  check(spng_set_plte(png, &palette));
  if (!with_alpha) return;
  spng_trns transparency{};
  transparency.n_type3_entries = kClearIndex + 1;
  std::fill_n(transparency.type3_alpha, kClearIndex, std::uint8_t{255});
  check(spng_set_trns(png, &transparency));
}

std::uint32_t checksum(ByteSpan bytes) {
  std::uint32_t crc = 0xffffffffU;
  for (const std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (0xedb88320U & (0U - (crc & 1U)));
  }
  return ~crc;
}

}  // namespace

Bytes encode_png(const image::Image& image, PngKind kind) {
  return encode_png(image, {}, kind);
}

Bytes encode_png(const image::Image& image, std::span<const std::uint8_t> alpha, PngKind kind) {
  const std::unique_ptr<spng_ctx, void (*)(spng_ctx*)> png(spng_ctx_new(SPNG_CTX_ENCODER), spng_ctx_free);
  check(spng_set_option(png.get(), SPNG_ENCODE_TO_BUFFER, 1));
  spng_ihdr header{};
  header.width = static_cast<std::uint32_t>(image.width());
  header.height = static_cast<std::uint32_t>(image.height());
  const bool wide = kind == PngKind::kRgb16 || kind == PngKind::kGrey16;
  header.bit_depth = wide ? 16 : kind == PngKind::kBilevel ? 1 : 8;
  header.color_type = colour_type(kind, !alpha.empty());
  header.interlace_method = kind == PngKind::kInterlaced ? SPNG_INTERLACE_ADAM7 : SPNG_INTERLACE_NONE;
  check(spng_set_ihdr(png.get(), &header));
  if (kind == PngKind::kPalette) set_palette(png.get(), !alpha.empty());
  const Bytes rows = to_rows(image, alpha, kind);
  check(spng_encode_image(png.get(), rows.data(), rows.size(), SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE));
  std::size_t size = 0;
  int error = 0;
  const std::unique_ptr<void, void (*)(void*)> buffer(spng_get_png_buffer(png.get(), &size, &error),
                                                      std::free);
  check(error);
  const auto* bytes = static_cast<const std::uint8_t*>(buffer.get());
  return {bytes, bytes + size};
}

Bytes png_chunk(std::string_view type, ByteSpan data) {
  ByteWriter out;
  out.big(data.size(), 4).text(type).bytes(data);
  return out.big(checksum(out.written().subspan(4)), 4).take();
}

Bytes insert_png_chunk(const Bytes& png, std::string_view type, ByteSpan data) {
  const std::size_t at = as_text(png).find("IDAT") - 4;
  ByteWriter out;
  out.bytes(ByteSpan(png).first(at)).bytes(png_chunk(type, data)).bytes(ByteSpan(png).subspan(at));
  return out.take();
}

}  // namespace winnow::test
