#include "winnow/image/format.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "byte_order.hpp"
#include "winnow/core/text.hpp"

namespace winnow::image {
namespace {

constexpr std::size_t kSniffedBytes = 1024;

// Brands of a file type box, ISO/IEC 14496-12, section 4.3. HEIC and AVIF share the container, and "mif1"
// says neither, so the compatible brands decide.
Format detect_iso_media(std::string_view head) {
  const std::size_t box = big32(reinterpret_cast<const std::uint8_t*>(head.data()));
  const std::string_view brands = head.substr(0, std::min(box, head.size()));
  constexpr std::array<std::string_view, 9> kHeic = {"heic", "heix", "heim", "heis", "hevc",
                                                     "hevx", "hevm", "mif1", "msf1"};
  bool heic = false;
  for (std::size_t at = 8; at + 4 <= brands.size(); at += 4) {
    if (at == 12) continue;  // the minor version
    const std::string_view brand = brands.substr(at, 4);
    if (brand == "avif" || brand == "avis") return Format::kAvif;
    heic = heic || std::find(kHeic.begin(), kHeic.end(), brand) != kHeic.end();
  }
  return heic ? Format::kHeic : Format::kUnknown;
}

// "BM" alone begins many a text; the size of the header after it is one of few.
bool is_bmp(std::string_view head) {
  if (!head.starts_with("BM")) return false;
  if (head.size() < 18) return true;
  constexpr std::array<std::uint32_t, 7> kHeaderBytes = {12, 40, 52, 56, 64, 108, 124};
  const std::uint32_t bytes = little32(reinterpret_cast<const std::uint8_t*>(head.data()) + 14);
  return std::find(kHeaderBytes.begin(), kHeaderBytes.end(), bytes) != kHeaderBytes.end();
}

// What markup begins with, once declarations and comments are passed over.
Format detect_markup(std::string_view head) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (head.starts_with(kByteOrderMark)) head.remove_prefix(kByteOrderMark.size());
  const std::string lower = to_lower(head);
  std::string_view text = trim(lower);
  while (text.starts_with("<?") || text.starts_with("<!--")) {
    const std::string_view end = text.starts_with("<?") ? "?>" : "-->";
    const std::size_t at = text.find(end);
    if (at == std::string_view::npos)
      return text.find("<svg") < text.size() ? Format::kSvg : Format::kUnknown;
    text = trim(text.substr(at + end.size()));
  }
  if (text.starts_with("<svg") || text.starts_with("<!doctype svg")) return Format::kSvg;
  constexpr std::array<std::string_view, 10> kHtml = {
      "<!doctype html", "<html", "<head", "<body", "<title", "<meta", "<link", "<div", "<script", "<style"};
  for (const std::string_view tag : kHtml) {
    if (text.starts_with(tag)) return Format::kHtml;
  }
  return Format::kUnknown;
}

}  // namespace

Format detect_format(ByteSpan bytes) {
  const std::string_view head = as_text(bytes.first(std::min(bytes.size(), kSniffedBytes)));
  constexpr std::string_view kPngSignature("\x89PNG\r\n\x1a\n", 8);
  if (head.empty()) return Format::kEmpty;
  if (head.starts_with("\xff\xd8\xff")) return Format::kJpeg;
  if (head.starts_with(kPngSignature)) return Format::kPng;
  if (head.starts_with("GIF87a") || head.starts_with("GIF89a")) return Format::kGif;
  if (head.starts_with("RIFF") && head.substr(std::min<std::size_t>(8, head.size())).starts_with("WEBP")) {
    return Format::kWebp;
  }
  if (head.size() >= 12 && head.substr(4, 4) == "ftyp") return detect_iso_media(head);
  for (const std::string_view tiff : {std::string_view("II*\0", 4), std::string_view("MM\0*", 4),
                                      std::string_view("II+\0", 4), std::string_view("MM\0+", 4)}) {
    if (head.starts_with(tiff)) return Format::kTiff;
  }
  if (is_bmp(head)) return Format::kBmp;
  // Printers' leaders may stand before it: ISO 32000-1, appendix H.3.
  if (head.find("%PDF-") != std::string_view::npos) return Format::kPdf;
  return detect_markup(head);
}

bool is_decodable(Format format) {
  return !file_extension(format).empty();
}

std::string_view describe(Format format) {
  switch (format) {
    case Format::kUnknown:
      return "unknown format";
    case Format::kEmpty:
      return "empty file";
    case Format::kJpeg:
      return "JPEG";
    case Format::kPng:
      return "PNG";
    case Format::kWebp:
      return "WebP";
    case Format::kGif:
      return "GIF";
    case Format::kAvif:
      return "AVIF";
    case Format::kBmp:
      return "BMP";
    case Format::kTiff:
      return "TIFF image";
    case Format::kHeic:
      return "HEIC image";
    case Format::kSvg:
      return "SVG drawing";
    case Format::kHtml:
      return "HTML page";
    case Format::kPdf:
      return "PDF document";
  }
  return "";
}

std::string_view file_extension(Format format) {
  switch (format) {
    case Format::kJpeg:
      return "jpg";
    case Format::kPng:
      return "png";
    case Format::kWebp:
      return "webp";
    case Format::kGif:
      return "gif";
    case Format::kAvif:
      return "avif";
    case Format::kBmp:
      return "bmp";
    default:
      return "";
  }
}

bool extension_matches(std::string_view file_name, Format format) {
  const std::size_t dot = file_name.rfind('.');
  if (dot == std::string_view::npos) return false;
  const std::string extension = to_lower(file_name.substr(dot + 1));
  const auto is_one_of = [&](std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), extension) != names.end();
  };
  switch (format) {
    case Format::kUnknown:
    case Format::kEmpty:
      return false;
    case Format::kJpeg:
      return is_one_of({"jpg", "jpeg", "jpe", "jfif"});
    case Format::kPng:
      return is_one_of({"png", "apng"});
    case Format::kWebp:
      return extension == "webp";
    case Format::kGif:
      return extension == "gif";
    case Format::kAvif:
      return is_one_of({"avif", "avifs"});
    case Format::kBmp:
      return is_one_of({"bmp", "dib"});
    case Format::kTiff:
      return is_one_of({"tif", "tiff"});
    case Format::kHeic:
      return is_one_of({"heic", "heif", "hif"});
    case Format::kSvg:
      return extension == "svg";
    case Format::kHtml:
      return is_one_of({"html", "htm", "xhtml"});
    case Format::kPdf:
      return extension == "pdf";
  }
  return false;
}

bool is_picture_name(std::string_view file_name) {
  constexpr std::array kReadable = {Format::kJpeg, Format::kPng,  Format::kWebp,
                                    Format::kGif,  Format::kAvif, Format::kBmp};
  return std::any_of(kReadable.begin(), kReadable.end(),
                     [&](Format format) { return extension_matches(file_name, format); });
}

}  // namespace winnow::image
