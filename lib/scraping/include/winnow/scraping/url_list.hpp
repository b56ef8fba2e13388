#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "winnow/scraping/candidate.hpp"

namespace winnow::scraping {

enum class ListFormat {
  kText,       // one URL a line, empty lines and lines that begin with # passed over
  kCsv,        // RFC 4180, with a header line
  kTsv,        // the same with tabs
  kJsonLines,  // one object a line
};

// By the extension (txt, csv, tsv, jsonl, ndjson), and if that says nothing by how the file begins.
[[nodiscard]] ListFormat detect_list_format(const std::filesystem::path& path, std::string_view beginning);

// A file of URLs. Columns (or members) are found by their names, in any case and order: "url" must be there,
// "label", "page_url", "title", "creator" and "license" or "licence" may; others are passed over. Lists made
// for img2dataset work unchanged.
class UrlList : public CandidateSource {
 public:
  // Checks the whole file, so that a mistake on the last line shows before anything has been fetched.
  // default_label is for rows without one. Throws Error "path:line: ..." {kNotFound | kIo | kInvalid}, and
  // {kUsage} for labels that cannot be folder names, or when a row has no label and there is no default.
  UrlList(std::filesystem::path path, std::string default_label);
  ~UrlList() override;

  std::optional<Finding> next(const std::stop_token& stop) override;
  [[nodiscard]] std::size_t expected() const override { return size_; }

 private:
  class Rows;
  [[nodiscard]] std::unique_ptr<Rows> open() const;

  const std::filesystem::path path_;
  const std::string default_label_;
  std::size_t size_ = 0;
  std::unique_ptr<Rows> rows_;
};

}  // namespace winnow::scraping
