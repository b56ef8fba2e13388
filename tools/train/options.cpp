#include "train/options.hpp"

#include "winnow/cli/data_files.hpp"

namespace winnow::tools {

void add_options(CLI::App& app, TrainOptions& options) {
  training::TrainingOptions& training = options.training;
  training.weights = cli::data_file("efficientnet_lite0.safetensors");
  app.add_option("data", options.data,
                 "A curated manifest, or a folder with one subfolder of images per class")
      ->required()
      ->type_name("DIR|FILE");
  app.add_option("-o,--output", options.run, "Folder of the run to write")->required()->type_name("RUN");
  app.add_option(
         "--test", training.test,
         "Folder tree or curated manifest of other pictures to report on; nothing is learned from them")
      ->type_name("DIR|FILE");
  app.add_option("--recipe", training.recipe, "How to learn: probe or scratch [probe]")
      ->transform(CLI::CheckedTransformer(
                      std::map<std::string, training::Recipe>{{"probe", training::Recipe::kProbe},
                                                              {"scratch", training::Recipe::kScratch}})
                      .description(""))
      ->type_name("NAME");
  app.add_option("--arch", training.architecture,
                 "The network: efficientnet_lite0 (default of probe) or small_resnet (default of scratch)")
      ->type_name("NAME");
  app.add_option("--weights", training.weights,
                 "Pretrained weights for probe; default: those that come with winnow")
      ->type_name("FILE");
  app.add_option("--cache", training.cache,
                 "Folder in which embeddings are kept for the next run; default: .winnow beside the classes")
      ->type_name("DIR");
  app.add_flag("--no-cache", training.no_cache, "Compute embeddings anew and keep none");
  app.add_option(
         "--size", training.size,
         "Side of the pictures the network sees, in pixels; default: 224 for efficientnet_lite0, 96 for "
         "small_resnet")
      ->type_name("PX");
  app.add_option("--fit", training.fit,
                 "How a picture becomes square: crop takes its middle, squash keeps all of it and loses its "
                 "shape [crop]")
      ->transform(CLI::CheckedTransformer(std::map<std::string, image::Fit>{{"crop", image::Fit::kCrop},
                                                                            {"squash", image::Fit::kSquash}})
                      .description(""))
      ->type_name("FIT");
  app.add_option("--seed", training.seed, "Equal seed, data and machine give equal weights")
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--epochs", training.epochs, "Passes over the pictures (scratch)")
      ->type_name("N")
      ->check(CLI::Range(1, 100000).description(""))
      ->capture_default_str();
  app.add_option("--batch", training.batch_size, "Pictures per step (scratch)")
      ->type_name("N")
      ->check(CLI::Range(2, 4096).description(""))
      ->capture_default_str();
  app.add_option("--lr", training.learning_rate, "Peak learning rate (scratch)")
      ->type_name("X")
      ->check(CLI::PositiveNumber.description(""))
      ->capture_default_str();
}

}  // namespace winnow::tools
