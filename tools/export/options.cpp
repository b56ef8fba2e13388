#include "export/options.hpp"

#include "winnow/cli/data_files.hpp"
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
  options.data_folder = cli::data_file("");
  app.add_option("--pretrained", options.pretrained,
                 "In place of a run, a network as its authors trained it on the 1,000 classes of ImageNet: "
                 "efficientnet_lite0, or _lite1 and _lite2 after scripts/setup.sh --weights")
      ->type_name("NAME");
  app.add_option("-o,--output", options.output,
                 "The model file to write; its name ends in .onnx, or in .pt for TorchScript")
      ->type_name("FILE")
      ->check(CLI::Validator(
          [](const std::string& name) {
            const std::filesystem::path extension = std::filesystem::path(name).extension();
            return extension == ".onnx" || extension == ".pt" ? std::string()
                                                              : name + " ends neither in .onnx nor in .pt";
          },
          ""));
  CLI::Option* triton =
      app.add_option("--triton", options.triton,
                     "Add the model to this model repository of Triton Inference Server, as ONNX")
          ->type_name("DIR");
  app.add_option("--name", options.name,
                 "What the model is called there; default: like the run's folder, or the network")
      ->type_name("NAME")
      ->needs(triton);
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
    if (!options.run.empty() || !options.pretrained.empty() || !options.output.empty() ||
        !options.triton.empty() || !options.inspect.empty()) {
      throw Error(ErrorKind::kUsage, "--self-check", "stands alone, with a model file behind it");
    }
    return;
  }
  if (!options.inspect.empty()) {
    if (!options.run.empty() || !options.pretrained.empty() || !options.output.empty() ||
        !options.triton.empty()) {
      throw Error(ErrorKind::kUsage, "inspect", "stands alone, with a model file behind it");
    }
    return;
  }
  if (options.run.empty() && options.pretrained.empty()) {
    throw Error(ErrorKind::kUsage, "", "RUN is required; see winnow-export --help");
  }
  if (!options.run.empty() && !options.pretrained.empty()) {
    throw Error(ErrorKind::kUsage, "--pretrained", "stands in place of a run; leave one of them out");
  }
  if (!options.model.calibrate.empty() && !options.model.int8) {
    throw Error(ErrorKind::kUsage, "--calibrate", "goes with --int8");
  }
  if (options.model.int8 && options.output.extension() == ".pt") {
    throw Error(ErrorKind::kUsage, "--int8", "goes with ONNX files, not with TorchScript");
  }
  if (options.output.empty() && options.triton.empty()) {
    throw Error(ErrorKind::kUsage, "", "--output is required; see winnow-export --help");
  }
}

}  // namespace winnow::tools
