#include "classify/options.hpp"

namespace winnow::tools {

void add_options(CLI::App& app, ClassifyOptions& options) {
  const std::map<std::string, AnswerFormat> formats = {{"table", AnswerFormat::kTable},
                                                       {"json", AnswerFormat::kJson},
                                                       {"jsonl", AnswerFormat::kJsonLines},
                                                       {"csv", AnswerFormat::kCsv}};
  const std::map<std::string, dataset::Split> splits = {{"train", dataset::Split::kTrain},
                                                        {"val", dataset::Split::kValidation},
                                                        {"test", dataset::Split::kTest}};
  app.add_option("model", options.model, "A model file of winnow-export")->required()->type_name("MODEL");
  CLI::Option* images =
      app.add_option(
             "images", options.inputs,
             "Image files, folders of them, @FILE with one name a line, or - for an image on standard input")
          ->type_name("IMAGE|DIR|@LIST|-");
  CLI::Option* expect =
      app.add_option(
             "--expect", options.expect,
             "A folder with one subfolder per class, or a curated manifest: answer for its images and count "
             "how many are right")
          ->type_name("DIR|FILE")
          ->excludes(images);
  app.add_option("--split", options.split,
                 "With --expect and a curated manifest: only its train, val or test images")
      ->transform(CLI::CheckedTransformer(splits).description(""))
      ->type_name("SPLIT")
      ->needs(expect);
  app.add_option("--top", options.top, "How many classes to name for each image, best first")
      ->check(CLI::PositiveNumber.description(""))
      ->type_name("K")
      ->capture_default_str();
  app.add_option("--format", options.format,
                 "Form of the answers: table, json, jsonl (one object a line) or csv [table]")
      ->transform(CLI::CheckedTransformer(formats).description(""))
      ->type_name("FORM");
  app.add_option("--max-pixels", options.limits.max_pixels, "Refuse images with more pixels than this")
      ->type_name("N")
      ->capture_default_str();
}

}  // namespace winnow::tools
