#include "export/run.hpp"

#include <fmt/ostream.h>

#include <ostream>

#include "export/inspect.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/core/text.hpp"
#include "winnow/exporting/export_onnx.hpp"
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

void export_run(const ExportOptions& options, cli::ToolContext& context) {
  const exporting::ExportedModel model =
      exporting::export_onnx(exporting::open_run(options.run), options.output, context);
  fmt::print(context.out, "{}: {}, largest difference to the trained network {:.1g} on {}\n",
             options.output.string(), format_bytes(model.bytes), model.largest_difference,
             format_count(model.pictures_compared, "picture"));
}

}  // namespace

cli::Outcome run(const ExportOptions& options, cli::ToolContext& context) {
  check(options);
  if (!options.inspect.empty()) {
    inspect(options, context);
  } else {
    export_run(options, context);
  }
  return cli::Outcome::kDone;
}

}  // namespace winnow::tools
