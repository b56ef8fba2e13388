#include "winnow/scraping/merge.hpp"

#include <functional>
#include <unordered_set>

#include "history.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/core/hash.hpp"
#include "winnow/scraping/image_check.hpp"
#include "winnow/scraping/label.hpp"

namespace winnow::scraping {
namespace {

class Merger {
 public:
  Merger(ImageSetWriter& set, const MergeOptions& options, const Context& context)
      : set_(set), context_(context), history_(!options.dedupe_across_labels, options.same_picture_bits) {
    (void)history_.load(set.folder());
    read_manifest(set.folder(), [&](const ManifestRow& row) { rows_.insert(key_of(row)); });
  }

  void add(const std::filesystem::path& part) {
    read_manifest(part, [&](const ManifestRow& row) {
      throw_if_stopped(context_.stop);
      if (!rows_.insert(key_of(row)).second) return;
      if (row.outcome == RowOutcome::kKept) {
        add_picture(part, row);
      } else {
        set_.append(row);
      }
    });
  }

  MergeReport finish() {
    write_attribution(set_.folder());
    set_.sync();
    return std::move(report_);
  }

 private:
  static std::size_t key_of(const ManifestRow& row) {
    return std::hash<std::string>{}(to_line(to_json(row)));
  }

  void add_picture(const std::filesystem::path& part, ManifestRow row) {
    // A manifest from elsewhere must not lead out of its set.
    const bool is_named_well = label_problem(row.label).empty() && row.sha256.size() == 64 &&
                               row.file == image_file_name(row.label, row.sha256, row.image_format);
    const Result<Bytes> bytes =
        is_named_well ? try_read_file(part / row.file) : Result<Bytes>(Failure{"bad_name", ""});
    if (!bytes || sha256_hex(*bytes) != row.sha256) return unusable(part, row);
    const Result<CheckedImage> image = check_image(*bytes, {.min_side = 1, .max_pixels = UINT64_MAX});
    if (!image) return unusable(part, row);
    if (history_.visit(row.label, normal_form(row.url)) ==
        History::Visit::kDone) {  // an earlier merge has settled it
      ++report_.duplicates;
      return;
    }
    if (const auto original = history_.claim(row.label, row.sha256, image->info.format, image->look)) {
      set_.append(duplicate_row(std::move(row), *original));
      ++report_.duplicates;
      return;
    }
    set_.write_image(row.label, row.file, *bytes);
    set_.append(row);
    ++report_.added;
  }

  void unusable(const std::filesystem::path& part, const ManifestRow& row) {
    report_.unusable.push_back((part / row.file).string());
  }

  ImageSetWriter& set_;
  const Context& context_;
  History history_;
  std::unordered_set<std::size_t> rows_;  // that the set has, by a hash of their text
  MergeReport report_;
};

}  // namespace

MergeReport merge_sets(ImageSetWriter& set, const std::vector<std::filesystem::path>& parts,
                       const MergeOptions& options, const Context& context) {
  Merger merger(set, options, context);
  for (const std::filesystem::path& part : parts) merger.add(part);
  return merger.finish();
}

}  // namespace winnow::scraping
