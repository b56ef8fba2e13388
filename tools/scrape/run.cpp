#include "scrape/run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <ostream>

#include "scrape/find.hpp"
#include "scrape/maintenance.hpp"
#include "scrape/search.hpp"
#include "scrape/sources.hpp"
#include "winnow/core/table.hpp"
#include "winnow/core/text.hpp"
#include "winnow/scraping/licence_filter.hpp"

namespace winnow::tools {
namespace {

using scraping::LabelSummary;
using scraping::Summary;

void print_counts(const Summary& summary, std::ostream& out) {
  Table table({"label", "found", "kept", "duplicates", "failed"});
  const auto add = [&](const LabelSummary& row) {
    table.add(row.label, row.found, row.kept, row.duplicates, row.failed);
  };
  for (const LabelSummary& label : summary.labels) add(label);
  if (summary.labels.size() > 1) add(summary.total());
  out << table.render();
}

// "8 http_404, 3 too_small", the most frequent first.
std::string list_reasons(const LabelSummary& total) {
  std::vector<std::pair<std::string, std::uint64_t>> reasons(total.failed_by_reason.begin(),
                                                             total.failed_by_reason.end());
  std::stable_sort(reasons.begin(), reasons.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string list;
  for (const auto& [reason, count] : reasons)
    list += fmt::format("{}{} {}", list.empty() ? "" : ", ", count, reason);
  return list;
}

cli::Outcome report(const Summary& summary, const ScrapeOptions& options, cli::ToolContext& context) {
  const LabelSummary total = summary.total();
  const std::string reasons = list_reasons(total);
  if (!reasons.empty() && total.kept > 0) context.log.info("failed: {}", reasons);
  if (total.failed_by_reason.contains("refused_address")) {
    context.log.warn(
        "addresses that are not public are refused; --allow-private is for those of your own network");
  }
  if (total.label_noise > 0) {
    context.log.warn(
        "label noise: {} had been kept under another label; see the rows with reason label_noise in "
        "{}",
        format_count(total.label_noise, "picture"), (options.output / "manifest.jsonl").string());
  }
  if (total.found > 0) print_counts(summary, context.out);
  throw_if_stopped(context.stop);
  if (total.found == 0) throw Error(ErrorKind::kInvalid, "", "no pictures were found");
  if (total.kept == 0) {
    throw Error(ErrorKind::kInvalid, options.output.string(),
                fmt::format("nothing was kept of {} found ({})", total.found, reasons));
  }
  std::map<std::string, std::uint64_t> kept;
  for (const LabelSummary& label : summary.labels) kept[label.label] = label.kept;
  const bool is_short = report_shortage(kept, options, context.log);
  return total.failed > 0 || is_short ? cli::Outcome::kItemsFailed : cli::Outcome::kDone;
}

}  // namespace

cli::Outcome run(const ScrapeOptions& options, cli::ToolContext& context) {
  check(options);
  if (options.verify) return verify(options, context);
  if (!options.remove_list.empty()) return remove_listed(options, context);
  if (!options.shards.empty()) return pack(options, context);
  if (!options.merge.empty()) return merge(options, context);
  if (options.find_only) return find(options, context);
  if (!options.resume && scraping::is_image_set(options.output)) {
    throw Error(ErrorKind::kUsage, options.output.string(),
                "is an image set already; add --resume to go on with it, or choose another folder");
  }
  net::HttpClientOptions network = client_options(options);
  network.on_pause = [&log = context.log](std::string_view host, std::chrono::milliseconds pause) {
    log.info("{} asks to be left alone for {}", host,
             format_duration(std::chrono::ceil<std::chrono::seconds>(pause)));
  };
  net::HttpClient client(std::move(network));
  // Mistakes in the list or the command line show before anything is made.
  std::unique_ptr<scraping::CandidateSource> source = make_source(options, client);
  scraping::ImageSetWriter set(options.output);
  scraping::LicenceFilter filter(std::move(source), licence_policy(options));
  const Summary summary = scraping::collect(filter, set, client, collect_options(options), context);
  if (filter.passed_over() > 0) {
    context.log.info("{} passed over for their licence", filter.passed_over());
  }
  return report(summary, options, context);
}

}  // namespace winnow::tools
