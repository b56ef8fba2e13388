#include "curate/run.hpp"

#include <fmt/ostream.h>

#include <ostream>

#include "winnow/core/atomic_file.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/table.hpp"
#include "winnow/core/text.hpp"
#include "winnow/curation/clean_copy.hpp"

namespace winnow::tools {
namespace {

void list_broken(const curation::Curation& curation, Logger& log) {
  for (const dataset::CuratedRow& row : curation.manifest.rows) {
    if (row.sha256.empty())
      log.warn("{}: {}; rejected", (curation.manifest.root / row.path).string(), row.issues.back().detail);
  }
}

void warn_of_small_classes(const curation::Curation& curation, Logger& log) {
  for (const curation::ClassCounts& c : curation.classes) {
    if (c.train > 0 && c.validation > 0 && c.test > 0) continue;
    log.warn("{}: only {}, too few to train, validate and test; add images or remove the folder",
             (curation.manifest.root / c.label).string(), format_count(c.kept(), "usable image"));
  }
}

void tell_properties(const curation::Curation& curation, Logger& log) {
  for (const curation::SetProperty& property : curation.properties) {
    if (property.issue == curation::kClassImbalance) {
      log.warn("the rarest class has only {}, {:.1f} % of all", format_count(property.count, "picture"),
               100 * property.share);
    } else {
      log.info("{}: so are {:.0f} % of the pictures; taken as a property of the set",
               curation::find_review_type(property.issue)->title, 100 * property.share);
    }
  }
}

void print_counts(const curation::Curation& curation, std::ostream& out) {
  Table table({"class", "found", "broken", "duplicates", "conflicts", "dropped", "kept", "review", "train",
               "val", "test"});
  for (const curation::ClassCounts& c : curation.classes) {
    table.add(c.label, c.found, c.broken, c.duplicates, c.conflicts, c.dropped, c.kept(), c.review, c.train,
              c.validation, c.test);
  }
  out << table.render();
  fmt::print(out, "leaks between splits: {}\n", curation.leaks);
}

}  // namespace

cli::Outcome run(const CurateOptions& options, cli::ToolContext& context) {
  const dataset::Dataset tree = dataset::open_dataset(options.folder);
  if (tree.has_splits) {
    throw Error(ErrorKind::kUsage, options.folder.string(),
                "is a curated manifest already; name a folder of images");
  }
  // Before the work, not after it.
  if (!options.apply.empty()) curation::check_clean_copy_target(tree.root, options.apply);
  curation::CurationOptions curating = options.curation;
  curating.earlier = curation::earlier_split(options.output, curating.split);
  for (const std::filesystem::path& file : options.decisions) {
    for (auto& [path, decision] : curation::read_decisions(file, tree)) curating.decisions[path] = decision;
  }
  if (!options.quick) curating.examine = curation::make_examine(options.network);
  const curation::Curation curation = curation::curate(tree, curating, context);
  list_broken(curation, context.log);
  warn_of_small_classes(curation, context.log);
  tell_properties(curation, context.log);
  dataset::write_curated_manifest(options.output, curation.manifest);
  if (!options.report.empty()) {
    const std::string name = options.folder.lexically_normal().string();
    write_file_atomically(options.report, curation::render_curation_report(tree, curation, name,
                                                                           context.command_line, context));
  }
  if (!options.apply.empty()) {
    const curation::CleanCopy copy =
        curation::write_clean_copy(tree, curation.manifest, options.apply, context);
    context.log.info("{}: {} linked, {} copied", options.apply.string(), format_count(copy.linked, "picture"),
                     copy.copied);
  }
  print_counts(curation, context.out);
  return cli::Outcome::kDone;
}

}  // namespace winnow::tools
