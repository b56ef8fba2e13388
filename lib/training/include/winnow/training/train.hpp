// From labelled pictures to a run folder: best.ckpt, last.ckpt, metrics.jsonl and report.html.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "winnow/core/context.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/json.hpp"
#include "winnow/dataset/dataset.hpp"
#include "winnow/dataset/split.hpp"
#include "winnow/image/preprocess.hpp"

namespace winnow::training {

enum class Recipe {
  kProbe,    // a linear head on the embeddings of a pretrained network: minutes of data, seconds of time
  kScratch,  // a small network of its own, for pictures unlike photographs
};

struct TrainingOptions {
  Recipe recipe = Recipe::kProbe;
  std::string architecture;       // empty: efficientnet_lite0 for probe, small_resnet for scratch
  std::filesystem::path weights;  // pretrained weights (safetensors), for probe
  // Where embeddings are kept for the next run; empty: beside the pictures, see embedding::default_cache().
  std::filesystem::path cache;
  bool no_cache = false;
  int size = 0;  // side of the network's pictures in pixels; 0: what it was designed for
  image::Fit fit = image::Fit::kCrop;
  std::uint64_t seed = 1;       // splits, initial weights, augmentation
  dataset::SplitOptions split;  // for a data set that brings no splits
  // A folder tree or curated manifest of pictures to report on that nothing is learned from; empty: none.
  std::filesystem::path test;
  // For scratch:
  int epochs = 40;
  int batch_size = 32;
  double learning_rate = 2e-3;  // the peak; warmed up, then falling to nothing along a cosine
  double weight_decay = 0.05;
};

struct SkippedImage {
  std::string path;
  Failure failure;
};

struct TrainingSummary {
  Json metrics;  // as in the checkpoint: "val", "test", "external_test", where there are such pictures
  std::vector<SkippedImage> skipped;  // unreadable images; the run went on without them
};

// Trains and writes the run folder; files in it are replaced one by one, each atomically. Equal data, options
// and threads on one machine give equal weights. command_line is recorded for the record.
// Throws Error{kInvalid} if the data cannot be learned from (one class, a class with too few pictures),
// kNotFound or kInvalid for the weights, kCancelled.
TrainingSummary train(dataset::Dataset data, const TrainingOptions& options,
                      const std::filesystem::path& run_folder, const std::string& command_line,
                      const Context& context);

}  // namespace winnow::training
