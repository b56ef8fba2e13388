#include "winnow/image/encode.hpp"

#include <array>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>

// jpeglib.h needs size_t and FILE to be there already.
#include <jpeglib.h>
#include <spng.h>

#include <memory>

#include "winnow/core/error.hpp"

namespace winnow::image {
namespace {

// Owns a compressor and what it wrote. As in jpeg.cpp, longjmp must not pass over a C++ destructor.
class JpegWriter {
 public:
  JpegWriter() = default;
  ~JpegWriter() {
    jpeg_destroy_compress(&jpeg_);
    std::free(buffer_);
  }
  JpegWriter(const JpegWriter&) = delete;
  JpegWriter& operator=(const JpegWriter&) = delete;

  [[nodiscard]] bool write(const Image& image, int quality);
  [[nodiscard]] ByteSpan bytes() const { return {buffer_, size_}; }
  [[nodiscard]] const char* problem() const { return problem_.data(); }

 private:
  [[noreturn]] static void on_error(j_common_ptr jpeg) {
    JpegWriter& self = *static_cast<JpegWriter*>(jpeg->client_data);
    (*jpeg->err->format_message)(jpeg, self.problem_.data());
    std::longjmp(self.landing_, 1);
  }
  static void print_nothing(j_common_ptr) {}

  jpeg_compress_struct jpeg_{};
  jpeg_error_mgr errors_{};
  std::jmp_buf landing_{};
  std::array<char, JMSG_LENGTH_MAX> problem_{};
  unsigned char* buffer_ = nullptr;
  unsigned long size_ = 0;
};

bool JpegWriter::write(const Image& image, int quality) {
  jpeg_.err = jpeg_std_error(&errors_);
  errors_.error_exit = on_error;
  errors_.output_message = print_nothing;
  jpeg_.client_data = this;
  if (setjmp(landing_) != 0) return false;
  jpeg_create_compress(&jpeg_);
  jpeg_mem_dest(&jpeg_, &buffer_, &size_);
  jpeg_.image_width = static_cast<JDIMENSION>(image.width());
  jpeg_.image_height = static_cast<JDIMENSION>(image.height());
  jpeg_.input_components = 3;
  jpeg_.in_color_space = JCS_RGB;
  jpeg_set_defaults(&jpeg_);  // 4:2:0
  jpeg_set_quality(&jpeg_, quality, TRUE);
  jpeg_start_compress(&jpeg_, TRUE);
  while (jpeg_.next_scanline < jpeg_.image_height) {
    // libjpeg takes rows as writable, and only reads them.
    JSAMPROW row = const_cast<JSAMPROW>(image.row(static_cast<int>(jpeg_.next_scanline)));
    jpeg_write_scanlines(&jpeg_, &row, 1);
  }
  jpeg_finish_compress(&jpeg_);
  return true;
}

}  // namespace

Bytes encode_jpeg(const Image& image, int quality) {
  JpegWriter writer;
  if (image.empty()) throw Error(ErrorKind::kInvalid, "", "an empty picture has no JPEG");
  if (!writer.write(image, quality)) throw Error(ErrorKind::kInvalid, "JPEG", writer.problem());
  const ByteSpan bytes = writer.bytes();
  return {bytes.begin(), bytes.end()};
}

Bytes encode_png(const Image& image) {
  if (image.empty()) throw Error(ErrorKind::kInvalid, "", "an empty picture has no PNG");
  const std::unique_ptr<spng_ctx, decltype(&spng_ctx_free)> png(spng_ctx_new(SPNG_CTX_ENCODER),
                                                                spng_ctx_free);
  spng_ihdr header{};
  header.width = static_cast<std::uint32_t>(image.width());
  header.height = static_cast<std::uint32_t>(image.height());
  header.bit_depth = 8;
  header.color_type = SPNG_COLOR_TYPE_TRUECOLOR;
  int problem = png ? 0 : SPNG_EMEM;
  if (problem == 0) problem = spng_set_option(png.get(), SPNG_ENCODE_TO_BUFFER, 1);
  if (problem == 0) problem = spng_set_ihdr(png.get(), &header);
  if (problem == 0) {
    problem = spng_encode_image(png.get(), image.pixels().data(), image.size_bytes(), SPNG_FMT_PNG,
                                SPNG_ENCODE_FINALIZE);
  }
  std::size_t size = 0;
  const std::unique_ptr<void, decltype(&std::free)> buffer(
      problem == 0 ? spng_get_png_buffer(png.get(), &size, &problem) : nullptr, std::free);
  if (!buffer) throw Error(ErrorKind::kInvalid, "PNG", spng_strerror(problem));
  const auto* first = static_cast<const std::uint8_t*>(buffer.get());
  return {first, first + size};
}

}  // namespace winnow::image
