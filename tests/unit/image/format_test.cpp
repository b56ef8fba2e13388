#include "winnow/image/format.hpp"

#include <gtest/gtest.h>

#include <string>

#include "support/byte_writer.hpp"
#include "support/drawing.hpp"
#include "support/encoders.hpp"
#include "winnow/image/encode.hpp"

namespace winnow::image {
namespace {

Format of_text(std::string_view text) {
  return detect_format(as_bytes(text));
}

Bytes file_type_box(std::string_view major, std::string_view compatible) {
  test::ByteWriter out;
  return out.big(16 + compatible.size(), 4)
      .text("ftyp")
      .text(major)
      .zeros(4)
      .text(compatible)
      .zeros(64)
      .take();
}

TEST(DetectFormat, KnowsWhatItsEncodersWrite) {
  const Image picture = test::draw_gradient(20, 10);
  EXPECT_EQ(detect_format(encode_jpeg(picture)), Format::kJpeg);
  EXPECT_EQ(detect_format(test::encode_png(picture)), Format::kPng);
  EXPECT_EQ(detect_format(test::encode_webp(picture)), Format::kWebp);
  EXPECT_EQ(detect_format(test::encode_gif(test::one_frame(picture))), Format::kGif);
  EXPECT_EQ(detect_format(test::encode_avif(test::one_frame(picture))), Format::kAvif);
  EXPECT_EQ(detect_format(test::encode_bmp(picture)), Format::kBmp);
}

TEST(DetectFormat, TellsAvifFromHeicByTheirBrands) {
  EXPECT_EQ(detect_format(file_type_box("avif", "")), Format::kAvif);
  EXPECT_EQ(detect_format(file_type_box("avis", "msf1")), Format::kAvif);
  EXPECT_EQ(detect_format(file_type_box("mif1", "miafavif")), Format::kAvif);
  EXPECT_EQ(detect_format(file_type_box("mif1", "heic")), Format::kHeic);
  EXPECT_EQ(detect_format(file_type_box("heic", "mif1heic")), Format::kHeic);
  EXPECT_EQ(detect_format(file_type_box("hevc", "")), Format::kHeic);
  EXPECT_EQ(detect_format(file_type_box("mp42", "isommp42")), Format::kUnknown);
  // A minor version that reads like a brand, and a brand behind the end of the box.
  EXPECT_EQ(of_text(std::string_view("\0\0\0\x14"
                                     "ftypmp42avifisomavif",
                                     24)),
            Format::kUnknown);
}

TEST(DetectFormat, RecognisesOtherPictures) {
  EXPECT_EQ(of_text(std::string_view("II*\0\x08\0\0\0", 8)), Format::kTiff);
  EXPECT_EQ(of_text(std::string_view("MM\0*\0\0\0\x08", 8)), Format::kTiff);
  EXPECT_EQ(of_text(std::string_view("II+\0\x08\0\0\0", 8)), Format::kTiff);
  EXPECT_EQ(of_text("<svg xmlns='http://www.w3.org/2000/svg'/>"), Format::kSvg);
  EXPECT_EQ(of_text("\xef\xbb\xbf<?xml version='1.0'?>\n<!-- made by hand -->\n<SVG width='1'/>"),
            Format::kSvg);
  EXPECT_EQ(of_text("<!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN'>"), Format::kSvg);
}

TEST(DetectFormat, RecognisesPagesAndDocuments) {
  EXPECT_EQ(of_text("<!DOCTYPE html><title>404</title>"), Format::kHtml);
  EXPECT_EQ(of_text("\r\n\t <!-- cached --><HTML lang=en>"), Format::kHtml);
  EXPECT_EQ(of_text("<head><meta charset=utf-8>"), Format::kHtml);
  EXPECT_EQ(of_text("<?xml version='1.0'?><!DOCTYPE html PUBLIC 'x'><html><body><svg/></body></html>"),
            Format::kHtml);
  EXPECT_EQ(of_text("%PDF-1.7\n"), Format::kPdf);
  EXPECT_EQ(of_text("\n\n%PDF-1.7\n"), Format::kPdf);
}

TEST(DetectFormat, GuessesNothing) {
  EXPECT_EQ(of_text(""), Format::kEmpty);
  for (const std::string_view text :
       {"x", "\xff", "\xff\xd8", "\x89PNG", "GIF88a", "RIFF....WAVE", "RIFF", "BMW is no bitmap, it is a car",
        "II*", "<note>Hi</note>", "{\"error\": \"not found\"}", "<?xml version='1.0'?><rss/>", "<!-- no end",
        "Not found"}) {
    EXPECT_EQ(of_text(text), Format::kUnknown) << text;
  }
  EXPECT_EQ(detect_format(Bytes(5000, 0)), Format::kUnknown);
}

TEST(DetectFormat, LooksAtTheFirstKilobyteOnly) {
  EXPECT_EQ(of_text(std::string(2000, ' ') + "<svg/>"), Format::kUnknown);
  EXPECT_EQ(of_text("<!--" + std::string(2000, ' ') + "--><svg/>"), Format::kUnknown);
  EXPECT_EQ(of_text(std::string(2000, ' ') + "%PDF-1.7"), Format::kUnknown);
}

TEST(Format, OnlyDecodableFormatsHaveAnExtension) {
  for (const Format format :
       {Format::kJpeg, Format::kPng, Format::kWebp, Format::kGif, Format::kAvif, Format::kBmp}) {
    EXPECT_TRUE(is_decodable(format));
    EXPECT_TRUE(extension_matches("x." + std::string(file_extension(format)), format));
  }
  for (const Format format : {Format::kUnknown, Format::kEmpty, Format::kTiff, Format::kHeic, Format::kSvg,
                              Format::kHtml, Format::kPdf}) {
    EXPECT_FALSE(is_decodable(format));
    EXPECT_EQ(file_extension(format), "");
  }
  EXPECT_EQ(file_extension(Format::kJpeg), "jpg");
}

TEST(Format, IsDescribedForPeople) {
  EXPECT_EQ(describe(Format::kJpeg), "JPEG");
  EXPECT_EQ(describe(Format::kHtml), "HTML page");
  EXPECT_EQ(describe(Format::kEmpty), "empty file");
}

TEST(ExtensionMatches, IgnoresCaseAndKnowsSynonyms) {
  EXPECT_TRUE(extension_matches("a/b.c/photo.JPG", Format::kJpeg));
  EXPECT_TRUE(extension_matches("photo.jpeg", Format::kJpeg));
  EXPECT_TRUE(extension_matches("photo.jfif", Format::kJpeg));
  EXPECT_TRUE(extension_matches("scan.TIFF", Format::kTiff));
  EXPECT_FALSE(extension_matches("photo.png", Format::kJpeg));
  EXPECT_FALSE(extension_matches("photo", Format::kJpeg));
  EXPECT_FALSE(extension_matches("jpg", Format::kJpeg));
  EXPECT_FALSE(extension_matches("photo.jpg.", Format::kJpeg));
  EXPECT_FALSE(extension_matches("", Format::kPng));
  EXPECT_FALSE(extension_matches("photo.jpg", Format::kUnknown));
}

TEST(IsPictureName, GoesByTheExtension) {
  for (const char* name : {"a.jpg", "a/b.JPEG", "a.b.png", "a.webp", "a.gif", "a.avif", "a.bmp"}) {
    EXPECT_TRUE(is_picture_name(name)) << name;
  }
  for (const char* name : {"", "jpg", "a.tiff", "a.txt", "a.jpg.txt", "a."}) {
    EXPECT_FALSE(is_picture_name(name)) << name;
  }
}

}  // namespace
}  // namespace winnow::image
