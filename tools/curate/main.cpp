#include "curate/options.hpp"
#include "curate/run.hpp"

int main(int argc, char** argv) {
  winnow::tools::CurateOptions options;
  return winnow::cli::run_tool(argc, argv,
                               {winnow::tools::CurateOptions::kName, winnow::tools::CurateOptions::kSummary,
                                winnow::tools::CurateOptions::kExample,
                                [&](CLI::App& app) { winnow::tools::add_options(app, options); },
                                [&](winnow::cli::ToolContext& context) { return run(options, context); }});
}
