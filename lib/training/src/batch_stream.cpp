#include "batch_stream.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "random_purpose.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/parallel.hpp"
#include "winnow/core/random.hpp"

namespace winnow::training {
namespace {

constexpr std::size_t kMinPerRank = 2;  // batch norm needs statistics
constexpr int kNiceness = 10;           // making batches gives way to learning from them

// One appearance of a picture in an epoch; only balanced sampling makes copies.
struct Draw {
  std::size_t sample;
  std::size_t copy;
};

using EpochOrder = std::vector<Draw>;

std::size_t count_steps(std::size_t pictures, const BatchOptions& options) {
  const std::size_t rest = pictures % options.batch_size;
  return pictures / options.batch_size + (rest >= kMinPerRank * options.world ? 1 : 0);
}

void check(const PictureStore& pictures, const BatchOptions& options, const BatchPosition& start) {
  const auto refuse = [](const std::string& message) {
    throw Error(ErrorKind::kInvalid, "training batches", message);
  };
  if (options.sizes.empty()) refuse("no picture size was given");
  for (const int size : options.sizes) {
    if (size < 1) refuse(fmt::format("pictures cannot be {} px wide", size));
    if (options.augment.crop != CropRule::kShifted) continue;
    if (options.augment.pad < 0 || options.augment.pad >= pictures.side()) {
      refuse(fmt::format("pictures of {} px cannot be padded by {}", pictures.side(), options.augment.pad));
    }
    if (size > pictures.side() + 2 * options.augment.pad) {
      refuse(fmt::format("crops of {} px do not fit into pictures of {}", size, pictures.side()));
    }
  }
  if (options.rank >= options.world)
    refuse(fmt::format("there is no rank {} of {}", options.rank, options.world));
  if (options.batch_size < options.world) {
    refuse(fmt::format("a batch of {} cannot be shared by {} processes; use a larger one", options.batch_size,
                       options.world));
  }
  if (pictures.count() < kMinPerRank * options.world) {
    refuse(fmt::format("{} pictures are too few for {} processes", pictures.count(), options.world));
  }
  if (options.threads < 1 || options.ahead < 1) refuse("nobody would make them");
  if (start.epoch < 1) refuse("epochs count from 1");
}

template <class Item, class Key>
void sort_by_draw(std::vector<Item>& items, const Key& key) {
  std::vector<std::pair<std::uint64_t, std::size_t>> keys(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) keys[i] = {key(items[i]), i};
  std::sort(keys.begin(), keys.end());
  std::vector<Item> sorted;
  sorted.reserve(items.size());
  for (const auto& [unused, i] : keys) sorted.push_back(items[i]);
  items = std::move(sorted);
}

// As many draws as there are samples, each sample as often as its weight says, rounded up or down: pointers
// at equal distances along the weights (systematic sampling), laid out in an order of their own in each
// epoch.
EpochOrder draw_balanced(const std::vector<double>& weights, std::uint64_t seed, int epoch) {
  std::vector<std::size_t> samples(weights.size());
  double total = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i] = i;
    total += weights[i];
  }
  sort_by_draw(samples,
               [&](std::size_t sample) { return CounterRandom(seed, kBalanceDraws, epoch, sample).next(); });
  const double distance = total / static_cast<double>(samples.size());
  double pointer = distance * CounterRandom(seed, kBalanceDraws, epoch).uniform();
  double reached = 0;
  EpochOrder draws;
  for (const std::size_t sample : samples) {
    reached += weights[sample];
    for (std::size_t copy = 0; pointer < reached && draws.size() < samples.size(); ++copy) {
      draws.push_back({sample, copy});
      pointer += distance;
    }
  }
  if (draws.size() < samples.size()) draws.push_back({samples.front(), 1});  // lost to rounding
  return draws;
}

std::vector<double> sample_weights(const std::vector<int>& labels, double balance) {
  std::map<int, double> count;
  for (const int label : labels) ++count[label];
  std::vector<double> weights;
  for (const int label : labels) weights.push_back(std::pow(count[label], -balance));
  return weights;
}

}  // namespace

class BatchStream::Producer {
 public:
  Producer(const PictureStore& pictures, const BatchOptions& options, BatchPosition start)
      : pictures_(pictures),
        options_(options),
        steps_per_epoch_(count_steps(pictures.count(), options)),
        waiting_(options.ahead) {
    if (options.balance != 0) weights_ = sample_weights(pictures.labels(), options.balance);
    next_made_ = static_cast<std::size_t>(start.epoch - 1) * steps_per_epoch_ + start.step;
    next_taken_ = next_made_;
    threads_ = start_threads(options.threads, 1, [this] { run(); });
  }

