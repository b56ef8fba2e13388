#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "uploads.hpp"
#include "winnow/core/bounded_queue.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/log.hpp"
#include "winnow/httpd/responder.hpp"
#include "winnow/inference/answer.hpp"
#include "winnow/inference/classifier.hpp"

namespace winnow::serving {

// One request that waits for its pictures to be classified.
struct Job {
  httpd::Request request;  // holds the bytes
  std::vector<Picture> pictures;
  std::size_t top_k = 1;
  httpd::Responder respond;
};

using Outcome = Result<inference::Answer>;

// Decodes and classifies on a few threads of its own, so that connections never wait for a network.
class ClassifyQueue {
 public:
  struct Options {
    std::size_t capacity;
    unsigned workers;
    std::uint64_t max_pixels;
  };

  // finish is called on a worker's thread, with one outcome for each picture. What it or the classifier
  // throws is logged, and the job's responder dropped.
  ClassifyQueue(inference::Classifier& classifier, Options options,
                std::function<void(Job, std::vector<Outcome>)> finish, Logger& log);
  // Jobs that still wait are dropped.
  ~ClassifyQueue();
  ClassifyQueue(const ClassifyQueue&) = delete;
  ClassifyQueue& operator=(const ClassifyQueue&) = delete;

  // Does not wait. Returns the job if there is no room for it.
  [[nodiscard]] std::optional<Job> try_push(Job job);

 private:
  void work();
  std::vector<Outcome> classify(const Job& job) const;

  inference::Classifier& classifier_;
  const Options options_;
  const std::function<void(Job, std::vector<Outcome>)> finish_;
  Logger& log_;
  BoundedQueue<std::shared_ptr<Job>> waiting_;
  std::stop_source stop_;
  std::vector<std::jthread> workers_;
};

}  // namespace winnow::serving
