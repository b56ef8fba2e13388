#include "scrape/find.hpp"

#include <optional>
#include <ostream>

#include "scrape/search.hpp"
#include "scrape/sources.hpp"
#include "winnow/core/atomic_file.hpp"
#include "winnow/core/table.hpp"
#include "winnow/scraping/candidate_list.hpp"
#include "winnow/scraping/licence_filter.hpp"

namespace winnow::tools {
namespace {

void print_counts(const scraping::FindSummary& summary, std::ostream& out) {
  Table table({"label", "found"});
  for (const auto& [label, found] : summary.found) table.add(label, found);
  out << table.render();
}

}  // namespace

cli::Outcome find(const ScrapeOptions& options, cli::ToolContext& context) {
  net::HttpClient client(client_options(options));
  scraping::LicenceFilter source(make_source(options, client), licence_policy(options));
  std::optional<AtomicFile> file;
  if (options.output != "-") file.emplace(options.output);
  const auto write = [&](const std::string& line) {
    if (file) {
      file->write(line + "\n");
    } else {
      context.out << line << '\n';
    }
  };
  const scraping::FindSummary summary =
      scraping::find_candidates(source, options.collect.count, write, context);
  if (source.passed_over() > 0) context.log.info("{} passed over for their licence", source.passed_over());
  throw_if_stopped(context.stop);
  if (summary.found.empty()) throw Error(ErrorKind::kInvalid, "", "no pictures were found");
  if (file) {
    file->commit();
    print_counts(summary, context.out);
  }
  const bool is_short = report_shortage(summary.found, options, context.log);
  return summary.failed > 0 || is_short ? cli::Outcome::kItemsFailed : cli::Outcome::kDone;
}

}  // namespace winnow::tools
