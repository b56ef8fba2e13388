#include "upload_source.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <span>

#include "winnow/core/text.hpp"

namespace winnow::jobs {
namespace {

constexpr std::uint64_t kRatioCountsFrom = 10'000'000;  // small files of one colour pack very well
constexpr std::size_t kTarBlock = 512;

}  // namespace

UploadFile::UploadFile(const std::filesystem::path& path) : path_(path.string()) {
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) {
    throw Error(errno == ENOENT ? ErrorKind::kNotFound : ErrorKind::kIo, path_, system_message(errno));
  }
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor_);
    throw Error(ErrorKind::kIo, path_, "is not a regular file");
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

UploadFile::~UploadFile() {
  ::close(descriptor_);
}

std::size_t UploadFile::read(std::uint64_t offset, std::span<std::uint8_t> out) const {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t count =
        ::pread(descriptor_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw Error(ErrorKind::kIo, path_, system_message(errno));
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

std::optional<Failure> too_much(std::uint64_t unpacked, std::uint64_t packed, const UploadLimits& limits) {
  if (unpacked > limits.max_total_bytes) {
    return Failure{"total_too_large", fmt::format("it unpacks to more than {}; send it in parts",
                                                  format_bytes(limits.max_total_bytes))};
  }
  if (unpacked > kRatioCountsFrom && unpacked / limits.max_ratio > packed) {
    return Failure{
        "ratio_too_high",
        fmt::format("it unpacks to more than {} times its size, which pictures do not", limits.max_ratio)};
  }
  return std::nullopt;
}

UploadSource::UploadSource(const UploadFile& file, const UploadLimits& limits)
    : file_(file), limits_(limits) {
  std::array<std::uint8_t, 2> head{};
  gzipped_ = file.read(0, head) == head.size() && head[0] == 0x1f && head[1] == 0x8b;
  constexpr int kGzipOnly = 15 + 16;
  if (gzipped_ && inflateInit2(&stream_, kGzipOnly) != Z_OK) throw std::bad_alloc();
  member_open_ = gzipped_;
}

UploadSource::~UploadSource() {
  if (gzipped_) inflateEnd(&stream_);
}

Failure UploadSource::fail(Failure failure) {
  failure_ = std::move(failure);
  return *failure_;
}

Result<ByteSpan> UploadSource::read() {
  if (failure_) return *failure_;
  std::size_t count = 0;
  if (gzipped_) {
    Result<std::size_t> unpacked = unpack();
    if (!unpacked) return unpacked.failure();
    count = *unpacked;
  } else {
    count = file_.read(offset_, block_);
    offset_ += count;
  }
  unpacked_ += count;
  if (const auto failure = too_much(unpacked_, file_.size(), limits_)) return fail(*failure);
  if (count > allowed_) return fail({"corrupt", "one of its headers goes on without an end"});
  allowed_ -= count;
  const ByteSpan read(block_.data(), count);
  if (count >= kTarBlock) {
    ends_in_zeros_ = std::ranges::all_of(read.last(kTarBlock), [](std::uint8_t byte) { return byte == 0; });
  } else if (count > 0) {
    ends_in_zeros_ = false;
  }
  return read;
}

Result<std::size_t> UploadSource::unpack() {
  stream_.next_out = block_.data();
  stream_.avail_out = kBlock;
  while (stream_.avail_out > 0) {
    if (stream_.avail_in == 0) {
      const std::size_t count = file_.read(offset_, packed_);
      offset_ += count;
      stream_.next_in = packed_.data();
      stream_.avail_in = static_cast<unsigned>(count);
      if (count == 0 && member_open_) return fail({"truncated", "the file ends early; send it again"});
      if (count == 0) break;
    }
    if (!member_open_) {  // files that were joined are one file to gzip
      inflateReset(&stream_);
      member_open_ = true;
    }
    const int status = inflate(&stream_, Z_NO_FLUSH);
    if (status == Z_MEM_ERROR) throw std::bad_alloc();
    if (status == Z_STREAM_END) {
      member_open_ = false;
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      return fail({"corrupt", "its gzip data is damaged"});
    }
  }
  return kBlock - stream_.avail_out;
}

}  // namespace winnow::jobs
