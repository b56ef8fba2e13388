#include "export/run.hpp"

#include <fmt/ostream.h>

#include <ostream>

#include "winnow/core/text.hpp"
#include "winnow/exporting/export_onnx.hpp"

namespace winnow::tools {

cli::Outcome run(const ExportOptions& options, cli::ToolContext& context) {
  const exporting::ExportedModel model = exporting::export_onnx(options.run, options.output, context);
  fmt::print(context.out, "{}: {}, largest difference to the trained network {:.1g} on {}\n",
             options.output.string(), format_bytes(model.bytes), model.largest_difference,
             format_count(model.pictures_compared, "picture"));
  return cli::Outcome::kDone;
}

}  // namespace winnow::tools
