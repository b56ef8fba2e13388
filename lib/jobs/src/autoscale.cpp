#include "winnow/jobs/autoscale.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "winnow/core/error.hpp"

namespace winnow::jobs {
namespace {

constexpr double kLeastObserved = 60;  // of arrivals, to speak of a rate
constexpr double kLeastStep = 1;
constexpr int kLeastStepUp = 4;  // workers that may always be added at once; or as many as there are
constexpr std::uint64_t kLeastCompleted = 5;  // to speak of a mean
constexpr std::size_t kMostRemembered = 10'000;

void check(const AutoscaleOptions& o) {
  const auto fail = [](const char* message) { throw Error(ErrorKind::kUsage, "autoscale", message); };
  if (o.min_workers < 0 || o.max_workers < 1 || o.max_workers < o.min_workers) {
    fail("there have to be at least 0 workers and at most 1 or more; check the two limits");
  }
  if (!(o.utilisation > 0 && o.utilisation <= 1)) fail("utilisation has to be above 0 and at most 1");
  if (!(o.drain_s > 0 && o.first_service_s > 0)) fail("times have to be above 0");
  if (!(o.arrivals_window_s >= kLeastObserved && o.stabilisation_s >= 0 && o.down_pause_s >= 0)) {
    fail("the window of arrivals has to be 60 s or more, and no time below 0");
  }
  if (!(o.up_from >= 1 && o.down_below > 0 && o.down_below <= 1)) {
    fail("scaling up has to begin at 1 or above, down between 0 and 1");
  }
}

bool goes_on(const QueueSample& before, const QueueSample& now, const AutoscaleOptions& options) {
  return now.time_s > before.time_s && now.time_s - before.time_s <= options.arrivals_window_s &&
         now.enqueued_total >= before.enqueued_total && now.completed_total >= before.completed_total &&
         now.service_s_total >= before.service_s_total;
}

// The last sample that is at least `seconds` old, or the first there is.
const QueueSample& sample_before(const AutoscaleState& state, double now, double seconds) {
  const auto after = std::ranges::find_if(
      state.past, [&](const AutoscaleState::Past& past) { return past.sample.time_s > now - seconds; });
  return after == state.past.begin() ? state.past.front().sample : std::prev(after)->sample;
}

double mean_service(const AutoscaleState& state, const QueueSample& now, const AutoscaleOptions& options) {
  // Over all that is remembered: how long a job takes changes more slowly than how many come.
  const QueueSample& first = state.past.front().sample;
  const std::uint64_t completed = now.completed_total - first.completed_total;
  if (completed >= kLeastCompleted) {
    return (now.service_s_total - first.service_s_total) / static_cast<double>(completed);
  }
  if (now.completed_total >= kLeastCompleted)
    return now.service_s_total / static_cast<double>(now.completed_total);
  return options.first_service_s;
}

void forget_old(AutoscaleState& state, double now, const AutoscaleOptions& options) {
  const double keep = std::max(options.stabilisation_s, options.arrivals_window_s);
  // One sample that is as old as that stays: it shows that the time is covered.
  while (state.past.size() >= 2 && state.past[1].sample.time_s <= now - keep)
    state.past.erase(state.past.begin());
}

}  // namespace

std::string_view name_of(AutoscaleReason reason) {
  switch (reason) {
    case AutoscaleReason::kObserving:
      return "observing";
    case AutoscaleReason::kLimits:
      return "limits";
    case AutoscaleReason::kUp:
      return "up";
    case AutoscaleReason::kDown:
      return "down";
    case AutoscaleReason::kSettling:
      return "settling";
    case AutoscaleReason::kSteady:
      return "steady";
  }
  return "";
}

AutoscalePlan plan_workers(AutoscaleState& state, const QueueSample& sample,
                           const AutoscaleOptions& options) {
  check(options);
  const double now = sample.time_s;
  AutoscalePlan plan;
  if (state.wanted < 0) state.wanted = sample.ready;
  const int there = std::clamp(state.wanted, options.min_workers, options.max_workers);
  const bool outside = there != state.wanted;
  state.wanted = plan.wanted = there;
  if (!state.past.empty()) {
    const QueueSample& before = state.past.back().sample;
    if (!goes_on(before, sample, options)) {
      state.past.clear();
      state.last_down_s = std::min(state.last_down_s, now);
    }
  }
  if (state.past.empty()) {
    state.past.push_back({sample, static_cast<double>(there)});
    plan.reason = outside ? AutoscaleReason::kLimits : AutoscaleReason::kObserving;
    return plan;
  }

  const QueueSample& window_start = sample_before(state, now, options.arrivals_window_s);
  const double observed = now - window_start.time_s;
  plan.arrivals_per_s = static_cast<double>(sample.enqueued_total - window_start.enqueued_total) / observed;
  plan.service_s = mean_service(state, sample, options);
  // Two jobs a worker are no backlog but what keeps workers busy.
  const double piled_up = std::max(0.0, static_cast<double>(sample.backlog) - 2.0 * there);
  plan.need = plan.arrivals_per_s * plan.service_s / options.utilisation +
              piled_up * plan.service_s / options.drain_s;
  if (now - state.past.back().sample.time_s >= kLeastStep) state.past.push_back({sample, plan.need});
  forget_old(state, now, options);
  if (outside || observed < kLeastObserved) {
    plan.reason = outside ? AutoscaleReason::kLimits : AutoscaleReason::kObserving;
    return plan;
  }

  const double rounded = std::ceil(plan.need - 1e-9);  // what is a whole number but for rounding is one
  const int target = static_cast<int>(std::clamp<double>(rounded, options.min_workers, options.max_workers));
  if (target > there && plan.need > options.up_from * there) {
    plan.wanted = there + std::min(target - there, std::max(there, kLeastStepUp));
    plan.reason = AutoscaleReason::kUp;
  } else if (there > options.min_workers && plan.need <= options.down_below * (there - 1)) {
    double largest = 0;
    for (const auto& past : state.past) {
      if (past.sample.time_s >= now - options.stabilisation_s) largest = std::max(largest, past.need);
    }
    const bool covered = state.past.front().sample.time_s <= now - options.stabilisation_s;
    const bool rested = now - state.last_down_s >= options.down_pause_s;
    if (covered && rested && largest <= options.down_below * (there - 1) && sample.inflight <= there - 1) {
      plan.wanted = there - 1;
      plan.reason = AutoscaleReason::kDown;
      state.last_down_s = now;
    } else {
      plan.reason = AutoscaleReason::kSettling;
    }
  } else {
    plan.reason = AutoscaleReason::kSteady;
  }
  state.wanted = plan.wanted;
  return plan;
}

Json to_json(const AutoscaleState& state) {
  Json past = Json::array();
  for (const auto& [sample, need] : state.past) {
    past.push_back({{"time_s", sample.time_s},
                    {"enqueued_total", sample.enqueued_total},
                    {"completed_total", sample.completed_total},
                    {"service_s_total", sample.service_s_total},
                    {"backlog", sample.backlog},
                    {"inflight", sample.inflight},
                    {"ready", sample.ready},
                    {"need", need}});
  }
  return {{"wanted", state.wanted}, {"last_down_s", state.last_down_s}, {"past", std::move(past)}};
}

AutoscaleState autoscale_state_from_json(const Json& json) {
  try {
    AutoscaleState state;
    state.wanted = json.at("wanted").get<int>();
    state.last_down_s = json.at("last_down_s").get<double>();
    const Json& list = json.at("past");
    if (!list.is_array() || list.size() > kMostRemembered) {
      throw Error(ErrorKind::kInvalid, "autoscale state",
                  "past is no list or too long; delete the file to start anew");
    }
    for (const Json& past : list) {
      state.past.push_back({.sample = {.time_s = past.at("time_s").get<double>(),
                                       .enqueued_total = past.at("enqueued_total").get<std::uint64_t>(),
                                       .completed_total = past.at("completed_total").get<std::uint64_t>(),
                                       .service_s_total = past.at("service_s_total").get<double>(),
                                       .backlog = past.at("backlog").get<std::uint64_t>(),
                                       .inflight = past.at("inflight").get<int>(),
                                       .ready = past.at("ready").get<int>()},
                            .need = past.at("need").get<double>()});
    }
    return state;
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::kInvalid, "autoscale state",
                std::string(error.what()) + "; delete the file to start anew");
  }
}

}  // namespace winnow::jobs
