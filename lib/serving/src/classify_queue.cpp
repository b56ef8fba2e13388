#include "classify_queue.hpp"

#include <algorithm>

#include "winnow/core/parallel.hpp"
#include "winnow/image/preprocess.hpp"

namespace winnow::serving {

ClassifyQueue::ClassifyQueue(inference::Classifier& classifier, Options options,
                             std::function<void(Job, std::vector<Outcome>)> finish, Logger& log)
    : classifier_(classifier),
      options_(options),
      finish_(std::move(finish)),
      log_(log),
      waiting_(options.capacity) {
  workers_ = start_threads(std::max(1U, options.workers), 1, [this] { work(); });
}

ClassifyQueue::~ClassifyQueue() {
  stop_.request_stop();
  waiting_.close();
}

std::optional<Job> ClassifyQueue::try_push(Job job) {
  const auto shared = std::make_shared<Job>(std::move(job));
  if (waiting_.try_push(shared)) return std::nullopt;
  return std::move(*shared);
}

void ClassifyQueue::work() {
  while (const std::optional<std::shared_ptr<Job>> job = waiting_.pop()) {
    if (stop_.stop_requested()) continue;
    try {
      std::vector<Outcome> outcomes = classify(**job);
      finish_(std::move(**job), std::move(outcomes));
    } catch (const std::exception& error) {
      log_.error("cannot classify: {}", error.what());
    }
  }
}

std::vector<Outcome> ClassifyQueue::classify(const Job& job) const {
  const model::Metadata& metadata = classifier_.metadata();
  const std::size_t size = image::output_bytes(metadata.preprocessing);
  std::vector<std::uint8_t> pixels(job.pictures.size() * size);
  std::vector<Outcome> outcomes;
  std::vector<std::size_t> decoded;  // which pictures lie in pixels, in this order
  for (const Picture& picture : job.pictures) {
    const std::span<std::uint8_t> place(pixels.data() + decoded.size() * size, size);
    const auto info = image::decode_and_preprocess(picture.bytes, metadata.preprocessing, place,
                                                   {.max_pixels = options_.max_pixels, .min_side = 0});
    if (info) decoded.push_back(outcomes.size());
    outcomes.push_back(info ? Outcome(inference::Answer{}) : Outcome(info.failure()));
  }
  if (decoded.empty()) return outcomes;
  const std::vector<inference::Prediction> predictions =
      classifier_.classify(std::span(pixels).first(decoded.size() * size));
  for (std::size_t i = 0; i < decoded.size(); ++i) {
    outcomes[decoded[i]] = inference::make_answer(predictions.at(i), metadata, job.top_k);
  }
  return outcomes;
}

}  // namespace winnow::serving