  ~Producer() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    room_.notify_all();
  }

  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  TrainingBatch next() {
    std::unique_lock lock(mutex_);
    Slot& slot = waiting_[next_taken_ % waiting_.size()];
    made_.wait(lock, [&] { return slot.batch || slot.error; });
    if (slot.error) std::rethrow_exception(slot.error);
    TrainingBatch batch = std::move(*slot.batch);
    slot.batch.reset();
    ++next_taken_;
    room_.notify_one();
    return batch;
  }

  [[nodiscard]] std::size_t steps_per_epoch() const { return steps_per_epoch_; }

 private:
  struct Slot {
    std::optional<TrainingBatch> batch;
    std::exception_ptr error;
  };

  void run() {
    ::setpriority(PRIO_PROCESS, 0, kNiceness);  // on Linux: of this thread
    for (;;) {
      std::size_t number = 0;
      {
        std::unique_lock lock(mutex_);
        room_.wait(lock, [&] { return stopping_ || next_made_ < next_taken_ + waiting_.size(); });
        if (stopping_) return;
        number = next_made_++;
      }
      Slot made;
      try {
        made.batch = make(number);
      } catch (...) {
        made.error = std::current_exception();
      }
      const std::lock_guard lock(mutex_);
      waiting_[number % waiting_.size()] = std::move(made);
      made_.notify_one();
    }
  }

  TrainingBatch make(std::size_t number) {
    const int epoch = static_cast<int>(number / steps_per_epoch_) + 1;
    const std::size_t step = number % steps_per_epoch_;
    const std::shared_ptr<const EpochOrder> order = order_of(epoch);
    const std::size_t begin = step * options_.batch_size;
    const std::size_t count = std::min(options_.batch_size, order->size() - begin);
    const std::span<const Draw> draws = std::span(*order).subspan(begin, count);

    TrainingBatch batch{.position = {epoch, step}, .global_count = count};
    const std::size_t sizes = options_.sizes.size();
    batch.size = options_.sizes[std::min(static_cast<std::size_t>(epoch) - 1, sizes - 1)];
    const std::size_t bytes =
        std::size_t{3} * static_cast<std::size_t>(batch.size) * static_cast<std::size_t>(batch.size);
    const std::size_t own = (count - options_.rank + options_.world - 1) / options_.world;
    batch.pixels.resize(own * bytes);
    for (std::size_t i = 0; i < own; ++i) {
      const Draw& draw = draws[options_.rank + i * options_.world];
      render(draw, epoch, batch.size, std::span(batch.pixels).subspan(i * bytes, bytes));
      batch.samples.push_back(draw.sample);
      batch.labels.push_back(pictures_.labels()[draw.sample]);
    }
    mix(draws, batch);
    return batch;
  }

  // The partner of the first picture of all ranks is the last, and so on.
  void mix(std::span<const Draw> draws, TrainingBatch& batch) const {
    const auto [epoch, step] = batch.position;
    Mix mix;
    if (epoch <= options_.mix_epochs) {
      mix = draw_mix(options_.mix, options_.seed, epoch, step, batch.size);
    }
    batch.partner_labels = batch.labels;
    batch.label_weights.assign(batch.labels.size(), static_cast<float>(mix.label_weight));
    if (mix.kind == Mix::Kind::kNone) return;
    const std::vector<std::uint8_t> unmixed = batch.pixels;
    const std::size_t bytes = unmixed.size() / batch.labels.size();
    std::vector<std::uint8_t> rendered(options_.world > 1 ? bytes : 0);
    for (std::size_t i = 0; i < batch.labels.size(); ++i) {
      const std::size_t partner = draws.size() - 1 - (options_.rank + i * options_.world);
      std::span<const std::uint8_t> pixels = rendered;
      if (partner % options_.world == options_.rank) {
        pixels = std::span(unmixed).subspan(partner / options_.world * bytes, bytes);
      } else {
        render(draws[partner], epoch, batch.size, rendered);
      }
      apply_mix(mix, std::span(batch.pixels).subspan(i * bytes, bytes), pixels, batch.size);
      batch.partner_labels[i] = pictures_.labels()[draws[partner].sample];
    }
  }

  void render(const Draw& draw, int epoch, int size, std::span<std::uint8_t> out) const {
    augment(pictures_.picture(draw.sample), pictures_.side(), out, size, options_.augment,
            {options_.seed, epoch, draw.sample, draw.copy});
  }

  std::shared_ptr<const EpochOrder> order_of(int epoch) {
    const std::lock_guard lock(order_mutex_);
    for (const auto& [known, order] : orders_) {
      if (known == epoch) return order;
    }
    auto order = std::make_shared<EpochOrder>();
    if (weights_.empty()) {
      for (std::size_t i = 0; i < pictures_.count(); ++i) order->push_back({i, 0});
    } else {
      *order = draw_balanced(weights_, options_.seed, epoch);
    }
    sort_by_draw(*order, [&](const Draw& draw) {
      return CounterRandom(options_.seed, kOrderDraws, epoch, draw.sample, draw.copy).next();
    });
    orders_.emplace_back(epoch, order);
    if (orders_.size() > 2) orders_.pop_front();  // threads are in this epoch or in the next
    return order;
  }

  const PictureStore& pictures_;
  const BatchOptions options_;
  const std::size_t steps_per_epoch_;
  std::vector<double> weights_;  // of each sample; empty: all alike

  std::mutex order_mutex_;
  std::deque<std::pair<int, std::shared_ptr<const EpochOrder>>> orders_;

  std::mutex mutex_;
  std::condition_variable made_;
  std::condition_variable room_;
  bool stopping_ = false;
  std::size_t next_made_ = 0;  // counted from the first batch of epoch 1
  std::size_t next_taken_ = 0;
  std::vector<Slot> waiting_;          // batch n waits at n % ahead
  std::vector<std::jthread> threads_;  // last: they end before what they use
};

BatchStream::BatchStream(const PictureStore& pictures, const BatchOptions& options, BatchPosition start) {
  check(pictures, options, start);
  producer_ = std::make_unique<Producer>(pictures, options, start);
}

BatchStream::~BatchStream() = default;

TrainingBatch BatchStream::next() {
  return producer_->next();
}

std::size_t BatchStream::steps_per_epoch() const {
  return producer_->steps_per_epoch();
}

}  // namespace winnow::training
