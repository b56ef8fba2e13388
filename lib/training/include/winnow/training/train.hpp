// From labelled pictures to a run folder: best.ckpt, last.ckpt, metrics.jsonl and report.html.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "winnow/core/context.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/json.hpp"
#include "winnow/dataset/dataset.hpp"
#include "winnow/dataset/split.hpp"
#include "winnow/image/preprocess.hpp"
#include "winnow/nn/team_place.hpp"

namespace winnow::training {

enum class Recipe {
  kAuto,      // probe; then finetune, unless the probe leaves nothing to gain; the better of the two is kept
  kProbe,     // a linear head on the embeddings of a pretrained network: few pictures, seconds of time
  kFinetune,  // the probe's head, then all weights of the pretrained network: minutes
  kScratch,   // a small network of its own, for pictures unlike photographs
};
[[nodiscard]] std::string_view recipe_name(Recipe recipe);

enum class Precision {
  kAuto,  // the faster one on this processor, measured
  kFloat32,
  kBFloat16,  // convolutions in bfloat16, sums and weights in float32
};
[[nodiscard]] std::string_view precision_name(Precision precision);

enum class Device { kAuto, kCpu, kCuda };

struct TrainingOptions {
  Recipe recipe = Recipe::kAuto;
  std::string architecture;  // empty: small_resnet for scratch, efficientnet_lite0 for the others
  // Pretrained weights for all but scratch, safetensors; empty: ARCHITECTURE.safetensors in weights_folder.
  std::filesystem::path weights;
  std::filesystem::path weights_folder;
  // Where embeddings are kept for the next run; empty: beside the pictures, see embedding::default_cache().
  std::filesystem::path cache;
  bool no_cache = false;
  int size = 0;  // side of the network's pictures in pixels; 0: what it was designed for
  image::Fit fit = image::Fit::kCrop;
  std::uint64_t seed = 1;       // splits, initial weights, order, augmentation
  dataset::SplitOptions split;  // for a data set that brings no splits
  // A folder tree or curated manifest of pictures to report on that nothing is learned from; empty: none.
  std::filesystem::path test;
  // For finetune and scratch, and for auto when it fine-tunes:
  int epochs = 0;  // 0: kFinetuneEpochs or kScratchEpochs
  int batch_size = 32;
  double learning_rate = 0;  // the peak; 0: kFinetuneRate or kScratchRate
  double weight_decay = 0.05;
  double budget = 10;  // minutes that auto may take in all
  std::uint64_t memory =
      0;  // bytes for decoded pictures, the rest lies in a file; 0: half of what may be used
  Precision precision = Precision::kAuto;
  Device device = Device::kAuto;
  // Of the processes that train together, all with equal data and options. Rank 0 writes the run, and
  // finetune and scratch are shared among all; batch_size is that of all together.
  nn::TeamPlace place;
  bool resume = false;  // go on where an earlier run in the same folder was broken off
};

inline constexpr int kFinetuneEpochs = 8;
inline constexpr int kScratchEpochs = 40;
inline constexpr double kFinetuneRate = 3e-4;
inline constexpr double kScratchRate = 2e-3;

struct SkippedImage {
  std::string path;
  Failure failure;
};

struct TrainingSummary {
  Json metrics;  // as in the checkpoint: "val", "test", "external_test", where there are such pictures
  std::vector<SkippedImage> skipped;  // unreadable images; the run went on without them
};

// Trains and writes the run folder; files in it are replaced one by one, each atomically. Equal data, options
// and threads on one machine give equal weights, also when a run is broken off and resumed. command_line is
// recorded for the record.
// Throws Error{kInvalid} if the data cannot be learned from (one class, a class with too few pictures),
// kNotFound or kInvalid for the weights, kInvalid if a run with other data or options is to be resumed,
// kCancelled, kNetwork if another process of the team does not come or goes. In all but rank 0 the metrics
// are empty.
TrainingSummary train(dataset::Dataset data, const TrainingOptions& options,
                      const std::filesystem::path& run_folder, const std::string& command_line,
                      const Context& context);

// What train() would do, one line each, with time and memory estimated from a few steps on made-up pictures.
// Writes nothing. Throws as train().
[[nodiscard]] std::vector<std::string> describe_plan(dataset::Dataset data, const TrainingOptions& options,
                                                     const Context& context);

}  // namespace winnow::training
