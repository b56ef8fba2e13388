#include "winnow/embedding/embedding_cache.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "half.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/core/hash.hpp"

namespace winnow::embedding {
namespace {

constexpr std::size_t kHeaderBytes = 128;
constexpr std::size_t kHashBytes = 32;
constexpr std::size_t kCheckBytes = 8;

[[noreturn]] void fail(const std::filesystem::path& file, const char* doing) {
  throw Error(ErrorKind::kIo, file.string(), std::string("cannot ") + doing + ": " + system_message(errno));
}

// Holds the lock that writers take, for as long as it lives.
class Lock {
 public:
  Lock(int descriptor, const std::filesystem::path& file) : descriptor_(descriptor) {
    while (::flock(descriptor_, LOCK_EX) != 0) {
      if (errno != EINTR) fail(file, "lock");
    }
  }
  ~Lock() { ::flock(descriptor_, LOCK_UN); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  int descriptor_;
};

std::size_t size_of(int descriptor, const std::filesystem::path& file) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) fail(file, "read");
  return static_cast<std::size_t>(status.st_size);
}

void write_at(int descriptor, ByteSpan bytes, std::size_t offset, const std::filesystem::path& file) {
  const int reason = write_all(descriptor, bytes, offset);
  if (reason == 0) return;
  // What is torn would be passed over anyway; a full disk is glad of the room.
  [[maybe_unused]] const int ignored = ::ftruncate(descriptor, static_cast<off_t>(offset));
  errno = reason;
  fail(file, "write");
}

void append_hex(std::string_view hex, Bytes& bytes) {
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    std::uint8_t value = 0;
    std::from_chars(hex.data() + i, hex.data() + i + 2, value, 16);
    bytes.push_back(value);
  }
}

Bytes hash_bytes(std::string_view sha256) {
  Bytes bytes;
  bytes.reserve(kHashBytes);
  append_hex(sha256, bytes);
  bytes.resize(kHashBytes);
  return bytes;
}

std::uint64_t place_key(const std::uint8_t* hash) {
  std::uint64_t key = 0;
  std::memcpy(&key, hash, sizeof(key));
  return key;
}

// Of a record's hash and values: tells a whole record from one that a power failure has left half written.
Bytes checksum(ByteSpan content) {
  Bytes bytes;
  append_hex(std::string_view(sha256_hex(content)).substr(0, 2 * kCheckBytes), bytes);
  return bytes;
}

}  // namespace

EmbeddingCache::EmbeddingCache(const std::filesystem::path& folder, std::string_view key, std::size_t width)
    : file_(folder / (sha256_hex(as_bytes(key)).substr(0, 16) + ".embeddings")), width_(width) {
  header_ = fmt::format("winnow embeddings 1\n{}\n{}\n", width, sha256_hex(as_bytes(key)));
  header_.resize(kHeaderBytes, '\n');
  winnow::create_directories(folder);
  descriptor_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail(file_, "open");
  try {
    check_or_write_header();
    map();
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

EmbeddingCache::~EmbeddingCache() {
  if (mapped_ != nullptr) ::munmap(const_cast<std::uint8_t*>(mapped_), mapped_bytes_);
  ::close(descriptor_);
}

// [hash of the picture, checksum, values]
std::size_t EmbeddingCache::record_bytes() const {
  return kHashBytes + kCheckBytes + 2 * width_;
}

void EmbeddingCache::check_or_write_header() {
  const Lock lock(descriptor_, file_);
  const std::size_t size = size_of(descriptor_, file_);
  std::string found(std::min(size, kHeaderBytes), '\0');
  if (::pread(descriptor_, found.data(), found.size(), 0) != static_cast<ssize_t>(found.size()))
    fail(file_, "read");
  if (found == header_) return;
  if (!header_.starts_with(found)) {  // not even the beginning of one, as a crash may leave it
    throw Error(ErrorKind::kInvalid, file_.string(), "is no embedding cache of this network; delete it");
  }
  write_at(descriptor_, as_bytes(header_), 0, file_);
}

void EmbeddingCache::map() {
  const std::size_t records = (size_of(descriptor_, file_) - kHeaderBytes) / record_bytes();
  if (records == 0) return;
  mapped_bytes_ = kHeaderBytes + records * record_bytes();
  void* address = ::mmap(nullptr, mapped_bytes_, PROT_READ, MAP_SHARED, descriptor_, 0);
  if (address == MAP_FAILED) fail(file_, "map");
  mapped_ = static_cast<const std::uint8_t*>(address);
  places_.reserve(records);
  for (std::size_t i = 0; i < records; ++i) {
    const std::size_t place = kHeaderBytes + i * record_bytes();
    places_[place_key(mapped_ + place)] = place;  // the newest wins: it replaces one that was damaged
  }
}

bool EmbeddingCache::find(std::string_view sha256, std::span<float> values) const {
  const Bytes hash = hash_bytes(sha256);
  const auto found = places_.find(place_key(hash.data()));
  if (found == places_.end()) return false;
  const std::uint8_t* record = mapped_ + found->second;
  if (std::memcmp(record, hash.data(), kHashBytes) != 0) return false;
  Bytes content(record, record + kHashBytes);
  const std::uint8_t* halves = record + kHashBytes + kCheckBytes;
  content.insert(content.end(), halves, halves + 2 * width_);
  if (std::memcmp(checksum(content).data(), record + kHashBytes, kCheckBytes) != 0) return false;
  for (std::size_t i = 0; i < width_; ++i) {
    std::uint16_t half = 0;
    std::memcpy(&half, halves + 2 * i, sizeof(half));
    values[i] = from_half(half);
  }
  return true;
}

void EmbeddingCache::add(std::string_view sha256, std::span<const float> values) {
  Bytes content = hash_bytes(sha256);
  for (const float value : values) {
    const std::uint16_t half = to_half(value);
    content.push_back(static_cast<std::uint8_t>(half & 0xff));
    content.push_back(static_cast<std::uint8_t>(half >> 8));
  }
  const Bytes check = checksum(content);
  const auto values_begin = content.begin() + kHashBytes;
  pending_.insert(pending_.end(), content.begin(), values_begin);
  pending_.insert(pending_.end(), check.begin(), check.end());
  pending_.insert(pending_.end(), values_begin, content.end());
}

void EmbeddingCache::flush() {
  if (pending_.empty()) return;
  const Lock lock(descriptor_, file_);
  // After the last whole record: what a crash has left behind it is written over.
  const std::size_t records = (size_of(descriptor_, file_) - kHeaderBytes) / record_bytes();
  write_at(descriptor_, pending_, kHeaderBytes + records * record_bytes(), file_);
  pending_.clear();
}

float round_as_cached(float value) {
  return from_half(to_half(value));
}

}  // namespace winnow::embedding
