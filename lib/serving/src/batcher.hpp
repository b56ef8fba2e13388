// From bytes to predictions: pictures are decoded on a few threads, and what has been decoded meanwhile is
// computed together.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "metrics.hpp"
#include "served_model.hpp"
#include "winnow/core/bytes.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/log.hpp"
#include "winnow/httpd/responder.hpp"
#include "winnow/serving/site.hpp"

namespace winnow::serving {

// One picture of a request: a file, or what the network takes.
struct Input {
  ByteSpan encoded;  // used where there are no pixels
  Bytes pixels;      // [size, size, 3]
};

using Outcome = Result<inference::Prediction>;

// One request that waits for its pictures to be computed.
struct Job {
  std::shared_ptr<const ServedModel> model;  // stays open until the answer
  std::shared_ptr<const void> keeps;         // what the inputs point into
  std::vector<Input> inputs;                 // at least one
  httpd::Responder respond;
  // Makes the answer, one outcome for each input; on a decoding thread.
  std::function<httpd::Response(const std::vector<Outcome>&)> answer;
  // Makes it where there is no outcome.
  std::function<httpd::Response(const httpd::Problem&)> refuse;
};

// Each request is answered once: by its outcomes, or queue_full(), or deadline_passed(). Nothing is computed
// for clients that have gone. Thread-safe.
class Batcher {
 public:
  Batcher(BatchingOptions options, Metrics& metrics, Logger& log);
  // Requests that still wait are dropped.
  ~Batcher();
  Batcher(const Batcher&) = delete;
  Batcher& operator=(const Batcher&) = delete;

  // Does not wait.
  void push(Job job);

 private:
  using Clock = std::chrono::steady_clock;
  struct Pending;
  using PendingPtr = std::unique_ptr<Pending>;

  void decode_loop();
  void compute_loop();
  void decode(Pending& pending) const;
  void compute(const std::vector<PendingPtr>& batch) const;
  void answer(Pending& pending);
  // Answers those that nobody waits for any more, or that waited too long.
  [[nodiscard]] bool is_due(Pending& pending);
  void give_back(Pending& pending);

  const BatchingOptions options_;
  Metrics& metrics_;
  Logger& log_;

  std::mutex mutex_;
  std::condition_variable to_decode_;
  std::condition_variable to_compute_;
  std::deque<PendingPtr> waiting_;   // to be decoded
  std::deque<PendingPtr> decoded_;   // to be computed
  std::deque<PendingPtr> computed_;  // to be answered
  std::size_t decoded_pictures_ = 0;
  std::size_t decoding_ = 0;   // requests
  std::uint64_t charged_ = 0;  // of decode_bytes
  bool stopping_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace winnow::serving
