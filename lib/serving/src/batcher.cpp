#include "batcher.hpp"

#include <algorithm>

#include "problems.hpp"
#include "winnow/core/parallel.hpp"
#include "winnow/image/preprocess.hpp"

namespace winnow::serving {

struct Batcher::Pending {
  explicit Pending(Job asked) : job(std::move(asked)) {}

  Job job;
  Clock::time_point deadline;
  std::uint64_t charge = 0;
  Bytes pixels;                      // of the pictures that could be decoded, one after the other
  std::vector<std::size_t> decoded;  // which inputs these are
  std::vector<Outcome> outcomes;
};

Batcher::Batcher(BatchingOptions options, Metrics& metrics, Logger& log)
    : options_(options), metrics_(metrics), log_(log) {
  threads_ = start_threads(std::max(1U, options_.decoders), 1, [this] { decode_loop(); });
  for (std::jthread& thread : start_threads(1, 1, [this] { compute_loop(); })) {
    threads_.push_back(std::move(thread));
  }
}

Batcher::~Batcher() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  to_decode_.notify_all();
  to_compute_.notify_all();
  threads_.clear();
}

void Batcher::push(Job job) {
  auto pending = std::make_unique<Pending>(std::move(job));
  const image::Preprocessing& rule = pending->job.model->metadata().preprocessing;
  const int side = image::decoding_side(rule);
  for (const Input& input : pending->job.inputs) {
    pending->charge += image::output_bytes(rule);
    if (!input.pixels.empty()) continue;
    // What is no picture costs nothing: decoding it fails at once, and says why.
    const auto info = image::inspect(input.encoded, {.max_pixels = options_.max_pixels});
    if (info) pending->charge += image::decoding_bytes(*info, side);
  }
  pending->deadline = Clock::now() + options_.deadline;
  {
    const std::lock_guard lock(mutex_);
    // One request is always let in: otherwise a large picture would be refused for ever.
    const bool room = charged_ == 0 || charged_ + pending->charge <= options_.decode_bytes;
    if (waiting_.size() + decoding_ + decoded_.size() < options_.queue && room && !stopping_) {
      charged_ += pending->charge;
      waiting_.push_back(std::move(pending));
      metrics_.set_queue(waiting_.size());
    }
  }
  if (!pending) return to_decode_.notify_one();
  metrics_.count_rejected("queue_full");
  pending->job.respond(pending->job.refuse(queue_full()));
}

bool Batcher::is_due(Pending& pending) {
  const bool wanted = pending.job.respond.wanted();
  if (wanted && Clock::now() < pending.deadline) return true;
  metrics_.count_rejected(wanted ? "deadline" : "client_gone");
  pending.job.respond(pending.job.refuse(deadline_passed()));
  return false;
}

void Batcher::give_back(Pending& pending) {
  const std::lock_guard lock(mutex_);
  charged_ -= std::exchange(pending.charge, 0);
}

void Batcher::decode_loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    // No more is decoded ahead than the next batch takes: it would only wait in memory.
    const auto may_decode = [&] {
      return !waiting_.empty() && decoded_pictures_ + decoding_ < 2 * options_.batch;
    };
    to_decode_.wait(lock, [&] { return stopping_ || !computed_.empty() || may_decode(); });
    if (stopping_) return;
    const bool answers = !computed_.empty();
    std::deque<PendingPtr>& from = answers ? computed_ : waiting_;
    PendingPtr pending = std::move(from.front());
    from.pop_front();
    if (!answers) {
      ++decoding_;
      metrics_.set_queue(waiting_.size());
    }
    lock.unlock();
    bool to_compute = false;
    try {
      if (answers) {
        answer(*pending);
      } else if (is_due(*pending)) {
        decode(*pending);
        to_compute = !pending->decoded.empty();
        if (!to_compute) answer(*pending);
      }
    } catch (const std::exception& error) {
      log_.error("cannot classify: {}", error.what());
      to_compute = false;
    }
    if (!to_compute) give_back(*pending);
    lock.lock();
    if (!answers) --decoding_;
    if (to_compute) {
      decoded_pictures_ += pending->decoded.size();
      decoded_.push_back(std::move(pending));
      to_compute_.notify_one();
    }
    lock.unlock();
    pending.reset();  // also the model, if it was the last to hold it
    lock.lock();
  }
}

void Batcher::decode(Pending& pending) const {
  const image::Preprocessing& rule = pending.job.model->metadata().preprocessing;
  const std::size_t size = image::output_bytes(rule);
  pending.pixels.resize(pending.job.inputs.size() * size);
  for (const Input& input : pending.job.inputs) {
    const auto place = std::span(pending.pixels).subspan(pending.decoded.size() * size, size);
    if (input.pixels.size() == size) {
      std::copy(input.pixels.begin(), input.pixels.end(), place.begin());
    } else {
      const auto info =
          image::decode_and_preprocess(input.encoded, rule, place, {.max_pixels = options_.max_pixels});
      if (!info) {
        pending.outcomes.emplace_back(info.failure());
        continue;
      }
    }
    pending.decoded.push_back(pending.outcomes.size());
    pending.outcomes.emplace_back(inference::Prediction{});
  }
  pending.pixels.resize(pending.decoded.size() * size);
}

void Batcher::compute_loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    to_compute_.wait(lock, [&] { return stopping_ || !decoded_.empty(); });
    if (stopping_) return;
    // What waits for the same model, in order, as far as it fits; a request is never torn apart.
    std::vector<PendingPtr> batch;
    std::size_t pictures = 0;
    for (auto next = decoded_.begin(); next != decoded_.end();) {
      const bool fits = batch.empty() || ((*next)->job.model == batch.front()->job.model &&
                                          pictures + (*next)->decoded.size() <= options_.batch);
      if (!fits) {
        ++next;
        continue;
      }
      pictures += (*next)->decoded.size();
      batch.push_back(std::move(*next));
      next = decoded_.erase(next);
    }
    decoded_pictures_ -= pictures;
    lock.unlock();
    to_decode_.notify_all();
    std::erase_if(batch, [&](PendingPtr& pending) {
      if (is_due(*pending)) return false;
      give_back(*pending);
      return true;
    });
    try {
      if (!batch.empty()) compute(batch);
    } catch (const std::exception& error) {
      log_.error("cannot classify: {}", error.what());
      for (PendingPtr& pending : batch) give_back(*pending);
      batch.clear();
    }
    lock.lock();
    for (PendingPtr& pending : batch) computed_.push_back(std::move(pending));
    if (!batch.empty()) to_decode_.notify_all();
    lock.unlock();
    batch.clear();
    lock.lock();
  }
}

void Batcher::compute(const std::vector<PendingPtr>& batch) const {
  std::span<const std::uint8_t> pixels = batch.front()->pixels;
  Bytes joined;
  if (batch.size() > 1) {
    for (const PendingPtr& pending : batch) {
      joined.insert(joined.end(), pending->pixels.begin(), pending->pixels.end());
    }
    pixels = joined;
  }
  std::vector<inference::Prediction> predictions = batch.front()->job.model->classify(pixels);
  metrics_.observe_batch(predictions.size());
  std::size_t next = 0;
  for (const PendingPtr& pending : batch) {
    for (const std::size_t index : pending->decoded)
      pending->outcomes[index] = std::move(predictions.at(next++));
  }
}

void Batcher::answer(Pending& pending) {
  pending.job.respond(pending.job.answer(pending.outcomes));
  give_back(pending);
}

}  // namespace winnow::serving
