#include "winnow/jobs/upload_reader.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "upload_name.hpp"
#include "upload_source.hpp"
#include "utf8_locale.hpp"
#include "winnow/core/text.hpp"
#include "winnow/image/format.hpp"

namespace winnow::jobs {
namespace {

constexpr std::size_t kHeadBytes = 1'024;        // what image::detect_format() looks at
constexpr std::uint64_t kHeaderBytes = 2 << 20;  // of tar, with all that may stand before one entry
constexpr std::size_t kChunk = 65'536;

struct CloseArchive {
  void operator()(archive* reader) const { archive_read_free(reader); }
};

Failure too_many_entries(const UploadLimits& limits) {
  return {"too_many_entries",
          fmt::format("it holds more than {}; send it in parts", format_count(limits.max_entries, "file"))};
}

Failure empty_archive() {
  return {"empty", "the archive holds no files; pack it anew"};
}

// What is refused by name, so that people know what to do instead.
std::string_view foreign_archive(std::string_view head) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kKinds = {{
      {"\xfd"
       "7zXZ",
       "is packed with xz"},
      {"\x28\xb5\x2f\xfd", "is packed with zstd"},
      {"BZh", "is packed with bzip2"},
      {"\x1f\x9d", "is packed with compress"},
      {"\x04\x22\x4d\x18", "is packed with lz4"},
      {"7z\xbc\xaf\x27\x1c", "is a 7z archive"},
      {"Rar!", "is a rar archive"},
      {"MSCF", "is a cab archive"},
  }};
  for (const auto& [start, what] : kKinds) {
    if (head.starts_with(start)) return what;
  }
  return "";
}

// A zip archive's directory is read as a whole, so its length is found out before. Its entries each begin
// with this.
std::uint64_t count_zip_entries(const UploadFile& file, std::uint64_t enough) {
  constexpr std::string_view kSignature("PK\x01\x02", 4);
  Bytes block(1 << 20);
  std::uint64_t count = 0;
  for (std::uint64_t offset = 0; count < enough;) {
    const std::size_t size = file.read(offset, block);
    if (size < kSignature.size()) return count;
    const std::string_view text = as_text(ByteSpan(block).first(size));
    for (std::size_t at = text.find(kSignature); at != std::string_view::npos;
         at = text.find(kSignature, at + kSignature.size())) {
      ++count;
    }
    offset += size - (kSignature.size() - 1);
  }
  return count;
}

}  // namespace

struct UploadReader::State {
  enum class Kind { kRefused, kPicture, kZip, kTar };

  State(const std::filesystem::path& path, const std::string& upload_name, const UploadLimits& upload_limits)
      : file(path), name(shown_name(upload_name)), limits(upload_limits) {
    kind = find_kind();
    if (kind == Kind::kZip || kind == Kind::kTar) open();
  }

  Kind find_kind();
  void open();
  Kind refuse(Failure failure) {
    refusal = std::move(failure);
    return Kind::kRefused;
  }
  Result<std::optional<UploadEntry>> next_in_archive();
  Result<std::optional<UploadEntry>> picture();
  std::optional<Failure> objection(archive_entry* entry, std::string_view entry_name);
  std::optional<Failure> append(Bytes& bytes, std::size_t most);
  std::optional<Failure> objection_at_end();
  // Why libarchive cannot go on.
  Failure damage();

  UploadFile file;
  const std::string name;
  const UploadLimits limits;
  Kind kind = Kind::kRefused;
  std::unique_ptr<UploadSource> source;  // of tar
  std::unique_ptr<archive, CloseArchive> reader;
  std::uint64_t entries = 0;
  std::uint64_t unpacked = 0;
  bool ended = false;
  std::optional<Failure> refusal;
  std::exception_ptr broken;  // what a callback could not throw through libarchive
};

UploadReader::State::Kind UploadReader::State::find_kind() {
  std::array<std::uint8_t, kHeadBytes> buffer{};
  const std::size_t size = file.read(0, buffer);
  if (size == 0) return refuse({"empty", "it is empty; send it again"});
  const ByteSpan head = ByteSpan(buffer).first(size);
  const std::string_view text = as_text(head);
  constexpr std::size_t kTarMagic = 257;
  // Before pictures: a tar archive begins with a name, which may begin as a picture does.
  if (text.size() > kTarMagic && text.substr(kTarMagic).starts_with("ustar")) return Kind::kTar;
  if (text.starts_with("\x1f\x8b")) return Kind::kTar;
  if (text.starts_with(std::string_view("PK\x05\x06", 4))) return refuse(empty_archive());
  if (text.starts_with(std::string_view("PK\x03\x04", 4))) {
    if (count_zip_entries(file, limits.max_entries + 1) > limits.max_entries) {
      return refuse(too_many_entries(limits));
    }
    return Kind::kZip;
  }
  constexpr std::string_view kInstead = "send pictures, or a zip, tar or tar.gz archive of them";
  if (const std::string_view what = foreign_archive(text); !what.empty()) {
    return refuse({"unsupported_archive", fmt::format("it {}; {}", what, kInstead)});
  }
  const image::Format format = image::detect_format(head);
  if (image::is_decodable(format)) return Kind::kPicture;
  if (format == image::Format::kUnknown) return Kind::kTar;  // of the time before the magic word, or nothing
  return refuse(
      {"not_an_archive", fmt::format("it is a file of another kind ({}); {}", describe(format), kInstead)});
}

