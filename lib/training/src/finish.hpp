#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "external_test.hpp"
#include "winnow/model/architecture.hpp"
#include "winnow/model/checkpoint.hpp"
#include "winnow/stats/conformal.hpp"
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

// What each set of pictures is called in metrics.
inline constexpr const char* kValidationSet = "val";
inline constexpr const char* kTestSet = "test";
inline constexpr const char* kExternalTestSet = "external_test";

// How the network does on pictures that it was not fitted on.
struct Evaluation {
  std::string name;             // one of those above
  dataset::Dataset pictures;    // its samples, so that they can be shown
  stats::Matrix probabilities;  // [samples, classes], calibrated
  std::vector<int> labels;
  std::vector<int> predicted;
  stats::Confusion confusion{0};
  double nll = 0;
  double calibration_error = 0;
  double nll_before = 0;  // before the temperature
  double calibration_error_before = 0;
  std::size_t recognised = 0;  // not called "none of these"
  stats::SetCounts sets;       // by the conformal threshold; meaningless if there is none
};

struct Finished {
  model::Checkpoint checkpoint;
  // For validation, test and external test, in this order, as far as they have pictures.
  std::vector<Evaluation> evaluations;
  std::size_t calibration_samples = 0;  // what temperature and prediction sets were fitted on
};

// Fits what makes answers honest (the temperature, the threshold of prediction sets, the threshold for "none
// of these" with its reference pictures) on pictures the head has not seen, and measures the result. external
// may be null; it loses those of its pictures that turn out to be unreadable.
[[nodiscard]] Finished finish(Trained trained, const dataset::Dataset& data, ExternalTest* external,
                              const Context& context);

}  // namespace winnow::training
