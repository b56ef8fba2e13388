#include "doctor/options.hpp"
#include "doctor/run.hpp"

int main(int argc, char** argv) {
  winnow::tools::DoctorOptions options;
  return winnow::cli::run_tool(argc, argv,
                               {winnow::tools::DoctorOptions::kName, winnow::tools::DoctorOptions::kSummary,
                                winnow::tools::DoctorOptions::kExample,
                                [&](CLI::App& app) { winnow::tools::add_options(app, options); },
                                [&](winnow::cli::ToolContext& context) { return run(options, context); }});
}