void UploadReader::State::open() {
  const Utf8Locale utf8;
  reader.reset(archive_read_new());
  if (reader == nullptr) throw std::bad_alloc();
  archive* const a = reader.get();
  if (kind == Kind::kZip) {
    archive_read_support_format_zip_seekable(a);
    if (archive_read_open_fd(a, file.descriptor(), kChunk) != ARCHIVE_OK) refuse(damage());
    return;
  }
  archive_read_support_format_tar(a);
  source = std::make_unique<UploadSource>(file, limits);
  source->allow(kHeaderBytes);
  const auto read = [](archive* self, void* data, const void** block) -> la_ssize_t {
    auto& state = *static_cast<State*>(data);
    try {
      const Result<ByteSpan> bytes = state.source->read();
      if (bytes) {
        *block = bytes->data();
        return static_cast<la_ssize_t>(bytes->size());
      }
    } catch (...) {
      state.broken = std::current_exception();
    }
    archive_set_error(self, EIO, "no more bytes");
    return -1;
  };
  if (archive_read_open(a, this, nullptr, read, nullptr) != ARCHIVE_OK) refuse(damage());
}

Failure UploadReader::State::damage() {
  if (broken) std::rethrow_exception(std::exchange(broken, nullptr));
  if (source && source->failure()) return *source->failure();
  if (archive_errno(reader.get()) == EIO) throw Error(ErrorKind::kIo, name, system_message(EIO));
  const char* const text = archive_error_string(reader.get());
  const std::string message = printable(text == nullptr ? "" : text, 200);
  if (entries == 0 && message.find("Unrecognized archive format") != std::string::npos) {
    if (kind == Kind::kZip) {
      return {"truncated", "its directory, which a zip archive has at its end, is missing; send it again"};
    }
    return {"not_an_archive",
            "it is no picture and no archive; send pictures, or a zip, tar or tar.gz archive of them"};
  }
  if (message.empty() || message.find("runcated") != std::string::npos) {
    return {"truncated", "the archive ends early; send it again"};
  }
  if (message.find("assphrase") != std::string::npos || message.find("ncrypt") != std::string::npos) {
    return {"encrypted", "it is encrypted; send it without a password"};
  }
  return {"corrupt", fmt::format("the archive is damaged ({}); pack it anew", message)};
}

std::optional<Failure> UploadReader::State::objection(archive_entry* entry, std::string_view entry_name) {
  const std::string shown = shown_name(entry_name);
  if (entry_name.size() > limits.max_name_bytes) {
    return Failure{"name_too_long", fmt::format("the name {} has more than {} bytes; shorten it", shown,
                                                limits.max_name_bytes)};
  }
  if (leads_outside(entry_name)) {
    return Failure{"unsafe_name", fmt::format("the name {} leads out of the archive; pack it anew", shown)};
  }
  if (archive_entry_is_encrypted(entry) != 0) {
    return Failure{"encrypted", fmt::format("{} is encrypted; send it without a password", shown)};
  }
  if (archive_entry_filetype(entry) == AE_IFLNK || archive_entry_hardlink(entry) != nullptr ||
      archive_entry_symlink(entry) != nullptr) {
    return Failure{"link", fmt::format("{} is a link; send the files themselves", shown)};
  }
  const auto type = archive_entry_filetype(entry);
  if (type != AE_IFREG && type != AE_IFDIR && type != 0) {
    return Failure{"special_file", fmt::format("{} is a device or pipe; leave it out", shown)};
  }
  if (kind == Kind::kZip) {
    // "ZIP 2.0 (deflation)": the one place where libarchive says how an entry is packed.
    const char* const format = archive_format_name(reader.get());
    const std::string_view method = format == nullptr ? "" : format;
    if (!method.ends_with("(deflation)") && !method.ends_with("(uncompressed)")) {
      return Failure{
          "unsupported_archive",
          fmt::format("{} is packed in a way that is not read here; pack it as an ordinary zip", shown)};
    }
  }
  const auto claimed = std::max<la_int64_t>(0, archive_entry_size(entry));
  unpacked += std::min(static_cast<std::uint64_t>(claimed), limits.max_total_bytes + 1);
  return too_much(unpacked, file.size(), limits);
}

