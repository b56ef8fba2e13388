#include "classify/options.hpp"

namespace winnow::tools {
namespace {

void add_inputs(CLI::App& app, ClassifyOptions& options) {
  const std::map<std::string, dataset::Split> splits = {{"train", dataset::Split::kTrain},
                                                        {"val", dataset::Split::kValidation},
                                                        {"test", dataset::Split::kTest}};
  app.add_option("model", options.model, "A model file of winnow-export")->required()->type_name("MODEL");
  CLI::Option* images =
      app.add_option("images", options.inputs,
                     "Image files, folders of them, patterns such as 'pics/**/*.jpg', addresses, @LIST with "
                     "one of these a line, @- for such a list on standard input, or - for an image there")
          ->type_name("IMAGE|DIR|PATTERN|URL|@LIST|-");
  CLI::Option* fetch =
      app.add_flag("--fetch", options.fetch, "Fetch the http and https addresses that are named");
  app.add_flag("--allow-private", options.allow_private,
               "Fetch also from private, loopback and other special addresses")
      ->needs(fetch);
  CLI::Option* expect =
      app.add_option(
             "--expect", options.expect,
             "A folder with one subfolder per class, or a curated manifest: answer for its images and "
             "count how many are right")
          ->type_name("DIR|FILE")
          ->excludes(images);
  app.add_option("--split", options.split,
                 "With --expect and a curated manifest: only its train, val or test images")
      ->transform(CLI::CheckedTransformer(splits).description(""))
      ->type_name("SPLIT")
      ->needs(expect);
  app.add_option("--max-pixels", options.limits.max_pixels, "Refuse images with more pixels than this")
      ->type_name("N")
      ->capture_default_str();
}

void add_answers(CLI::App& app, ClassifyOptions& options) {
  const std::map<std::string, AnswerFormat> formats = {{"table", AnswerFormat::kTable},
                                                       {"json", AnswerFormat::kJson},
                                                       {"jsonl", AnswerFormat::kJsonLines},
                                                       {"csv", AnswerFormat::kCsv}};
  app.add_option("--top", options.top, "How many classes to name for each image, best first")
      ->check(CLI::PositiveNumber.description(""))
      ->type_name("K")
      ->capture_default_str();
  app.add_option("--format", options.format,
                 "Form of the answers: table, json, jsonl (one object a line) or csv [table]")
      ->transform(CLI::CheckedTransformer(formats).description(""))
      ->type_name("FORM");
  app.add_option("--compare", options.compare,
                 "A second model: give its answers beside, mark where they differ, and count")
      ->type_name("MODEL");
  app.add_option("--sort-into", options.sort_into,
                 "File the images by their labels: a folder for each in this one, of hard links or, on "
                 "another disk, copies; what is there stays")
      ->type_name("DIR");
  app.add_option("--explain", options.explain,
                 "Write for each image a heat map into this folder: where on it the answer comes from")
      ->type_name("DIR");
  app.add_option("--device", options.device,
                 "Where the network is computed: cpu, or cuda for TorchScript on a GPU [cpu]")
      ->transform(
          CLI::CheckedTransformer(std::map<std::string, inference::Device>{
                                      {"cpu", inference::Device::kCpu}, {"cuda", inference::Device::kCuda}})
              .description(""))
      ->type_name("NAME");
  app.add_option("--cache", options.cache,
                 "Folder in which networks are kept as compiled for this processor, for a quicker start; "
                 "default: winnow in $XDG_CACHE_HOME or ~/.cache")
      ->type_name("DIR");
  app.add_flag("--no-cache", options.no_cache, "Compile the network anew and keep nothing");
}

void add_foreign(CLI::App& app, ForeignOptions& foreign) {
  const std::map<std::string, image::Fit> fits = {{"crop", image::Fit::kCrop},
                                                  {"squash", image::Fit::kSquash}};
  app.option_defaults()->group("For ONNX files that winnow-export did not write");
  CLI::Option* labels =
      app.add_option("--labels", foreign.labels, "Its classes in their order, one a line")->type_name("FILE");
  app.add_option("--mean", foreign.mean,
                 "What is taken off pixels from 0 to 255; one number, or three: red,green,blue")
      ->delimiter(',')
      ->type_name("X[,X,X]")
      ->needs(labels);
  app.add_option("--scale", foreign.scale, "What they are divided by then; one number, or three")
      ->delimiter(',')
      ->type_name("X[,X,X]")
      ->needs(labels);
  app.add_option("--size", foreign.model.size, "Side of its pictures, where the file leaves it open")
      ->check(CLI::Range(8, 2048).description(""))
      ->type_name("PX")
      ->needs(labels);
  app.add_option("--fit", foreign.model.fit,
                 "How it sees a picture: crop (the centre) or squash (all) [crop]")
      ->transform(CLI::CheckedTransformer(fits).description(""))
      ->type_name("RULE")
      ->needs(labels);
  app.add_option("--crop", foreign.model.crop_fraction, "With crop: how much of the shorter side it sees")
      ->check(CLI::Range(0.01, 1.0).description(""))
      ->type_name("PART")
      ->capture_default_str()
      ->needs(labels);
}

}  // namespace

void add_options(CLI::App& app, ClassifyOptions& options) {
  add_inputs(app, options);
  add_answers(app, options);
  add_foreign(app, options.foreign);
}

}  // namespace winnow::tools
