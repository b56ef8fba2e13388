#include "export/options.hpp"

#include "winnow/core/error.hpp"

namespace winnow::tools {
namespace {

void add_inspect(CLI::App& app, ExportOptions& options) {
  CLI::App* inspect = app.add_subcommand("inspect", "Print what a model file holds");
  inspect->fallthrough();  // so that common options may stand behind it
  inspect->add_option("file", options.inspect, "The model file")->required()->type_name("FILE");
}

}  // namespace

void add_options(CLI::App& app, ExportOptions& options) {
  app.add_option("run", options.run,
                 "Folder of a run of winnow-train (its best.ckpt is taken), or a checkpoint")
      ->type_name("RUN");
  app.add_option("-o,--output", options.output, "The model file to write; its name ends in .onnx")
      ->type_name("FILE")
      ->check(CLI::Validator(
          [](const std::string& name) {
            return std::filesystem::path(name).extension() == ".onnx" ? std::string()
                                                                      : name + " does not end in .onnx";
          },
          ""));
  add_inspect(app, options);
}

void check(const ExportOptions& options) {
  if (!options.inspect.empty()) {
    if (!options.run.empty() || !options.output.empty()) {
      throw Error(ErrorKind::kUsage, "inspect", "stands alone, with a model file behind it");
    }
    return;
  }
  if (options.run.empty()) throw Error(ErrorKind::kUsage, "", "RUN is required; see winnow-export --help");
  if (options.output.empty()) {
    throw Error(ErrorKind::kUsage, "", "--output is required; see winnow-export --help");
  }
}

}  // namespace winnow::tools
