#include "export/run.hpp"

#include <fmt/ostream.h>
#include <fmt/ranges.h>

#include <ostream>

#include "export/inspect.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/core/table.hpp"
#include "winnow/core/text.hpp"
#include "winnow/exporting/export_onnx.hpp"
#include "winnow/exporting/self_check.hpp"
#include "winnow/model/onnx.hpp"

namespace winnow::tools {
namespace {

// Says which file it was that an error is about.
template <class Work>
void with_model(const std::filesystem::path& file, const Work& work) {
  const Bytes onnx = read_file(file, model::kMaxOnnxBytes);
  try {
    work(onnx);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInvalid && error.kind() != ErrorKind::kUnsupported) throw;
    throw Error(error.kind(), file.string(), error.what());
  }
}

void inspect(const ExportOptions& options, cli::ToolContext& context) {
  with_model(options.inspect, [&](const Bytes& onnx) {
    if (options.json) {
      fmt::print(context.out, "{}\n", describe_model_as_json(onnx).dump(2));
    } else {
      fmt::print(context.out, "{}", describe_model(onnx));
    }
  });
}

std::string describe_pixels(const exporting::CheckedPicture& picture) {
  if (!picture.failure.empty()) return picture.failure;
  return picture.same_pixels ? "the same" : fmt::format("differ by {}", picture.pixel_difference);
}

void self_check(const ExportOptions& options, cli::ToolContext& context) {
  with_model(options.self_check, [&](const Bytes& onnx) {
    const exporting::SelfCheck check = exporting::self_check(onnx, context);
    Table table({"picture", "pixels", "logits differ by"});
    for (const exporting::CheckedPicture& picture : check.pictures) {
      table.add(picture.name, describe_pixels(picture), fmt::format("{:.1g}", picture.logit_difference));
    }
    fmt::print(context.out, "{}graph: {}\n", table.render(),
               check.graph_is_intact ? "as it was exported" : "changed since it was exported");
    if (!check.holds()) {
      throw Error(ErrorKind::kInvalid, "",
                  fmt::format("does not hold: pixels may differ by {}, logits of equal pixels by {:g} ({})",
                              exporting::SelfCheck::kPixelTolerance, check.logit_tolerance, check.engine));
    }
    fmt::print(context.out, "holds: pixels may differ by {}, logits of equal pixels by {:g} ({})\n",
               exporting::SelfCheck::kPixelTolerance, check.logit_tolerance, check.engine);
  });
}

void export_run(const ExportOptions& options, cli::ToolContext& context) {
  const exporting::ExportedModel model =
      exporting::export_onnx(exporting::open_run(options.run), options.output, options.model, context);
  fmt::print(context.out, "{}: {}, largest difference to the trained network {:.1g} on {} {} picture{}\n",
             options.output.string(), format_bytes(model.bytes), model.comparison.largest_difference,
             model.comparison.pictures, model.comparison.pictures_from,
             model.comparison.pictures == 1 ? "" : "s");
  if (!model.int8) return;
  const exporting::QuantisationResult& int8 = *model.int8;
  fmt::print(context.out,
             "int8: {} {:.1f} % in float32, {:.1f} % in int8 on {} {} pictures, {} answers the same\n",
             int8.has_labels ? "accuracy" : "expected accuracy", 100 * int8.accuracy_before,
             100 * int8.accuracy_after, int8.pictures, int8.pictures_from, int8.same_answers);
  if (int8.in_float.empty()) return;
  fmt::print(context.out, "int8: {} of {} layers stay in float32: {}\n", int8.in_float.size(), int8.layers,
             fmt::join(int8.in_float, ", "));
}

}  // namespace

cli::Outcome run(const ExportOptions& options, cli::ToolContext& context) {
  check(options);
  if (!options.inspect.empty()) {
    inspect(options, context);
  } else if (!options.self_check.empty()) {
    self_check(options, context);
  } else {
    export_run(options, context);
  }
  return cli::Outcome::kDone;
}

}  // namespace winnow::tools
