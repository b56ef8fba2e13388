#include "scrape/options.hpp"
#include "scrape/run.hpp"
#include "scrape/search.hpp"

int main(int argc, char** argv) {
  winnow::tools::ScrapeOptions options;
  return winnow::cli::run_tool(
      argc, argv,
      {winnow::tools::ScrapeOptions::kName, winnow::tools::ScrapeOptions::kSummary, winnow::tools::help_end(),
       [&](CLI::App& app) { winnow::tools::add_options(app, options); },
       [&](winnow::cli::ToolContext& context) { return run(options, context); }});
}
