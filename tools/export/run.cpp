#include "export/run.hpp"

#include <fmt/ostream.h>

#include <ostream>

#include "export/inspect.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/core/temporary_folder.hpp"
#include "winnow/core/text.hpp"
#include "winnow/exporting/export_onnx.hpp"
#include "winnow/exporting/export_torchscript.hpp"
#include "winnow/exporting/pretrained.hpp"
#include "winnow/exporting/triton.hpp"
#include "winnow/model/onnx.hpp"

namespace winnow::tools {
namespace {

void inspect(const ExportOptions& options, cli::ToolContext& context) {
  try {
    fmt::print(context.out, "{}", describe_model(read_file(options.inspect, model::kMaxOnnxBytes)));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInvalid && error.kind() != ErrorKind::kUnsupported) throw;
    throw Error(error.kind(), options.inspect.string(), error.what());
  }
}

exporting::Source open_source(const ExportOptions& options) {
  return options.pretrained.empty() ? exporting::open_run(options.run)
                                    : exporting::open_pretrained(options.pretrained, options.data_folder);
}

void report(const std::filesystem::path& file, const exporting::ExportedModel& model, std::ostream& out) {
  fmt::print(out, "{}: {}, largest difference to the trained network {:.1g} on {}\n", file.string(),
             format_bytes(model.bytes), model.largest_difference,
             format_count(model.pictures_compared, "picture"));
}

void export_file(const exporting::Source& source, const std::filesystem::path& output,
                 cli::ToolContext& context) {
  const bool is_script = output.extension() == ".pt";
  report(output,
         is_script ? exporting::export_torchscript(source, output, context)
                   : exporting::export_onnx(source, output, context),
         context.out);
}

// runs/pets and runs/pets/best.ckpt are called pets.
std::string name_of(const ExportOptions& options) {
  if (!options.name.empty()) return options.name;
  if (!options.pretrained.empty()) return options.pretrained;
  std::filesystem::path run = std::filesystem::absolute(options.run).lexically_normal();
  if (!run.has_filename() || !std::filesystem::is_directory(run)) run = run.parent_path();
  return run.filename().string();
}

void export_to_triton(const exporting::Source& source, const ExportOptions& options,
                      cli::ToolContext& context) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "model.onnx";
  const exporting::ExportedModel model = exporting::export_onnx(source, file, context);
  report(exporting::add_to_triton_repository(read_file(file), name_of(options), options.triton), model,
         context.out);
}

void export_source(const ExportOptions& options, cli::ToolContext& context) {
  const exporting::Source source = open_source(options);
  if (!options.output.empty()) export_file(source, options.output, context);
  if (!options.triton.empty()) export_to_triton(source, options, context);
}

}  // namespace

cli::Outcome run(const ExportOptions& options, cli::ToolContext& context) {
  check(options);
  if (!options.inspect.empty()) {
    inspect(options, context);
  } else {
    export_source(options, context);
  }
  return cli::Outcome::kDone;
}

}  // namespace winnow::tools
