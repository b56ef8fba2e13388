#include "winnow/jobs/results.hpp"

#include <fmt/format.h>

#include <fstream>
#include <map>
#include <vector>

#include "winnow/core/csv.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/core/tar_index.hpp"
#include "winnow/core/text.hpp"
#include "winnow/jobs/upload_packer.hpp"
#include "winnow/report/page.hpp"

namespace winnow::jobs {
namespace {

constexpr std::size_t kPicturesOnSheet = 2'000;
constexpr std::string_view kCsvHeader = "path,label,confidence,verdict,unknown,error\n";

std::string percent(double part) {
  return fmt::format("{:.0f} %", 100 * part);
}

}  // namespace

struct ResultWriter::State {
  State(std::filesystem::path its_folder, std::string its_title)
      : folder(std::move(its_folder)), title(std::move(its_title)), lines(folder / kResultLines) {
    check();
  }

  void check() const {
    if (!lines)
      throw Error(ErrorKind::kIo, (folder / kResultLines).string(), "cannot be written; is the disk full?");
  }

  // The name, the label as the caption, the doubtful ones marked.
  void add_to_sheet(const std::string& name, const Json& line, ByteSpan thumbnail) {
    const bool unknown = line.value("unknown", false);
    const std::string label = unknown ? "none of these" : line.value("label", "");
    ++by_label[label];
    if (pictures.size() == kPicturesOnSheet) return;
    pictures.push_back({.jpeg = Bytes(thumbnail.begin(), thumbnail.end()),
                        .title = unknown ? label : label + ", " + percent(line.value("confidence", 0.0)),
                        .caption = name,
                        .alarming = unknown || line.value("verdict", "") == "not_sure"});
  }

  [[nodiscard]] std::string sheet() const {
    report::Page page(title, format_count(answered, "picture") + ", as the model sees them");
    page.facts({{std::to_string(answered), "answered", ""},
                {std::to_string(by_label.size()), "kinds of answer", ""},
                {std::to_string(unreadable), "could not be read", unreadable == 0 ? "" : "see the log"}});
    report::Table table{
        .header = {"answer", "pictures", "share"}, .rows = {}, .numeric = {false, true, true}};
    for (const auto& [label, count] : by_label) {
      table.rows.push_back({label, std::to_string(count),
                            percent(static_cast<double>(count) / static_cast<double>(answered))});
    }
    if (!table.rows.empty()) {
      page.section("What is on them");
      page.table(table);
    }
    if (!pictures.empty()) {
      page.section("Pictures", answered > pictures.size()
                                   ? fmt::format("The first {} of {}.", pictures.size(), answered)
                                   : "Doubtful answers have a mark.");
      page.pictures(pictures);
    }
    return page.render();
  }

  const std::filesystem::path folder;
  const std::string title;
  std::ofstream lines;
  std::string log;
  std::vector<report::Picture> pictures;
  std::map<std::string, std::uint64_t> by_label;
  std::uint64_t answered = 0;
  std::uint64_t unreadable = 0;
};

ResultWriter::ResultWriter(const std::filesystem::path& folder, const std::string& title)
    : state_(std::make_unique<State>(folder, title)) {}

ResultWriter::~ResultWriter() = default;

void ResultWriter::add(const std::string& name, const Json& line, ByteSpan thumbnail) {
  Json whole = {{"path", name}};
  whole.update(line);
  state_->lines << to_line(whole) << '\n';
  state_->check();
  if (line.contains("error")) {
    ++state_->unreadable;
  } else {
    ++state_->answered;
    state_->add_to_sheet(name, line, thumbnail);
  }
}

void ResultWriter::log(std::string_view line) {
  state_->log += fmt::format("{} {}\n", format_time(std::chrono::system_clock::now()), printable(line));
}

std::filesystem::path ResultWriter::finish() {
  state_->lines.close();
  state_->check();
  const std::filesystem::path file = state_->folder / "results.tar";
  AtomicFile whole(file, Durability::kUnsynced);
  UploadPacker tar([&](ByteSpan piece) { whole.write(piece); });
  tar.add(kResultLines, read_file(state_->folder / kResultLines));
  tar.add(kContactSheet, as_bytes(state_->sheet()));
  tar.add(kJobLog, as_bytes(state_->log));
  tar.finish();
  whole.commit();
  return file;
}

std::string read_result(const std::filesystem::path& file, std::string_view part) {
  TarIndex tar(file);
  while (const auto entry = tar.next()) {
    if (entry->name != part) continue;
    std::string content(entry->size, '\0');
    std::ifstream in(file, std::ios::binary);
    in.seekg(static_cast<std::streamoff>(entry->offset));
    in.read(content.data(), static_cast<std::streamsize>(content.size()));
    if (in.gcount() != static_cast<std::streamsize>(content.size()))
      throw Error(ErrorKind::kIo, file.string(), "cannot be read");
    return content;
  }
  throw Error(ErrorKind::kNotFound, file.string(), fmt::format("has no {}", part));
}

std::string to_csv(std::string_view lines) {
  std::string csv(kCsvHeader);
  for (const std::string_view line : split(lines, '\n')) {
    if (line.empty()) continue;
    const Json row = Json::parse(line, nullptr, false);
    if (!row.is_object()) continue;
    const bool failed = row.contains("error");
    csv += csv_cell(row.value("path", ""));
    csv += failed ? ",,,,"
                  : fmt::format(",{},{:.6f},{},{}", csv_cell(row.value("label", "")),
                                row.value("confidence", 0.0), csv_cell(row.value("verdict", "")),
                                row.value("unknown", false));
    csv += "," + csv_cell(row.value("error", "")) + "\n";
  }
  return csv;
}

}  // namespace winnow::jobs
