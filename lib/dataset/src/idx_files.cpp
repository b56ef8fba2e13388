#include "idx_files.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <span>
#include <string>
#include <utility>

#include "class_names.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/core/text.hpp"

namespace winnow::dataset {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kImagesMagic = 0x00000803;  // unsigned bytes, three dimensions
constexpr std::uint32_t kLabelsMagic = 0x00000801;
constexpr std::uint64_t kImagesHeader = 16;
constexpr std::uint64_t kLabelsHeader = 8;
constexpr std::uint32_t kLongestSide = 10'000;
constexpr std::uint64_t kMaxUnpacked = 8'000'000'000;
// Deflate cannot make more of a byte than this.
constexpr std::uint64_t kMostExpansion = 1'032;

[[noreturn]] void fail(const fs::path& file, const std::string& message) {
  throw Error(ErrorKind::kInvalid, file.string(), message);
}

std::uint32_t big32(const std::uint8_t* bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 |
         bytes[3];
}

bool is_compressed(const fs::path& file) {
  return file.extension() == ".gz";
}

// Unpacks gzip as far as it is asked to.
class Gunzip {
 public:
  explicit Gunzip(const fs::path& file) : file_(file), packed_(read_file(file, kMaxUnpacked)) {
    constexpr int kWithGzipHeader = 15 + 16;
    if (inflateInit2(&stream_, kWithGzipHeader) != Z_OK) throw std::bad_alloc();
    stream_.next_in = packed_.data();
  }
  ~Gunzip() { inflateEnd(&stream_); }
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  // Fills all of `out`.
  void read(std::span<std::uint8_t> out) {
    if (unpack(out) < out.size()) fail(file_, "ends early or is damaged; get it again");
  }
  void expect_end() {
    std::uint8_t more = 0;
    if (unpack({&more, 1}) > 0 || !ended_) fail(file_, "does not fit what its header says; get it again");
  }
  [[nodiscard]] std::uint64_t most() const { return packed_.size() * kMostExpansion; }

 private:
  // How many bytes there were.
  std::size_t unpack(std::span<std::uint8_t> out) {
    constexpr std::size_t kPiece = 1 << 30;  // zlib counts in 32 bits
    std::size_t filled = 0;
    while (filled < out.size() && !ended_) {
      const std::size_t wanted = std::min(kPiece, out.size() - filled);
      const auto used = static_cast<std::size_t>(stream_.next_in - packed_.data());
      stream_.avail_in = static_cast<uInt>(std::min(kPiece, packed_.size() - used));
      stream_.next_out = out.data() + filled;
      stream_.avail_out = static_cast<uInt>(wanted);
      const int result = inflate(&stream_, Z_NO_FLUSH);
      filled += wanted - stream_.avail_out;
      ended_ = result == Z_STREAM_END;
      if (result != Z_OK && !ended_) break;
    }
    return filled;
  }

  const fs::path& file_;
  Bytes packed_;
  z_stream stream_{};
  bool ended_ = false;
};

struct Header {
  std::uint64_t count = 0;
  std::uint32_t height = 0;
  std::uint32_t width = 0;

