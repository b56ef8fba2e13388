#include "curate/options.hpp"

#include "winnow/cli/data_files.hpp"

namespace winnow::tools {
namespace {

void add_network_options(CLI::App& app, CurateOptions& options) {
  curation::NetworkOptions& network = options.network;
  network.weights = cli::data_file("efficientnet_lite0.safetensors");
  app.add_flag(
      "--quick", options.quick,
      "Compare pictures by bytes and perceptual hash only: finds no crops, outliers or label errors");
  app.add_option("--weights", network.weights,
                 "Pretrained weights of efficientnet_lite0; default: those that come with winnow")
      ->type_name("FILE");
  app.add_option("--cache", network.cache,
                 "Folder in which embeddings are kept for the next run; default: .winnow beside the classes")
      ->type_name("DIR");
  app.add_flag("--no-cache", network.no_cache, "Compute embeddings anew and keep none");
}

}  // namespace

void add_options(CLI::App& app, CurateOptions& options) {
  app.add_option("folder", options.folder,
                 "Folder with one subfolder of images per class, an image set of winnow-scrape, WebDataset "
                 "tar shards "
                 "or MNIST-style idx files")
      ->required()
      ->type_name("SOURCE");
  app.add_option("-o,--output", options.output, "The curated manifest to write (JSON lines)")
      ->required()
      ->type_name("FILE");
  app.add_option("--report", options.report,
                 "Also write what was found as a web page that opens offline; decisions are taken there")
      ->type_name("FILE");
  app.add_option(
         "--decisions", options.decisions,
         "What a person decided on the page of --report: pictures to keep, drop or relabel; may be given "
         "again, the later file counts")
      ->type_name("FILE")
      ->allow_extra_args(false);
  app.add_option(
         "--apply", options.apply,
         "Also write the kept pictures to a new folder, one subfolder per class; hard links where possible")
      ->type_name("DIR");
  app.add_flag("--auto", options.curation.reject_label_errors,
               "Also reject probable label errors, if predictions agree with 95 % of the labels and at most "
               "15 % seem wrong");
  app.add_option("--val", options.curation.split.validation, "Fraction of each class for validation")
      ->type_name("FRACTION")
      ->capture_default_str();
  app.add_option("--test", options.curation.split.test, "Fraction of each class for the test")
      ->type_name("FRACTION")
      ->capture_default_str();
  app.add_option(
         "--seed", options.curation.split.seed,
         "Another number gives another split; with the same, pictures stay where they are in an earlier FILE")
      ->type_name("N")
      ->capture_default_str();
  app.add_option(
         "--same-bits", options.curation.duplicates.same_picture_bits,
         "Pictures whose 64-bit perceptual hashes differ in this many bits or fewer are the same picture; "
         "0 to 10")
      ->type_name("BITS")
      ->check(CLI::Range(0, 10).description(""))
      ->capture_default_str();
  app.add_option("--max-pixels", options.curation.reading.limits.max_pixels,
                 "Images with more pixels than this count as broken")
      ->type_name("N")
      ->capture_default_str();
  add_network_options(app, options);
}

}  // namespace winnow::tools
