#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "winnow/core/text.hpp"
#include "winnow/doctor/findings.hpp"

namespace winnow::doctor {
namespace {

using Fitness = Use::Fitness;

constexpr double kFewAnswers = 10;  // a second
// A picture of a step of fine-tuning beside an answer in float32, as measured on two cores: 43 and 3.5 ms.
constexpr double kStepCost = 12;
constexpr double kSlowEpoch = 120;  // seconds for a thousand pictures
constexpr double kStart = 2;        // seconds: to start, fit a head, calibrate it and write a report

// Two digits that matter: 547 -> "550", 0.0234 -> "0.023".
std::string about(double value) {
  if (value <= 0 || !std::isfinite(value)) return "0";
  const double unit = std::pow(10, std::floor(std::log10(value)) - 1);
  return fmt::format("{:.{}f}", std::round(value / unit) * unit,
                     unit >= 1 ? 0 : static_cast<int>(-std::floor(std::log10(unit))));
}

std::string in_words(double seconds) {
  if (seconds < 90) return about(seconds) + " s";
  if (seconds < 90 * 60) return about(seconds / 60) + " min";
  if (seconds < 36 * 3600) return about(seconds / 3600) + " h";
  return about(seconds / 86'400) + " days";
}

class Judgement {
 public:
  explicit Judgement(const Facts& facts)
      : facts_(facts),
        speed_(facts.model && facts.model->failure.empty() ? &facts.model->speed
               : facts.speed                               ? &*facts.speed
                                                           : nullptr) {}

  [[nodiscard]] std::vector<Use> operator()() const {
    return {named("serving", serving()), named("batch", batch()), named("head", head()),
            named("finetune", finetune())};
  }

 private:
  static Use named(const char* name, Use use) {
    use.name = name;
    return use;
  }
  [[nodiscard]] std::string lack(const char* program, const char* package, std::uint64_t memory) const {
    if (!facts_.installation.has(program)) return fmt::format("{} is not here; install {}", program, package);
    const auto limit = memory_limit(facts_.machine);
    if (limit && *limit < memory)
      return fmt::format("{} of memory, and it takes up to {}", format_bytes(*limit), format_bytes(memory));
    return "";
  }
  [[nodiscard]] double rate(const Speed& speed) const {
    return pictures_per_second(speed, cores(facts_.machine));
  }

  [[nodiscard]] Use serving() const {
    if (const std::string missing = lack("winnow-serve", "winnow-runtime", kAnswerMemory); !missing.empty())
      return {.fitness = Fitness::kNo, .text = missing};
    if (speed_ == nullptr) return {.fitness = Fitness::kUnknown, .text = "nothing could be measured"};
    const double answers = rate(*speed_);
    const bool is_tight = memory_limit(facts_.machine).value_or(kServeMemory) < kServeMemory;
    return {.fitness = answers < kFewAnswers || is_tight ? Fitness::kSlow : Fitness::kGood,
            .text = fmt::format("about {} classifications a second, {} ms for one by itself{}",
                                about(answers), about(1000 * (speed_->alone + speed_->decode)),
                                is_tight ? "; little memory for pictures that wait" : "")};
  }
  [[nodiscard]] Use batch() const {
    if (const std::string missing = lack("winnow-classify", "winnow-runtime", kAnswerMemory);
        !missing.empty())
      return {.fitness = Fitness::kNo, .text = missing};
    if (speed_ == nullptr) return {.fitness = Fitness::kUnknown, .text = "nothing could be measured"};
    const double answers = rate(*speed_);
    return {.fitness = answers < kFewAnswers ? Fitness::kSlow : Fitness::kGood,
            .text = fmt::format("1,000 pictures in about {}, a million in {}", in_words(1000 / answers),
                                in_words(1e6 / answers))};
  }
  [[nodiscard]] Use head() const {
    if (const std::string missing = lack("winnow-train", "winnow-training", kHeadMemory); !missing.empty())
      return {.fitness = Fitness::kNo, .text = missing};
    if (!facts_.speed) return {.fitness = Fitness::kUnknown, .text = "nothing could be measured"};
    const double seconds = kStart + 1000 / rate(*facts_.speed);
    return {.fitness = seconds > kSlowEpoch ? Fitness::kSlow : Fitness::kGood,
            .text = fmt::format("1,000 pictures in about {}", in_words(seconds))};
  }
  [[nodiscard]] Use finetune() const {
    if (const std::string missing = lack("winnow-train", "winnow-training", kFinetuneMemory);
        !missing.empty())
      return {.fitness = Fitness::kNo, .text = missing};
    if (!facts_.speed || !facts_.speed->float32)
      return {.fitness = Fitness::kUnknown, .text = "nothing could be measured"};
    const double epoch = 1000 * kStepCost * *facts_.speed->float32;
    return {.fitness = epoch > kSlowEpoch ? Fitness::kSlow : Fitness::kGood,
            .text = fmt::format("1,000 pictures in roughly {} an epoch; winnow-train --dry-run measures it",
                                in_words(epoch))};
  }

  const Facts& facts_;
  const Speed* speed_;
};

}  // namespace

std::vector<Use> judge_uses(const Facts& facts) {
  return Judgement(facts)();
}

}  // namespace winnow::doctor