  [[nodiscard]] std::uint64_t picture_bytes() const { return std::uint64_t{height} * width; }
};

Header parse_images(const fs::path& file, std::span<const std::uint8_t> bytes) {
  if (big32(bytes.data()) != kImagesMagic) fail(file, "does not hold pictures in the idx3 format");
  const Header header{big32(&bytes[4]), big32(&bytes[8]), big32(&bytes[12])};
  if (header.height == 0 || header.width == 0 || std::max(header.height, header.width) > kLongestSide) {
    fail(file, fmt::format("claims pictures of {}x{} pixels; get it again", header.width, header.height));
  }
  return header;
}

// The header of `bytes` bytes at the beginning of a file that is not compressed.
Bytes read_start(const fs::path& file, std::uint64_t bytes) {
  Result<Bytes> start = try_read_part(file, 0, bytes);
  if (!start) throw Error(ErrorKind::kInvalid, file.string(), "cannot be read: " + start.failure().message);
  return std::move(*start);
}

// The pictures of one file.
class ImagesFile {
 public:
  explicit ImagesFile(fs::path file) : file_(std::move(file)) {
    if (is_compressed(file_)) {
      Gunzip gunzip(file_);
      std::array<std::uint8_t, kImagesHeader> start{};
      gunzip.read(start);
      header_ = parse_images(file_, start);
      const std::uint64_t bytes = header_.count * header_.picture_bytes();
      if (bytes > std::min(gunzip.most(), kMaxUnpacked)) {
        fail(file_,
             fmt::format("claims {} of pictures, more than it can hold; get it again", format_bytes(bytes)));
      }
      unpacked_.resize(bytes);
      gunzip.read(unpacked_);
      gunzip.expect_end();
    } else {
      header_ = parse_images(file_, read_start(file_, kImagesHeader));
      if (fs::file_size(file_) != kImagesHeader + header_.count * header_.picture_bytes()) {
        fail(file_, fmt::format("does not hold the {} pictures that its header claims; get it again",
                                header_.count));
      }
    }
  }

  [[nodiscard]] const Header& header() const { return header_; }

  // [height, width]; number < count.
  [[nodiscard]] Result<Bytes> read(std::uint64_t number) const {
    const std::uint64_t bytes = header_.picture_bytes();
    if (!is_compressed(file_)) return try_read_part(file_, kImagesHeader + number * bytes, bytes);
    const std::uint8_t* begin = unpacked_.data() + number * bytes;
    return Bytes(begin, begin + bytes);
  }

 private:
  fs::path file_;
  Header header_;
  Bytes unpacked_;  // all pictures of a compressed file
};

void put_little(Bytes& bytes, std::uint32_t value, int count) {
  for (int i = 0; i < count; ++i) bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i) & 0xff));
}

// Grey levels as a BMP with a palette: no loss, and no work.
Bytes to_bmp(const Header& header, const Bytes& grey) {
  constexpr std::uint32_t kColours = 256;
  constexpr std::uint32_t kPixelsAt = 14 + 40 + 4 * kColours;
  const std::uint32_t row_bytes = (header.width + 3) / 4 * 4;
  const std::uint32_t size = kPixelsAt + row_bytes * header.height;
  Bytes bmp;
  bmp.reserve(size);
  bmp = {'B', 'M'};
  for (const std::uint32_t value : {size, 0U, kPixelsAt, 40U, header.width, header.height}) {
    put_little(bmp, value, 4);
  }
  put_little(bmp, 1, 2);  // planes
  put_little(bmp, 8, 2);  // bits of a pixel
  for (const std::uint32_t value : {0U, row_bytes * header.height, 0U, 0U, kColours, 0U}) {
    put_little(bmp, value, 4);
  }
  for (std::uint32_t level = 0; level < kColours; ++level) put_little(bmp, level * 0x010101U, 4);
  for (std::uint32_t y = header.height; y-- > 0;) {  // the lowest row first
    const auto row = grey.begin() + static_cast<std::ptrdiff_t>(y) * header.width;
    bmp.insert(bmp.end(), row, row + header.width);
    bmp.resize(bmp.size() + row_bytes - header.width);
  }
  return bmp;
}

class IdxFiles : public Archive {
 public:
  [[nodiscard]] Result<Bytes> read(const std::string& path, std::uint64_t max_bytes) const override {
    const std::size_t slash = path.find('/');
    const auto part = files_.find(path.substr(0, slash));
    std::uint64_t number = 0;
    const char* digits = path.data() + std::min(path.size(), slash + 1);
    const auto [end, error] = std::from_chars(digits, path.data() + path.size(), number);
    if (slash == std::string::npos || part == files_.end() || error != std::errc() ||
        number >= part->second.header().count) {
      return Failure{"missing", "is not in the idx files"};
    }
    const ImagesFile& file = part->second;
    if (file.header().picture_bytes() > max_bytes) return Failure{"too_large", "is over the limit"};
    const Result<Bytes> grey = file.read(number);
    if (!grey) return grey.failure();
    return to_bmp(file.header(), *grey);
  }

