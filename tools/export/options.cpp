#include "export/options.hpp"

namespace winnow::tools {

void add_options(CLI::App& app, ExportOptions& options) {
  app.add_option("run", options.run,
                 "Folder of a run of winnow-train (its best.ckpt is taken), or a checkpoint")
      ->required()
      ->type_name("RUN");
  app.add_option("-o,--output", options.output, "The model file to write; its name ends in .onnx")
      ->required()
      ->type_name("FILE")
      ->check(CLI::Validator(
          [](const std::string& name) {
            return std::filesystem::path(name).extension() == ".onnx" ? std::string()
                                                                      : name + " does not end in .onnx";
          },
          ""));
}

}  // namespace winnow::tools
