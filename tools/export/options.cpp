#include "export/options.hpp"

#include "winnow/core/error.hpp"

namespace winnow::tools {
namespace {

void add_inspect(CLI::App& app, ExportOptions& options) {
  CLI::App* inspect = app.add_subcommand("inspect", "Print what a model file holds");
  inspect->fallthrough();  // so that common options may stand behind it
  inspect->add_option("file", options.inspect, "The model file")->required()->type_name("FILE");
  inspect->add_flag("--json", options.json, "As one JSON document, with all that is in the metadata");
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
  app.add_flag(
      "--int8", options.model.int8,
      "Compute in 8 bits, with ranges chosen by the run's training pictures; layers that would cost more "
      "than one point of accuracy on its validation pictures stay in float32");
  app.add_option("--calibrate", options.model.calibrate,
                 "For --int8, choose ranges and measure by the pictures of this folder instead")
      ->type_name("DIR");
  app.add_option(
         "--self-check", options.self_check,
         "Send the reference pictures of this model file through decoding, preprocessing and network, "
         "and say by how much each differs; exit code 1 if it does not hold")
      ->type_name("FILE");
  add_inspect(app, options);
}

void check(const ExportOptions& options) {
  if (!options.self_check.empty()) {
    if (!options.run.empty() || !options.output.empty() || !options.inspect.empty()) {
      throw Error(ErrorKind::kUsage, "--self-check", "stands alone, with a model file behind it");
    }
    return;
  }
  if (!options.inspect.empty()) {
    if (!options.run.empty() || !options.output.empty()) {
      throw Error(ErrorKind::kUsage, "inspect", "stands alone, with a model file behind it");
    }
    return;
  }
  if (options.run.empty()) throw Error(ErrorKind::kUsage, "", "RUN is required; see winnow-export --help");
  if (!options.model.calibrate.empty() && !options.model.int8) {
    throw Error(ErrorKind::kUsage, "--calibrate", "goes with --int8");
  }
  if (options.output.empty()) {
    throw Error(ErrorKind::kUsage, "", "--output is required; see winnow-export --help");
  }
}

}  // namespace winnow::tools
