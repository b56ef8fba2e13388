#pragma once

#include <optional>
#include <vector>

#include "winnow/model/architecture.hpp"
#include "winnow/model/checkpoint.hpp"
#include "winnow/stats/confusion.hpp"
#include "winnow/stats/logistic_regression.hpp"
#include "winnow/training/train.hpp"

namespace winnow::training {

// A trained network, seen from its embeddings: what both recipes end with.
struct Trained {
  const model::Architecture& architecture;
  image::Preprocessing preprocessing;
  model::TensorMap backbone;
  stats::LinearModel head;
  stats::Matrix embeddings;  // [samples, embedding_size], in the order of the data
  // Logits of training pictures by a head that had not seen them, and their labels. May be empty.
  stats::Matrix held_out_logits;
  std::vector<int> held_out_labels;
};

// How the network does on one split.
struct Evaluation {
  dataset::Split split;
  std::vector<std::size_t> samples;  // indices into the data
  stats::Matrix probabilities;       // [samples, classes], calibrated
  std::vector<int> labels;
  std::vector<int> predicted;
  stats::Confusion confusion{0};
  double nll = 0;
  double calibration_error = 0;
  std::size_t recognised = 0;  // not called "none of these"
};

struct Finished {
  model::Checkpoint checkpoint;
  std::vector<Evaluation> evaluations;  // for validation and test, as far as they have pictures
};

// Fits what makes answers honest (the temperature, the threshold for "none of these" with its reference
// pictures) on pictures the head has not seen, and measures the result.
[[nodiscard]] Finished finish(Trained trained, const dataset::Dataset& data, const Context& context);

}  // namespace winnow::training