// Until bytes has `most` or the entry is at its end.
std::optional<Failure> UploadReader::State::append(Bytes& bytes, std::size_t most) {
  while (bytes.size() < most) {
    const std::size_t before = bytes.size();
    bytes.resize(std::min(most, before + kChunk));
    // Of what is read for one chunk only holes are more than the chunk.
    if (source) source->allow(kHeaderBytes);
    const la_ssize_t count = archive_read_data(reader.get(), bytes.data() + before, bytes.size() - before);
    if (count < 0) return damage();
    bytes.resize(before + static_cast<std::size_t>(count));
    if (count == 0) break;
  }
  return std::nullopt;
}

Result<std::optional<UploadEntry>> UploadReader::State::next_in_archive() {
  while (true) {
    archive_entry* entry = nullptr;
    if (source) source->allow(kHeaderBytes);
    const int status = archive_read_next_header(reader.get(), &entry);
    if (status == ARCHIVE_EOF) {
      if (const auto failure = objection_at_end()) return *failure;
      if (entries == 0) return empty_archive();
      ended = true;
      return std::optional<UploadEntry>();
    }
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN) return damage();
    if (++entries > limits.max_entries) return too_many_entries(limits);
    const char* const raw = archive_entry_pathname(entry);
    const std::string entry_name = raw == nullptr ? "" : raw;
    if (const auto failure = objection(entry, entry_name)) return *failure;

    UploadEntry found{.name = shown_name(entry_name)};
    const bool wanted =
        archive_entry_filetype(entry) != AE_IFDIR && !entry_name.ends_with('/') && !is_hidden(entry_name);
    if (wanted) {
      if (const auto failure = append(found.bytes, kHeadBytes)) return *failure;
      const image::Format format = image::detect_format(found.bytes);
      if (image::is_decodable(format)) {
        if (const auto failure = append(found.bytes, limits.max_entry_bytes + 1)) return *failure;
        if (found.bytes.size() > limits.max_entry_bytes) {
          return Failure{"entry_too_large", fmt::format("{} is larger than {}; leave it out", found.name,
                                                        format_bytes(limits.max_entry_bytes))};
        }
        // What it claimed has been counted.
        const auto claimed = static_cast<std::uint64_t>(std::max<la_int64_t>(0, archive_entry_size(entry)));
        unpacked += found.bytes.size() - std::min<std::uint64_t>(claimed, found.bytes.size());
        if (const auto failure = too_much(unpacked, file.size(), limits)) return *failure;
        return std::optional(std::move(found));
      }
      found.failure = {"not_a_picture", std::string(describe(format))};
      found.bytes.clear();
    }
    // Of tar, what is passed over is unpacked too; the source counts it.
    if (source) source->allow(limits.max_total_bytes + 1);
    if (archive_read_data_skip(reader.get()) < ARCHIVE_WARN) return damage();
    if (wanted) return std::optional(std::move(found));
  }
}

// A tar archive can end anywhere between two entries without libarchive's noticing.
std::optional<Failure> UploadReader::State::objection_at_end() {
  if (!source) return std::nullopt;
  if (entries == 0 && !source->ends_in_zeros()) return Failure{damage()};
  while (true) {
    source->allow(kChunk);
    const Result<ByteSpan> rest = source->read();
    if (!rest) return rest.failure();
    if (rest->empty()) break;
  }
  if (!source->ends_in_zeros()) return Failure{"truncated", "the archive ends early; send it again"};
  return std::nullopt;
}

Result<std::optional<UploadEntry>> UploadReader::State::picture() {
  if (file.size() > limits.max_entry_bytes) {
    return Failure{"entry_too_large", fmt::format("{} is larger than {}; make it smaller", name,
                                                  format_bytes(limits.max_entry_bytes))};
  }
  UploadEntry found{.name = name, .bytes = Bytes(file.size())};
  found.bytes.resize(file.read(0, found.bytes));
  ended = true;
  return std::optional(std::move(found));
}

UploadReader::UploadReader(const std::filesystem::path& path, const std::string& name,
                           const UploadLimits& limits)
    : state_(std::make_unique<State>(path, name, limits)) {}
UploadReader::~UploadReader() = default;
UploadReader::UploadReader(UploadReader&&) noexcept = default;

Result<std::optional<UploadEntry>> UploadReader::next() {
  const Utf8Locale utf8;
  State& state = *state_;
  if (state.refusal) return *state.refusal;
  if (state.ended) return std::optional<UploadEntry>();
  auto entry = state.kind == State::Kind::kPicture ? state.picture() : state.next_in_archive();
  if (!entry) state.refuse(entry.failure());
  return entry;
}

}  // namespace winnow::jobs
