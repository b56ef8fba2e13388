// The batches of a training run, made ahead on threads of their own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "augmentation.hpp"
#include "mixing.hpp"
#include "picture_store.hpp"

namespace winnow::training {

struct BatchOptions {
  // Side of the pictures in pixels, by epoch; the last holds from there on (progressive resizing).
  std::vector<int> sizes = {224};
  std::size_t batch_size = 32;  // of all ranks together
  std::uint64_t seed = 1;
  AugmentOptions augment;
  MixOptions mix;
  int mix_epochs = 1'000'000;  // after so many, pictures are no longer mixed
  // How much more often pictures of rare classes are drawn: a picture of a class of n comes up in proportion
  // to n^-balance. 0: each picture once an epoch; 0.5: square-root sampling; 1: all classes equally often.
  double balance = 0;
  // Of several processes that train together each takes its part of every batch: rank, rank + world, ...
  unsigned rank = 0;
  unsigned world = 1;
  unsigned threads = 1;
  std::size_t ahead = 3;  // batches that wait to be taken
};

struct BatchPosition {
  int epoch = 1;
  std::size_t step = 0;
};

struct TrainingBatch {
  BatchPosition position;
  int size = 0;
  std::vector<std::uint8_t> pixels;  // [count, size, size, 3]
  std::vector<std::int64_t> labels;  // [count]
  std::vector<std::int64_t> partner_labels;
  std::vector<float> label_weights;  // share of labels; the rest belongs to partner_labels
  std::vector<std::size_t> samples;  // indices into the store
  std::size_t global_count = 0;      // pictures of all ranks together
};

// An endless sequence of batches, epoch after epoch. What a batch holds depends on the store, the options
// apart from threads and ahead, and its position alone: a stream that starts in the middle of an epoch gives
// what an unbroken one gives there, and the ranks together what a single process gives. A last batch that is
// not full is kept unless it has fewer than two pictures a rank, for a single picture has no statistics to
// normalise by; those come up in a later epoch's shuffle.
class BatchStream {
 public:
  // The store has to outlive the stream. Throws Error{kInvalid} for options that make no sense and for fewer
  // than two pictures a rank, Error{kUnsupported} if no thread can be started.
  BatchStream(const PictureStore& pictures, const BatchOptions& options, BatchPosition start = {});
  ~BatchStream();  // stops the threads, within the time of one batch
  BatchStream(const BatchStream&) = delete;
  BatchStream& operator=(const BatchStream&) = delete;

  // The next batch. Waits for it. Not thread-safe. Throws what making it threw, and again if called again.
  [[nodiscard]] TrainingBatch next();

  [[nodiscard]] std::size_t steps_per_epoch() const;

 private:
  class Producer;
  std::unique_ptr<Producer> producer_;
};

}  // namespace winnow::training
