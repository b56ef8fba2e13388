#include "winnow/scraping/web_dataset.hpp"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "winnow/core/atomic_file.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/core/hash.hpp"
#include "winnow/core/progress.hpp"
#include "winnow/scraping/image_set.hpp"

namespace winnow::scraping {
namespace {

constexpr std::size_t kBlock = 512;

// Puts a number into a field of a header as octal digits and a zero.
void put_octal(std::span<char> field, std::uint64_t number) {
  const std::string digits = fmt::format("{:0{}o}", number, field.size() - 1);
  std::memcpy(field.data(), digits.data(), field.size() - 1);
}

std::array<char, kBlock> header_of(const std::string& name, std::uint64_t size) {
  std::array<char, kBlock> header{};
  const auto field = [&](std::size_t at, std::size_t length) {
    return std::span(header).subspan(at, length);
  };
  std::memcpy(header.data(), name.data(), std::min<std::size_t>(name.size(), 99));
  put_octal(field(100, 8), 0644);
  put_octal(field(108, 8), 0);  // owner and group
  put_octal(field(116, 8), 0);
  put_octal(field(124, 12), size);
  put_octal(field(136, 12), 0);  // time: equal sets make equal shards
  header[156] = '0';             // an ordinary file
  std::memcpy(&header[257], "ustar\00000", 8);
  std::memset(&header[148], ' ', 8);  // the checksum counts as blanks
  std::uint64_t sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put_octal(field(148, 7), sum);
  header[154] = '\0';
  return header;
}

class Shard {
 public:
  explicit Shard(const std::filesystem::path& path) : file_(path) {}

  void add(const std::string& name, ByteSpan content) {
    const std::array<char, kBlock> header = header_of(name, content.size());
    file_.write(std::string_view(header.data(), header.size()));
    file_.write(content);
    const std::size_t rest = content.size() % kBlock;
    if (rest != 0) file_.write(std::string(kBlock - rest, '\0'));
    bytes_ += kBlock + content.size() + (rest != 0 ? kBlock - rest : 0);
  }
  void finish() {
    file_.write(std::string(2 * kBlock, '\0'));
    file_.commit();
  }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  AtomicFile file_;
  std::uint64_t bytes_ = 0;
};

// What there is to write: rows by their SHA-256, which mixes the labels, and then by file, since a picture
// may stand under two labels.
struct Contents {
  std::map<std::pair<std::string, std::string>, ManifestRow> rows;
  std::map<std::string, std::uint64_t> labels;  // and their numbers
};

Contents read_contents(const std::filesystem::path& set) {
  Contents contents;
  read_manifest(set, [&](const ManifestRow& row) {
    const std::pair key(row.sha256, row.file);
    if (row.outcome == RowOutcome::kKept) contents.rows.insert_or_assign(key, row);
    if (row.outcome == RowOutcome::kRemoved) contents.rows.erase(key);
  });
  for (const auto& [key, row] : contents.rows) contents.labels.emplace(row.label, 0);
  std::uint64_t number = 0;
  for (auto& [label, place] : contents.labels) place = number++;
  return contents;
}

void require_empty(const std::filesystem::path& folder) {
  std::error_code error;
  if (!std::filesystem::is_empty(folder, error) && !error) {
    throw Error(ErrorKind::kUsage, folder.string(), "is not empty; shards need a folder of their own");
  }
}

}  // namespace

ShardReport write_shards(const std::filesystem::path& set, const std::filesystem::path& target,
                         const ShardOptions& options, const Context& context) {
  const Contents contents = read_contents(set);
  winnow::create_directories(target);
  require_empty(target);
  ShardReport report;
  std::unique_ptr<Shard> shard;
  std::uint64_t samples_in_shard = 0;
  const auto finish = [&] {
    if (shard) shard->finish();
    shard.reset();
    samples_in_shard = 0;
  };
  Progress progress(context.terminal, "packing", contents.rows.size());
  for (const auto& [key, row] : contents.rows) {
    throw_if_stopped(context.stop);
    progress.advance();
    const Result<Bytes> bytes = try_read_file(set / row.file);
    if (!bytes || sha256_hex(*bytes) != row.sha256) {
      ++report.missing;
      continue;
    }
    if (!shard) shard = std::make_unique<Shard>(target / fmt::format("{:05}.tar", report.shards++));
    const std::string name = fmt::format("{:09}", report.samples++);
    shard->add(name + "." + row.image_format, *bytes);
    shard->add(name + ".cls", as_bytes(std::to_string(contents.labels.at(row.label))));
    shard->add(name + ".json", as_bytes(to_line(to_json(row))));
    if (++samples_in_shard == options.max_samples || shard->bytes() >= options.max_bytes) finish();
  }
  finish();
  std::string classes;
  for (const auto& [label, number] : contents.labels) classes += label + "\n";
  write_file_atomically(target / "classes.txt", classes);
  return report;
}

}  // namespace winnow::scraping
