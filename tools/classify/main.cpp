#include "classify/options.hpp"
#include "classify/run.hpp"

int main(int argc, char** argv) {
  winnow::tools::ClassifyOptions options;
  return winnow::cli::run_tool(
      argc, argv,
      {winnow::tools::ClassifyOptions::kName, winnow::tools::ClassifyOptions::kSummary,
       winnow::tools::ClassifyOptions::kExample,
       [&](CLI::App& app) { winnow::tools::add_options(app, options); },
       [&](winnow::cli::ToolContext& context) { return run(options, context); }});
}
