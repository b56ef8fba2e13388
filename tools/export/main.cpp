#include "export/options.hpp"
#include "export/run.hpp"

int main(int argc, char** argv) {
  winnow::tools::ExportOptions options;
  return winnow::cli::run_tool(argc, argv,
                               {winnow::tools::ExportOptions::kName, winnow::tools::ExportOptions::kSummary,
                                winnow::tools::ExportOptions::kExample,
                                [&](CLI::App& app) { winnow::tools::add_options(app, options); },
                                [&](winnow::cli::ToolContext& context) { return run(options, context); }});
}
