#include "winnow/image/strip_metadata.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "byte_order.hpp"
#include "winnow/image/format.hpp"

namespace winnow::image {
namespace {

void append(Bytes& out, ByteSpan bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

// ---- JPEG: ITU-T T.81, annex B

constexpr std::uint8_t kStartOfImage = 0xd8;
constexpr std::uint8_t kEndOfImage = 0xd9;
constexpr std::uint8_t kStartOfScan = 0xda;
constexpr std::uint8_t kComment = 0xfe;

bool is_standalone(std::uint8_t marker) {  // without a length: restarts and TEM
  return (marker >= 0xd0 && marker <= 0xd7) || marker == 0x01;
}

bool is_about_the_picture(std::uint8_t marker, std::string_view content) {
  switch (marker) {
    case 0xe0:
      return !content.starts_with(std::string_view("JFIF\0", 5));  // JFXX is a thumbnail
    case 0xe2:
      return !content.starts_with(std::string_view("ICC_PROFILE\0", 12));
    case 0xee:
      return !content.starts_with("Adobe");
    default:
      return (marker >= 0xe1 && marker <= 0xef) || marker == kComment;
  }
}

// From just after the header of a scan to the marker that ends it.
std::size_t end_of_scan(ByteSpan bytes, std::size_t at) {
  for (; at + 1 < bytes.size(); ++at) {
    if (bytes[at] != 0xff) continue;
    const std::uint8_t next = bytes[at + 1];
    if (next != 0 && next != 0xff && !is_standalone(next)) return at;
  }
  return bytes.size();
}

std::optional<Bytes> strip_jpeg(ByteSpan bytes) {
  Bytes out;
  out.reserve(bytes.size());
  append(out, bytes.first(2));
  std::size_t at = 2;
  while (at + 3 < bytes.size()) {
    if (bytes[at] != 0xff) return std::nullopt;
    const std::uint8_t marker = bytes[at + 1];
    if (marker == 0xff) {  // padding
      ++at;
      continue;
    }
    if (marker == kEndOfImage) break;
    if (is_standalone(marker) || marker == kStartOfImage) return std::nullopt;
    const std::size_t size = 2 + std::size_t{big16(&bytes[at + 2])};
    if (size < 4 || size > bytes.size() - at) return std::nullopt;
    if (!is_about_the_picture(marker, as_text(bytes.subspan(at + 4, size - 4)))) {
      append(out, bytes.subspan(at, size));
    }
    at += size;
    if (marker == kStartOfScan) {
      const std::size_t end = end_of_scan(bytes, at);
      append(out, bytes.subspan(at, end - at));
      at = end;
    }
  }
  if (at + 1 >= bytes.size() || bytes[at + 1] != kEndOfImage) return std::nullopt;
  append(out, bytes.subspan(at, 2));
  return out;
}

// ---- PNG: ISO/IEC 15948; animated: APNG

std::optional<Bytes> strip_png(ByteSpan bytes) {
  constexpr std::array<std::string_view, 15> kColours = {"tRNS", "gAMA", "cHRM", "sRGB", "iCCP",
                                                         "sBIT", "bKGD", "pHYs", "cICP", "mDCV",
                                                         "cLLI", "acTL", "fcTL", "fdAT", "sPLT"};
  constexpr std::size_t kSignature = 8;
  constexpr std::size_t kFrame = 12;  // length, type, checksum
  Bytes out;
  out.reserve(bytes.size());
  append(out, bytes.first(kSignature));
  for (std::size_t at = kSignature; at + kFrame <= bytes.size();) {
    const std::size_t size = kFrame + std::size_t{big32(&bytes[at])};
    if (size > bytes.size() - at) return std::nullopt;
    const std::string_view type = as_text(bytes.subspan(at + 4, 4));
    const bool is_critical = type.front() >= 'A' && type.front() <= 'Z';
    if (is_critical || std::find(kColours.begin(), kColours.end(), type) != kColours.end()) {
      append(out, bytes.subspan(at, size));
    }
    if (type == "IEND") return out;
    at += size;
  }
  return std::nullopt;
}

// ---- WebP: RFC 9649

std::optional<Bytes> strip_webp(ByteSpan bytes) {
  constexpr std::array<std::string_view, 7> kPicture = {"VP8 ", "VP8L", "VP8X", "ALPH",
                                                        "ANIM", "ANMF", "ICCP"};
  constexpr std::size_t kHeader = 12;
  constexpr std::uint8_t kExifAndXmp = 0x08 | 0x04;  // flags of VP8X
  if (bytes.size() < kHeader) return std::nullopt;
  const std::size_t end = std::min<std::size_t>(bytes.size(), std::size_t{8} + little32(&bytes[4]));
  Bytes out;
  out.reserve(bytes.size());
  append(out, bytes.first(kHeader));
  for (std::size_t at = kHeader; at + 8 <= end;) {
    const std::size_t content = little32(&bytes[at + 4]);
    if (content > end - at - 8) return std::nullopt;
    const std::size_t size = std::min(end - at, 8 + content + content % 2);
    const std::string_view type = as_text(bytes.subspan(at, 4));
    if (std::find(kPicture.begin(), kPicture.end(), type) != kPicture.end()) {
      append(out, bytes.subspan(at, size));
      if (type == "VP8X" && content > 0)
        out[out.size() - size + 8] &= static_cast<std::uint8_t>(~kExifAndXmp);
    }
    at += size;
  }
  const std::size_t riff = out.size() - 8;
  for (std::size_t i = 0; i < 4; ++i) out[4 + i] = static_cast<std::uint8_t>(riff >> (8 * i));
  return out;
}

}  // namespace

std::optional<Bytes> strip_metadata(ByteSpan bytes) {
  switch (detect_format(bytes)) {
    case Format::kJpeg:
      return strip_jpeg(bytes);
    case Format::kPng:
      return strip_png(bytes);
    case Format::kWebp:
      return strip_webp(bytes);
    default:
      return std::nullopt;
  }
}

}  // namespace winnow::image
