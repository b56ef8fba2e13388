#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdio>

// Needs size_t and FILE to be there already, and jerror.h needs it.
#include <jpeglib.h>

#include <jerror.h>

#include "codec.hpp"
#include "exif.hpp"

namespace winnow::image {
namespace {

// A progressive file says how often all its coefficients are gone over, and each time costs a pass however
// few bytes it has. Encoders write about ten scans.
constexpr int kMaxScans = 100;
constexpr int kExifMarker = JPEG_APP0 + 1;

enum class Trouble { kNone, kTruncated, kCorrupt, kUnsupported, kMemory };

Trouble classify_error(int code) {
  switch (code) {
    case JERR_OUT_OF_MEMORY:
    case JERR_NO_BACKING_STORE:
      return Trouble::kMemory;
    case JERR_BAD_PRECISION:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_SOF_UNSUPPORTED:
      return Trouble::kUnsupported;
    case JERR_INPUT_EMPTY:
    case JERR_INPUT_EOF:
      return Trouble::kTruncated;
    default:
      return Trouble::kCorrupt;
  }
}

// libjpeg goes on after warnings and paints grey. Those that mean lost picture data end the decoding; what is
// left (bytes too many between segments, odd version numbers, ...) leaves the picture whole.
Trouble classify_warning(int code, int next_marker) {
  switch (code) {
    case JWRN_JPEG_EOF:
      return Trouble::kTruncated;
    case JWRN_HIT_MARKER:
      return next_marker == JPEG_EOI ? Trouble::kTruncated : Trouble::kCorrupt;
    case JWRN_HUFF_BAD_CODE:
    case JWRN_MUST_RESYNC:
      return Trouble::kCorrupt;
    default:
      return Trouble::kNone;
  }
}

// Owns a decompressor. libjpeg reports errors by longjmp, which must not pass over a C++ destructor: each
// step below that calls libjpeg sets its own landing place, holds nothing but plain values, and returns false
// after an error. Memory for pixels comes from the caller, between the steps.
class JpegReader {
 public:
  JpegReader() = default;
  ~JpegReader() { jpeg_destroy_decompress(&jpeg_); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  [[nodiscard]] bool read_header(ByteSpan bytes);
  // Chooses the scale. Afterwards output_width() and output_height() are known.
  [[nodiscard]] bool prepare(int min_side);
  // image: output_width() x output_height().
  [[nodiscard]] bool read_pixels(Image& image);

  [[nodiscard]] int width() const { return static_cast<int>(jpeg_.image_width); }
  [[nodiscard]] int height() const { return static_cast<int>(jpeg_.image_height); }
  [[nodiscard]] bool arithmetic_coding() const { return jpeg_.arith_code; }
  [[nodiscard]] bool progressive() const { return jpeg_.progressive_mode; }
  [[nodiscard]] int output_width() const { return static_cast<int>(jpeg_.output_width); }
  [[nodiscard]] int output_height() const { return static_cast<int>(jpeg_.output_height); }
  [[nodiscard]] int orientation() const;
  [[nodiscard]] Failure failure() const;

 private:
  [[noreturn]] void give_up(Trouble trouble) {
    trouble_ = trouble;
    std::longjmp(landing_, 1);
  }
  static JpegReader& of(void* client_data) { return *static_cast<JpegReader*>(client_data); }
  static void on_error(j_common_ptr jpeg) {
    of(jpeg->client_data).give_up(classify_error(jpeg->err->msg_code));
  }
  static void on_message(j_common_ptr jpeg, int level);
  static void on_progress(j_common_ptr jpeg);
  static void print_nothing(j_common_ptr) {}

  void read_rgb_rows(Image& image);
  void read_cmyk_rows(Image& image);

  jpeg_decompress_struct jpeg_{};
  jpeg_error_mgr errors_{};
  jpeg_progress_mgr progress_{};
  std::jmp_buf landing_{};
  Trouble trouble_ = Trouble::kNone;
};

void JpegReader::on_message(j_common_ptr jpeg, int level) {
  if (level >= 0) return;  // a trace
  const int next_marker = reinterpret_cast<j_decompress_ptr>(jpeg)->unread_marker;
  const Trouble trouble = classify_warning(jpeg->err->msg_code, next_marker);
  if (trouble != Trouble::kNone) of(jpeg->client_data).give_up(trouble);
}

void JpegReader::on_progress(j_common_ptr jpeg) {
  if (reinterpret_cast<j_decompress_ptr>(jpeg)->input_scan_number > kMaxScans) {
    of(jpeg->client_data).give_up(Trouble::kCorrupt);
  }
}

bool JpegReader::read_header(ByteSpan bytes) {
  jpeg_.err = jpeg_std_error(&errors_);
  errors_.error_exit = on_error;
  errors_.emit_message = on_message;
  errors_.output_message = print_nothing;
  jpeg_.client_data = this;
  if (setjmp(landing_) != 0) return false;
  jpeg_create_decompress(&jpeg_);
  jpeg_mem_src(&jpeg_, bytes.data(), bytes.size());
  jpeg_save_markers(&jpeg_, kExifMarker, 0xffff);
  return jpeg_read_header(&jpeg_, TRUE) == JPEG_HEADER_OK;
}

bool JpegReader::prepare(int min_side) {
  if (setjmp(landing_) != 0) return false;
  jpeg_.scale_num = 1;
  jpeg_.scale_denom = static_cast<unsigned>(jpeg_scale(width(), height(), min_side));
  // YCCK becomes CMYK in libjpeg, CMYK becomes RGB here; everything else libjpeg turns into RGB itself.
  const bool four_inks = jpeg_.jpeg_color_space == JCS_CMYK || jpeg_.jpeg_color_space == JCS_YCCK;
  jpeg_.out_color_space = four_inks ? JCS_CMYK : JCS_RGB;
  progress_.progress_monitor = on_progress;
  jpeg_.progress = &progress_;
  // Progressive files keep all coefficients: two bytes for each of at most four components of every pixel,
  // sides rounded up to whole blocks. More than that is an attack, not a picture.
  constexpr long kSlack = 32L << 20;
  jpeg_.mem->max_memory_to_use = kSlack + 8L * jpeg_.image_width * jpeg_.image_height;
  jpeg_calc_output_dimensions(&jpeg_);
  return true;
}

bool JpegReader::read_pixels(Image& image) {
  if (setjmp(landing_) != 0) return false;
  jpeg_start_decompress(&jpeg_);
  if (jpeg_.out_color_space == JCS_CMYK) {
    read_cmyk_rows(image);
  } else {
    read_rgb_rows(image);
  }
  // Reads on to the end marker, so that a file cut off behind its last row is noticed.
  jpeg_finish_decompress(&jpeg_);
  return true;
}

void JpegReader::read_rgb_rows(Image& image) {
  std::array<JSAMPROW, 16> rows{};
  while (jpeg_.output_scanline < jpeg_.output_height) {
    const JDIMENSION count =
        std::min(static_cast<JDIMENSION>(rows.size()), jpeg_.output_height - jpeg_.output_scanline);
    for (JDIMENSION i = 0; i < count; ++i) rows[i] = image.row(static_cast<int>(jpeg_.output_scanline + i));
    jpeg_read_scanlines(&jpeg_, rows.data(), count);
  }
}

void JpegReader::read_cmyk_rows(Image& image) {
  // The pool frees it; a vector would be passed over by longjmp.
  JSAMPARRAY row = (*jpeg_.mem->alloc_sarray)(reinterpret_cast<j_common_ptr>(&jpeg_), JPOOL_IMAGE,
                                              jpeg_.output_width * 4, 1);
  // Adobe writes inks inverted, 255 for none, and its marker says so.
  const unsigned flip = jpeg_.saw_Adobe_marker ? 0 : 255;
  while (jpeg_.output_scanline < jpeg_.output_height) {
    std::uint8_t* target = image.row(static_cast<int>(jpeg_.output_scanline));
    jpeg_read_scanlines(&jpeg_, row, 1);
    const JSAMPLE* inks = row[0];
    for (JDIMENSION x = 0; x < jpeg_.output_width; ++x, inks += 4) {
      const unsigned light = inks[3] ^ flip;
      for (int c = 0; c < 3; ++c)
        *target++ = static_cast<std::uint8_t>(((inks[c] ^ flip) * light + 127) / 255);
    }
  }
}

int JpegReader::orientation() const {
  for (jpeg_saved_marker_ptr marker = jpeg_.marker_list; marker != nullptr; marker = marker->next) {
    const ByteSpan data(marker->data, marker->data_length);
    if (marker->marker == kExifMarker && as_text(data).starts_with("Exif")) return exif_orientation(data);
  }
  return 1;
}

Failure JpegReader::failure() const {
  switch (trouble_) {
    case Trouble::kTruncated:
      return truncated(Format::kJpeg);
    case Trouble::kUnsupported:
      return unsupported(Format::kJpeg, "a rare kind of coding");
    case Trouble::kMemory:
      return out_of_memory();
    default:
      return corrupt(Format::kJpeg);
  }
}

}  // namespace

int jpeg_scale(int width, int height, int min_side) {
  const int shorter = std::min(width, height);
  int scale = 8;
  while (scale > 1 && (min_side <= 0 || (shorter + scale - 1) / scale < min_side)) scale /= 2;
  return scale;
}

Result<Stored> read_jpeg(ByteSpan bytes, const DecodeOptions& options, Extent extent) {
  JpegReader reader;
  if (!reader.read_header(bytes)) return reader.failure();
  Stored stored;
  stored.width = reader.width();
  stored.height = reader.height();
  stored.orientation = reader.orientation();
  stored.progressive = reader.progressive();
  if (auto failure = check_size(Format::kJpeg, reader.width(), reader.height(), options)) return *failure;
  // Nobody writes it, and libjpeg does not notice where its data ends early.
  if (reader.arithmetic_coding()) return unsupported(Format::kJpeg, "arithmetic coding");
  if (extent == Extent::kHeader) return stored;

  if (!reader.prepare(options.min_side)) return reader.failure();
  stored.pixels = Image(reader.output_width(), reader.output_height());
  if (!reader.read_pixels(stored.pixels)) return reader.failure();
  return stored;
}

}  // namespace winnow::image
