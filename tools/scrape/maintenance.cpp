#include "scrape/maintenance.hpp"

#include <ostream>
#include <string>
#include <vector>

#include "winnow/core/file.hpp"
#include "winnow/core/text.hpp"
#include "winnow/scraping/merge.hpp"
#include "winnow/scraping/set_maintenance.hpp"
#include "winnow/scraping/web_dataset.hpp"

namespace winnow::tools {
namespace {

void require_set(const ScrapeOptions& options) {
  if (!scraping::is_image_set(options.output)) {
    throw Error(ErrorKind::kNotFound, options.output.string(), "is no image set; it has no manifest.jsonl");
  }
}

}  // namespace

cli::Outcome verify(const ScrapeOptions& options, cli::ToolContext& context) {
  require_set(options);
  const scraping::VerifyReport report = scraping::verify_set(options.output, context);
  for (const scraping::SetProblem& problem : report.problems) {
    context.out << printable(problem.file, 500) << ": " << problem.what << "\n";
  }
  context.log.info("{} checked, {}", format_count(report.checked, "picture"),
                   format_count(report.problems.size(), "problem"));
  return report.problems.empty() ? cli::Outcome::kDone : cli::Outcome::kItemsFailed;
}

cli::Outcome remove_listed(const ScrapeOptions& options, cli::ToolContext& context) {
  require_set(options);
  constexpr std::uint64_t kMaxListBytes = 100'000'000;
  const Bytes content = read_file(options.remove_list, kMaxListBytes);
  std::vector<std::string> entries;
  for (const std::string_view line : split(as_text(content), '\n')) {
    const std::string_view entry = trim(line);
    if (!entry.empty() && entry.front() != '#') entries.emplace_back(entry);
  }
  scraping::ImageSetWriter set(options.output);
  const scraping::TakeDownReport report = scraping::take_down(set, entries);
  for (const std::string& entry : report.unknown) {
    context.log.warn("{}: no picture of the set goes by this; passed over", printable(entry, 200));
  }
  context.log.info("{} removed", format_count(report.removed, "picture"));
  return report.unknown.empty() ? cli::Outcome::kDone : cli::Outcome::kItemsFailed;
}

cli::Outcome pack(const ScrapeOptions& options, cli::ToolContext& context) {
  require_set(options);
  const scraping::ShardReport report = scraping::write_shards(options.output, options.shards, {}, context);
  context.log.info("{} in {}", format_count(report.samples, "picture"), format_count(report.shards, "shard"));
  if (report.missing == 0) return cli::Outcome::kDone;
  context.log.warn("{} left out, missing or not what was fetched; --verify names them",
                   format_count(report.missing, "picture"));
  return cli::Outcome::kItemsFailed;
}

cli::Outcome merge(const ScrapeOptions& options, cli::ToolContext& context) {
  for (const std::filesystem::path& part : options.merge) {
    if (!scraping::is_image_set(part)) {
      throw Error(ErrorKind::kNotFound, part.string(), "is no image set; it has no manifest.jsonl");
    }
  }
  scraping::ImageSetWriter set(options.output);
  const scraping::MergeReport report = scraping::merge_sets(
      set, options.merge, {!options.no_dedupe, options.collect.same_picture_bits}, context);
  for (const std::string& file : report.unusable) {
    context.log.warn("{}: is missing or not what was fetched; skipped", printable(file, 500));
  }
  context.log.info("{} added, {} already there", format_count(report.added, "picture"), report.duplicates);
  return report.unusable.empty() ? cli::Outcome::kDone : cli::Outcome::kItemsFailed;
}

}  // namespace winnow::tools
