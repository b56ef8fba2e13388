#include "winnow/scraping/url_list.hpp"

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <utility>
#include <vector>

#include "delimited_reader.hpp"
#include "winnow/core/json.hpp"
#include "winnow/core/text.hpp"
#include "winnow/scraping/label.hpp"

namespace winnow::scraping {
namespace {

constexpr std::size_t kMaxLineBytes = 1'000'000;

using Field = std::string Candidate::*;

constexpr std::array<std::pair<std::string_view, Field>, 14> kColumns = {{
    {"url", &Candidate::url},
    {"label", &Candidate::label},
    {"page_url", &Candidate::page_url},
    {"title", &Candidate::title},
    {"creator", &Candidate::creator},
    {"license", &Candidate::licence},
    {"licence", &Candidate::licence},
    {"license_url", &Candidate::licence_url},
    {"licence_url", &Candidate::licence_url},
    {"creator_url", &Candidate::creator_url},
    {"source", &Candidate::source},
    {"source_id", &Candidate::source_id},
    {"query", &Candidate::query},
    {"permission", &Candidate::permission},
}};

// The member that a column of this name fills; null for columns that are passed over.
Field field_named(std::string_view name) {
  const std::string lower = to_lower(trim(name));
  for (const auto& [column, field] : kColumns) {
    if (lower == column) return field;
  }
  return nullptr;
}

bool has_url_column(std::string_view line, char separator) {
  for (const std::string_view name : split(line, separator)) {
    std::string_view bare = trim(name);
    if (bare.size() >= 2 && bare.front() == '"' && bare.back() == '"') bare = bare.substr(1, bare.size() - 2);
    if (field_named(bare) == &Candidate::url) return true;
  }
  return false;
}

}  // namespace

ListFormat detect_list_format(const std::filesystem::path& path, std::string_view beginning) {
  const std::string extension = to_lower(path.extension().string());
  if (extension == ".txt") return ListFormat::kText;
  if (extension == ".csv") return ListFormat::kCsv;
  if (extension == ".tsv") return ListFormat::kTsv;
  if (extension == ".jsonl" || extension == ".ndjson") return ListFormat::kJsonLines;
  const std::string_view first = trim(beginning.substr(0, beginning.find('\n')));
  if (first.starts_with('{')) return ListFormat::kJsonLines;
  if (first.find("://") == std::string_view::npos) {
    if (has_url_column(first, '\t') && first.find('\t') != std::string_view::npos) return ListFormat::kTsv;
    if (has_url_column(first, ',')) return ListFormat::kCsv;
  }
  return ListFormat::kText;
}

// Goes through the file once, a row at a time.
class UrlList::Rows {
 public:
  explicit Rows(const std::filesystem::path& path) : path_(path.string()) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error))
      throw Error(ErrorKind::kIo, path_, "is a folder, not a list");
    if (std::filesystem::exists(path, error) && !std::filesystem::is_regular_file(path, error)) {
      throw Error(ErrorKind::kIo, path_, "can only be read once; save it as a file first");
    }
    in_.open(path, std::ios::binary);
    if (!in_) {
      const int error_number = errno;
      throw Error(error_number == ENOENT ? ErrorKind::kNotFound : ErrorKind::kIo, path_,
                  system_message(error_number));
    }
    std::string beginning(4096, '\0');
    in_.read(beginning.data(), static_cast<std::streamsize>(beginning.size()));
    beginning.resize(static_cast<std::size_t>(in_.gcount()));
    in_.clear();
    const bool has_mark = beginning.starts_with("\xef\xbb\xbf");  // Windows writes it before UTF-8
    in_.seekg(has_mark ? 3 : 0);
    format_ = detect_list_format(path, std::string_view(beginning).substr(has_mark ? 3 : 0));
    if (format_ == ListFormat::kCsv || format_ == ListFormat::kTsv) read_header();
  }

  bool next(Candidate& row) {
    row = {};
    switch (format_) {
      case ListFormat::kText:
        return next_text(row);
      case ListFormat::kJsonLines:
        return next_json(row);
      default:
        return next_record(row);
    }
  }

  [[nodiscard]] std::string where() const { return fmt::format("{}:{}", path_, line_); }

 private:
  void read_header() {
    delimited_.emplace(in_, format_ == ListFormat::kCsv ? ',' : '\t', path_);
    std::vector<std::string> names;
    if (!delimited_->next(names))
      throw Error(ErrorKind::kInvalid, path_, "is empty; a header line is needed");
    bool has_url = false;
    for (const std::string& name : names) {
      columns_.push_back(field_named(name));
      has_url = has_url || columns_.back() == &Candidate::url;
    }
    if (!has_url) {
      throw Error(ErrorKind::kInvalid, path_ + ":1",
                  fmt::format("has no column \"url\" but \"{}\"",
                              printable(fmt::format("{}", fmt::join(names, "\", \"")), 200)));
    }
  }

  bool next_record(Candidate& row) {
    std::vector<std::string> fields;
    if (!delimited_->next(fields)) return false;
    line_ = delimited_->line();
    if (fields.size() != columns_.size()) {
      throw Error(ErrorKind::kInvalid, where(),
                  fmt::format("has {} fields, the header has {}", fields.size(), columns_.size()));
    }
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (columns_[i] != nullptr) row.*columns_[i] = trim(fields[i]);
    }
    return true;
  }

  bool next_line(std::string& line) {
    constexpr int kEnd = std::char_traits<char>::eof();
    std::streambuf& in = *in_.rdbuf();
    if (in.sgetc() == kEnd) return false;
    ++line_;
    line.clear();
    for (int c = in.sbumpc(); c != '\n' && c != kEnd; c = in.sbumpc()) {
      if (line.size() == kMaxLineBytes) throw Error(ErrorKind::kInvalid, where(), "is longer than 1 MB");
      line += static_cast<char>(c);
    }
    return true;
  }

  bool next_text(Candidate& row) {
    for (std::string line; next_line(line);) {
      const std::string_view text = trim(line);
      if (text.empty() || text.front() == '#') continue;
      row.url = text;
      return true;
    }
    return false;
  }

  bool next_json(Candidate& row) {
    for (std::string line; next_line(line);) {
      if (trim(line).empty()) continue;
      const Json json = Json::parse(line, nullptr, false);
      if (!json.is_object()) throw Error(ErrorKind::kInvalid, where(), "is not a JSON object");
      for (const auto& [name, value] : json.items()) {
        const Field field = field_named(name);
        if (field == nullptr || value.is_null()) continue;
        if (value.is_number() && field == &Candidate::source_id) {
          row.*field = value.dump();
          continue;
        }
        if (!value.is_string())
          throw Error(ErrorKind::kInvalid, where(), fmt::format("\"{}\" is not text", name));
        row.*field = trim(value.get_ref<const std::string&>());
      }
      if (row.url.empty() && !json.contains("url"))
        throw Error(ErrorKind::kInvalid, where(), "has no \"url\"");
      return true;
    }
    return false;
  }

  const std::string path_;
  std::ifstream in_;
  ListFormat format_ = ListFormat::kText;
  std::optional<DelimitedReader> delimited_;
  std::vector<Field> columns_;
  std::size_t line_ = 0;
};

UrlList::UrlList(std::filesystem::path path, std::string default_label)
    : path_(std::move(path)), default_label_(std::move(default_label)) {
  const std::unique_ptr<Rows> rows = open();
  std::string last_label;  // mostly the same for many rows
  for (Candidate row; rows->next(row); ++size_) {
    const std::string& label = row.label.empty() ? default_label_ : row.label;
    if (label.empty())
      throw Error(ErrorKind::kUsage, rows->where(), "has no label, and none was given for the list");
    if (label != last_label) check_label(rows->where(), label);
    last_label = label;
  }
  rows_ = open();
}

UrlList::~UrlList() = default;

std::unique_ptr<UrlList::Rows> UrlList::open() const {
  return std::make_unique<Rows>(path_);
}

std::optional<Finding> UrlList::next(const std::stop_token& stop) {
  Candidate row;
  if (stop.stop_requested() || !rows_->next(row)) return std::nullopt;
  if (row.label.empty()) row.label = default_label_;
  if (row.source.empty()) row.source = "list";
  return Finding{std::move(row), std::nullopt};
}

}  // namespace winnow::scraping
