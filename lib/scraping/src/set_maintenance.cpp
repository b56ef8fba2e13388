#include "winnow/scraping/set_maintenance.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <unordered_map>

#include "history.hpp"
#include "winnow/core/atomic_file.hpp"
#include "winnow/core/file.hpp"
#include "winnow/core/hash.hpp"
#include "winnow/core/parallel.hpp"
#include "winnow/core/progress.hpp"
#include "winnow/core/text.hpp"
#include "winnow/scraping/label.hpp"

namespace winnow::scraping {
namespace {

// The SHA-256 of every file that ought to be there. What was removed and fetched again since is there again.
std::map<std::string, std::string> expected_files(const std::filesystem::path& folder) {
  std::map<std::string, std::string> expected;
  read_manifest(folder, [&](const ManifestRow& row) {
    if (row.outcome == RowOutcome::kKept) expected[row.file] = row.sha256;
    if (row.outcome == RowOutcome::kRemoved) expected.erase(row.file);
  });
  return expected;
}

bool belongs_to_the_set(const std::string& file) {
  return file == "manifest.jsonl" || file == "ATTRIBUTION.md" || file.starts_with(kTemporaryFilePrefix) ||
         file.starts_with(".winnow/");  // what later tools computed
}

void find_strangers(const std::filesystem::path& folder, const std::map<std::string, std::string>& expected,
                    std::vector<SetProblem>& problems) {
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->is_directory(error)) continue;
    const std::string file = entry->path().lexically_relative(folder).generic_string();
    if (!belongs_to_the_set(file) && !expected.contains(file)) {
      problems.push_back({file, "is not in the manifest"});
    }
  }
}

// A manifest may have been in other hands; what is deleted for it lies in the folder of its label.
bool lies_in_its_folder(const ManifestRow& row) {
  const std::string folder = row.label + "/";
  return label_problem(row.label).empty() && row.file.starts_with(folder) &&
         row.file.find('/', folder.size()) == std::string::npos;
}

}  // namespace

VerifyReport verify_set(const std::filesystem::path& folder, const Context& context) {
  const std::map<std::string, std::string> expected = expected_files(folder);
  const std::vector<std::pair<std::string, std::string>> files(expected.begin(), expected.end());
  VerifyReport report;
  report.checked = files.size();
  std::mutex mutex;
  Progress progress(context.terminal, "verifying", files.size());
  parallel_for(files.size(), context.threads, context.stop, [&](std::size_t i) {
    const auto& [file, sha256] = files[i];
    const Result<Bytes> bytes = try_read_file(folder / file);
    progress.advance();
    if (bytes && sha256_hex(*bytes) == sha256) return;
    const std::lock_guard lock(mutex);
    report.problems.push_back(
        {file, bytes ? "is not what was fetched" : "cannot be read: " + bytes.failure().message});
  });
  find_strangers(folder, expected, report.problems);
  std::sort(report.problems.begin(), report.problems.end(),
            [](const SetProblem& a, const SetProblem& b) { return a.file < b.file; });
  return report;
}

TakeDownReport take_down(ImageSetWriter& set, const std::vector<std::string>& entries) {
  std::unordered_map<std::string, bool> wanted;  // and whether it has been found
  for (const std::string& entry : entries) wanted.try_emplace(normal_form(entry), false);
  std::map<std::string, ManifestRow> doomed;
  read_manifest(set.folder(), [&](const ManifestRow& row) {
    if (row.outcome != RowOutcome::kKept || !lies_in_its_folder(row)) return;
    for (const std::string& name :
         {normal_form(row.url), normal_form(row.page_url), row.sha256, row.fetched_sha256, row.file}) {
      const auto found = wanted.find(name);
      if (name.empty() || found == wanted.end()) continue;
      found->second = true;
      doomed.insert_or_assign(row.file, row);
    }
  });

  TakeDownReport report;
  for (auto& [file, row] : doomed) {
    std::error_code error;
    if (!std::filesystem::exists(set.folder() / file, error)) continue;  // it has gone before
    row.outcome = RowOutcome::kRemoved;
    row.retrieved_at = format_time(std::chrono::system_clock::now());
    set.append(row);  // first: a file without this row could come back
    if (!std::filesystem::remove(set.folder() / file, error)) {
      throw Error(ErrorKind::kIo, (set.folder() / file).string(), "cannot delete: " + error.message());
    }
    ++report.removed;
  }
  for (const std::string& entry : entries) {
    if (!wanted.at(normal_form(entry))) report.unknown.push_back(entry);
  }
  set.sync();
  write_attribution(set.folder());
  return report;
}

}  // namespace winnow::scraping
