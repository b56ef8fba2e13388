#include "tensorboard_events.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <protozero/pbf_writer.hpp>

#include "winnow/core/error.hpp"
#include "winnow/dataset/thumbnail.hpp"
#include "winnow/image/encode.hpp"

namespace winnow::training {
namespace {

namespace fs = std::filesystem;
using protozero::pbf_writer;

constexpr const char* kFilePrefix = "events.out.tfevents.";
constexpr std::size_t kMostSamples = 12;
constexpr int kSampleSide = 256;
constexpr const char* kFileVersion = "brain.Event:2";

// Field numbers, by message.
namespace event_field {
constexpr int kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5, kSessionLog = 7;
}
namespace session_field {
constexpr int kStatus = 1;
constexpr int kStart = 1;
}  // namespace session_field
constexpr int kSummaryValue = 1;
namespace value_field {
constexpr int kTag = 1, kSimpleValue = 2, kImage = 4;
}
namespace image_field {
constexpr int kHeight = 1, kWidth = 2, kColorspace = 3, kEncoded = 4;
constexpr int kRgb = 3;
}  // namespace image_field

// CRC-32C (Castagnoli), RFC 3720.
std::uint32_t crc32c(std::string_view bytes) {
  constexpr std::uint32_t kPolynomial = 0x82f63b78u;  // bits reversed
  static constexpr auto kTable = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < table.size(); ++i) {
      std::uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit) value = (value & 1u) != 0 ? value >> 1 ^ kPolynomial : value >> 1;
      table[i] = value;
    }
    return table;
  }();
  std::uint32_t crc = ~0u;
  for (const char byte : bytes) crc = crc >> 8 ^ kTable[(crc ^ static_cast<std::uint8_t>(byte)) & 0xffu];
  return ~crc;
}

// A checksum of data that holds checksums would be weak, so TFRecord rotates it and adds a constant.
std::uint32_t masked_crc32c(std::string_view bytes) {
  const std::uint32_t crc = crc32c(bytes);
  return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

void append_little_endian(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> 8 * i & 0xffu);
}

std::string frame(const std::string& record) {
  std::string framed;
  framed.reserve(record.size() + 16);
  append_little_endian(framed, record.size(), 8);
  append_little_endian(framed, masked_crc32c(framed), 4);
  framed += record;
  append_little_endian(framed, masked_crc32c(record), 4);
  return framed;
}

}  // namespace

TensorboardEvents::TensorboardEvents(const fs::path& folder, const Context& context) : context_(context) {
  using std::chrono::duration_cast;
  const auto now = duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch());
  // TensorBoard reads the files of a folder in the order of their names.
  for (int part = 0; descriptor_ < 0; ++part) {
    file_ = folder / fmt::format("{}{:010}.{}", kFilePrefix, now.count(), part);
    descriptor_ = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
    if (descriptor_ < 0 && errno != EEXIST) {
      give_up(errno);
      return;
    }
  }
  std::string version;
  pbf_writer(version).add_string(event_field::kFileVersion, kFileVersion);
  append(0, version);
  // Tells a reader of an earlier part to forget what came after the step at which this one goes on.
  std::string start;
  pbf_writer event(start);
  pbf_writer(event, event_field::kSessionLog).add_enum(session_field::kStatus, session_field::kStart);
  append(0, start);
}

TensorboardEvents::~TensorboardEvents() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void TensorboardEvents::add_scalars(std::int64_t step,
                                    const std::vector<std::pair<std::string, double>>& tags_and_values) {
  std::string content;
  {
    pbf_writer event(content);
    pbf_writer summary(event, event_field::kSummary);
    for (const auto& [tag, number] : tags_and_values) {
      if (!std::isfinite(number)) continue;
      pbf_writer value(summary, kSummaryValue);
      value.add_string(value_field::kTag, tag);
      value.add_float(value_field::kSimpleValue, static_cast<float>(number));
    }
  }
  append(step, content);
}

void TensorboardEvents::add_picture(std::int64_t step, const std::string& tag, const Bytes& jpeg, int width,
                                    int height) {
  std::string content;
  {
    pbf_writer event(content);
    pbf_writer summary(event, event_field::kSummary);
    pbf_writer value(summary, kSummaryValue);
    value.add_string(value_field::kTag, tag);
    pbf_writer image(value, value_field::kImage);
    image.add_int32(image_field::kHeight, height);
    image.add_int32(image_field::kWidth, width);
    image.add_int32(image_field::kColorspace, image_field::kRgb);
    image.add_bytes(image_field::kEncoded, reinterpret_cast<const char*>(jpeg.data()), jpeg.size());
  }
  append(step, content);
}

void TensorboardEvents::append(std::int64_t step, const std::string& content) {
  if (descriptor_ < 0) return;
  const std::chrono::duration<double> now = std::chrono::system_clock::now().time_since_epoch();
  std::string record;
  pbf_writer event(record);
  event.add_double(event_field::kWallTime, now.count());
  event.add_int64(event_field::kStep, step);
  record += content;  // fields may come in any order and any number of pieces
  const std::string framed = frame(record);
  struct stat before = {};
  if (::fstat(descriptor_, &before) != 0) return give_up(errno);
  const ssize_t written = ::write(descriptor_, framed.data(), framed.size());
  if (written == static_cast<ssize_t>(framed.size())) return;
  const int error = written < 0 ? errno : ENOSPC;
  // Half a record in the middle would hide all that follows, should the run be resumed.
  if (written > 0 && ::ftruncate(descriptor_, before.st_size) != 0)
    context_.log.debug("cannot cut {}", file_.string());
  give_up(error);
}

void TensorboardEvents::give_up(int error_number) {
  context_.log.warn("{}: {}; nothing more is written for TensorBoard", file_.string(),
                    system_message(error_number));
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

void add_sample_pictures(const dataset::Dataset& data, TensorboardEvents& events) {
  std::vector<std::size_t> candidates = samples_of(data, dataset::Split::kValidation);
  if (candidates.empty()) candidates = samples_of(data, dataset::Split::kTrain);
  const std::size_t count = std::min(candidates.size(), kMostSamples);
  for (std::size_t i = 0; i < count; ++i) {
    const dataset::Sample& sample = data.samples[candidates[i * candidates.size() / count]];
    const image::Image picture = dataset::thumbnail(data, sample, kSampleSide);
    if (picture.empty()) continue;
    events.add_picture(0, fmt::format("{}/{}", to_string(sample.split), sample.path),
                       image::encode_jpeg(picture), picture.width(), picture.height());
  }
}

void remove_tensorboard_events(const fs::path& folder) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (!entry.path().filename().string().starts_with(kFilePrefix)) continue;
    if (fs::remove(entry.path(), error); error) {
      throw Error(ErrorKind::kIo, entry.path().string(), "cannot remove: " + error.message());
    }
  }
}

}  // namespace winnow::training
