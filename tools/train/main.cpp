#include "train/options.hpp"
#include "train/run.hpp"

int main(int argc, char** argv) {
  winnow::tools::TrainOptions options;
  return winnow::cli::run_tool(argc, argv,
                               {winnow::tools::TrainOptions::kName,
                                winnow::tools::TrainOptions::kSummary,
                                winnow::tools::TrainOptions::kExample,
                                [&](CLI::App& app) { winnow::tools::add_options(app, options); },
                                [&](winnow::cli::ToolContext& context) { return run(options, context); },
                                {{"OMP_WAIT_POLICY", "passive"}}});
}
