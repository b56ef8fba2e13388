#include "train/options.hpp"

#include <fmt/format.h>

#include "winnow/cli/data_files.hpp"

namespace winnow::tools {

using training::Device;
using training::Precision;
using training::Recipe;

void add_options(CLI::App& app, TrainOptions& options) {
  training::TrainingOptions& training = options.training;
  training.weights_folder = cli::data_file("");
  app.add_option(
         "data", options.data,
         "A curated manifest, a folder with one subfolder of images per class, WebDataset tar shards or "
         "MNIST-style idx files")
      ->required()
      ->type_name("DIR|FILE");
  app.add_option("-o,--output", options.run, "Folder of the run to write")->required()->type_name("RUN");
  app.add_option(
         "--test", training.test,
         "Folder tree or curated manifest of other pictures to report on; nothing is learned from them")
      ->type_name("DIR|FILE");
  app.add_option("--recipe", training.recipe,
                 "How to learn: auto (probe, then finetune where that can help; the better is kept), probe, "
                 "finetune or scratch [auto]")
      ->transform(CLI::CheckedTransformer(std::map<std::string, Recipe>{{"auto", Recipe::kAuto},
                                                                        {"probe", Recipe::kProbe},
                                                                        {"finetune", Recipe::kFinetune},
                                                                        {"scratch", Recipe::kScratch}})
                      .description(""))
      ->type_name("NAME");
  app.add_option("--arch", training.architecture,
                 "The network: efficientnet_lite0 (the default), efficientnet_lite1, efficientnet_lite2, "
                 "resnet18, resnet50, small_resnet (default of scratch), airbench or doom68")
      ->type_name("NAME");
  app.add_option(
         "--weights", training.weights,
         "Pretrained weights for all but scratch, a safetensors file with names as in torchvision or timm; "
         "default: those that were set up with winnow")
      ->type_name("FILE");
  app.add_option("--cache", training.cache,
                 "Folder in which embeddings are kept for the next run; default: .winnow beside the classes")
      ->type_name("DIR");
  app.add_flag("--no-cache", training.no_cache, "Compute embeddings anew and keep none");
  app.add_option(
         "--size", training.size,
         "Side of the pictures the network sees, in pixels; default: what it was designed for, 224 for "
         "efficientnet_lite0, 96 for small_resnet")
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
  app.add_option("--budget", training.budget,
                 "Minutes that auto may take in all; so many epochs of fine-tuning as fit in are done")
      ->type_name("MIN")
      ->check(CLI::PositiveNumber.description(""))
      ->capture_default_str();
  app.add_option("--epochs", training.epochs,
                 fmt::format("Passes over the pictures at most; default: {} for finetune, {} for scratch",
                             training::kFinetuneEpochs, training::kScratchEpochs))
      ->type_name("N")
      ->check(CLI::Range(1, 100000).description(""));
  app.add_option("--batch", training.batch_size, "Pictures per step (finetune, scratch)")
      ->type_name("N")
      ->check(CLI::Range(2, 4096).description(""))
      ->capture_default_str();
  app.add_option(
         "--lr", training.learning_rate,
         fmt::format("Peak learning rate; default: {:g} for finetune, with three times that for the head, "
                     "{:g} for scratch",
                     training::kFinetuneRate, training::kScratchRate))
      ->type_name("X")
      ->check(CLI::PositiveNumber.description(""));
  app.add_option("--weight-decay", training.weight_decay,
                 "How strongly weights are drawn to zero (finetune, scratch)")
      ->type_name("X")
      ->check(CLI::NonNegativeNumber.description(""))
      ->capture_default_str();
  app.add_option(
         "--precision", training.precision,
         "What finetune and scratch compute in: fp32, bf16, or auto for the faster one, measured [auto]")
      ->transform(CLI::CheckedTransformer(std::map<std::string, Precision>{{"auto", Precision::kAuto},
                                                                           {"fp32", Precision::kFloat32},
                                                                           {"bf16", Precision::kBFloat16}})
                      .description(""))
      ->type_name("NAME");
  app.add_option("--device", training.device,
                 "Where finetune and scratch compute: cpu, cuda, or auto for cuda where there is one [auto]")
      ->transform(CLI::CheckedTransformer(std::map<std::string, Device>{{"auto", Device::kAuto},
                                                                        {"cpu", Device::kCpu},
                                                                        {"cuda", Device::kCuda}})
                      .description(""))
      ->type_name("NAME");
  app.add_option(
         "--memory", training.memory,
         "Memory for decoded pictures, such as 4GB; what is more lies in a temporary file; default: half "
         "of what the machine or its container has")
      ->transform(CLI::AsSizeValue(true).description(""))
      ->type_name("SIZE");
  app.add_flag("--dry-run", options.dry_run,
               "Print what would be done, with an estimate of time and memory, and end");
  app.add_flag(
      "--resume", training.resume,
      "Go on where a run in the same folder was broken off; with the same data and options it arrives "
      "at the same weights");
}

}  // namespace winnow::tools
