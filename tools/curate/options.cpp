#include "curate/options.hpp"

namespace winnow::tools {

void add_options(CLI::App& app, CurateOptions& options) {
  app.add_option("folder", options.folder,
                 "Folder with one subfolder of images per class, or an image set of winnow-scrape")
      ->required()
      ->type_name("DIR");
  app.add_option("-o,--output", options.output, "The curated manifest to write (JSON lines)")
      ->required()
      ->type_name("FILE");
  app.add_option("--report", options.report, "Also write what was found as a web page that opens offline")
      ->type_name("FILE");
  app.add_option("--val", options.curation.split.validation, "Fraction of each class for validation")
      ->type_name("FRACTION")
      ->capture_default_str();
  app.add_option("--test", options.curation.split.test, "Fraction of each class for the test")
      ->type_name("FRACTION")
      ->capture_default_str();
  app.add_option("--seed", options.curation.split.seed, "Another number gives another split")
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
}

}  // namespace winnow::tools
