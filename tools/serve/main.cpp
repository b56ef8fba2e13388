#include "serve/options.hpp"
#include "serve/run.hpp"
#include "winnow/core/threads.hpp"

int main(int argc, char** argv) {
  winnow::share_freed_memory();
  winnow::tools::ServeOptions options;
  return winnow::cli::run_tool(argc, argv,
                               {winnow::tools::ServeOptions::kName, winnow::tools::ServeOptions::kSummary,
                                winnow::tools::ServeOptions::kExample,
                                [&](CLI::App& app) { winnow::tools::add_options(app, options); },
                                [&](winnow::cli::ToolContext& context) { return run(options, context); }});
}
