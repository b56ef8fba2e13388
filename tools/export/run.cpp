#include "export/run.hpp"

#include <fmt/ostream.h>
#include <fmt/ranges.h>

#include <ostream>

#include "export/inspect.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/core/table.hpp"
#include "winnow/core/temporary_folder.hpp"
#include "winnow/core/text.hpp"
#include "winnow/exporting/export_onnx.hpp"
#include "winnow/exporting/export_torchscript.hpp"
#include "winnow/exporting/pretrained.hpp"
#include "winnow/exporting/triton.hpp"
#include "winnow/inference/self_check.hpp"
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

std::string describe_pixels(const inference::CheckedPicture& picture) {
  if (!picture.failure.empty()) return picture.failure;
  return picture.same_pixels ? "the same" : fmt::format("differ by {}", picture.pixel_difference);
}

void self_check(const ExportOptions& options, cli::ToolContext& context) {
  with_model(options.self_check, [&](const Bytes& onnx) {
    const inference::SelfCheck check = inference::self_check(onnx, context.threads);
    Table table({"picture", "pixels", "logits differ by"});
    for (const inference::CheckedPicture& picture : check.pictures) {
      table.add(picture.name, describe_pixels(picture), fmt::format("{:.1g}", picture.logit_difference));
    }
    fmt::print(context.out, "{}graph: {}\n", table.render(),
               check.graph_is_intact ? "as it was exported" : "changed since it was exported");
    if (!check.holds()) {
      throw Error(ErrorKind::kInvalid, "",
                  fmt::format("does not hold: pixels may differ by {}, logits of equal pixels by {:g} ({})",
                              inference::SelfCheck::kPixelTolerance, check.logit_tolerance, check.engine));
    }
    fmt::print(context.out, "holds: pixels may differ by {}, logits of equal pixels by {:g} ({})\n",
               inference::SelfCheck::kPixelTolerance, check.logit_tolerance, check.engine);
  });
}

exporting::Source open_source(const ExportOptions& options) {
  return options.pretrained.empty() ? exporting::open_run(options.run)
                                    : exporting::open_pretrained(options.pretrained, options.data_folder);
}

void report(const std::filesystem::path& file, const exporting::ExportedModel& model, std::ostream& out) {
  fmt::print(out, "{}: {}, largest difference to the trained network {:.1g} on {} {} picture{}\n",
             file.string(), format_bytes(model.bytes), model.comparison.largest_difference,
             model.comparison.pictures, model.comparison.pictures_from,
             model.comparison.pictures == 1 ? "" : "s");
  if (!model.int8) return;
  const exporting::QuantisationResult& int8 = *model.int8;
  fmt::print(out, "int8: {} {:.1f} % in float32, {:.1f} % in int8 on {} {} pictures, {} answers the same\n",
             int8.has_labels ? "accuracy" : "expected accuracy", 100 * int8.accuracy_before,
             100 * int8.accuracy_after, int8.pictures, int8.pictures_from, int8.same_answers);
  if (int8.in_float.empty()) return;
  fmt::print(out, "int8: {} of {} layers stay in float32: {}\n", int8.in_float.size(), int8.layers,
             fmt::join(int8.in_float, ", "));
}

void export_file(const exporting::Source& source, const std::filesystem::path& output,
                 const exporting::ExportOptions& options, cli::ToolContext& context) {
  const bool is_script = output.extension() == ".pt";
  report(output,
         is_script ? exporting::export_torchscript(source, output, context)
                   : exporting::export_onnx(source, output, options, context),
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
  const exporting::ExportedModel model = exporting::export_onnx(source, file, options.model, context);
  report(exporting::add_to_triton_repository(read_file(file), name_of(options), options.triton), model,
         context.out);
}

void export_source(const ExportOptions& options, cli::ToolContext& context) {
  const exporting::Source source = open_source(options);
  if (!options.output.empty()) export_file(source, options.output, options.model, context);
  if (!options.triton.empty()) export_to_triton(source, options, context);
}

}  // namespace

cli::Outcome run(const ExportOptions& options, cli::ToolContext& context) {
  check(options);
  if (!options.inspect.empty()) {
    inspect(options, context);
  } else if (!options.self_check.empty()) {
    self_check(options, context);
  } else {
    export_source(options, context);
  }
  return cli::Outcome::kDone;
}

}  // namespace winnow::tools