  const Header& add(const std::string& name, const fs::path& file) {
    return files_.try_emplace(name, file).first->second.header();
  }

 private:
  std::map<std::string, ImagesFile> files_;  // by NAME
};

// NAME of NAME-images-idx3-ubyte; empty for files of another name.
std::string name_of(const fs::path& file) {
  const std::string stem = (is_compressed(file) ? file.stem() : file.filename()).string();
  for (const std::string_view ending : {"-images-idx3-ubyte", "-images.idx3-ubyte"}) {
    if (stem.ends_with(ending) && !stem.starts_with('.')) return stem.substr(0, stem.size() - ending.size());
  }
  return "";
}

fs::path labels_beside(const fs::path& images, const std::string& name) {
  for (const char* ending : {"-labels-idx1-ubyte", "-labels.idx1-ubyte"}) {
    for (const char* packing : {"", ".gz"}) {
      const fs::path file = images.parent_path() / (name + ending + packing);
      std::error_code ignored;
      if (fs::exists(file, ignored)) return file;
    }
  }
  fail(images, fmt::format("has no labels beside it; put {}-labels-idx1-ubyte there", name));
}

Bytes read_labels(const fs::path& file, std::uint64_t count) {
  const auto check = [&](std::span<const std::uint8_t> start) {
    if (big32(start.data()) != kLabelsMagic) fail(file, "does not hold labels in the idx1 format");
    if (big32(&start[4]) == count) return;
    fail(file, fmt::format("has {} labels for {} pictures; get both again", big32(&start[4]), count));
  };
  if (!is_compressed(file)) {
    check(read_start(file, kLabelsHeader));
    if (fs::file_size(file) != kLabelsHeader + count) fail(file, "does not fit its header; get it again");
    return *try_read_part(file, kLabelsHeader, count);
  }
  Gunzip gunzip(file);
  std::array<std::uint8_t, kLabelsHeader> start{};
  gunzip.read(start);
  check(start);
  if (count > gunzip.most()) fail(file, "claims more labels than it can hold; get it again");
  Bytes labels(count);
  gunzip.read(labels);
  gunzip.expect_end();
  return labels;
}

bool is_test(const std::string& name) {
  return name.ends_with("t10k") || name.ends_with("test");
}

}  // namespace

std::vector<fs::path> idx_images_in(const fs::path& folder) {
  std::map<std::string, fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = name_of(entry.path());
    std::error_code error;
    if (name.empty() || !entry.is_regular_file(error)) continue;
    const auto [place, is_new] = files.emplace(name, entry.path());
    if (!is_new && !is_compressed(entry.path())) place->second = entry.path();
  }
  std::vector<fs::path> sorted;
  for (auto& [name, file] : files) sorted.push_back(std::move(file));
  return sorted;
}

Dataset open_idx_files(const fs::path& folder, const std::vector<fs::path>& images) {
  const auto archive = std::make_shared<IdxFiles>();
  std::vector<std::pair<std::string, std::string>> labelled;
  std::size_t tests = 0;
  for (const fs::path& file : images) {
    const std::string name = name_of(file);
    const Header& header = archive->add(name, file);
    const Bytes labels = read_labels(labels_beside(file, name), header.count);
    for (std::size_t i = 0; i < labels.size(); ++i) {
      labelled.emplace_back(fmt::format("{}/{:06}.bmp", name, i), std::to_string(labels[i]));
    }
    if (is_test(name)) tests += labels.size();
  }
  if (labelled.empty()) throw Error(ErrorKind::kInvalid, folder.string(), "holds no pictures");
  Dataset dataset = with_class_names(folder, labelled);
  dataset.archive = archive;
  dataset.has_test = tests > 0 && tests < labelled.size();
  for (Sample& sample : dataset.samples) {
    if (dataset.has_test && is_test(sample.path.substr(0, sample.path.find('/')))) {
      sample.split = Split::kTest;
    }
  }
  return dataset;
}

}  // namespace winnow::dataset
