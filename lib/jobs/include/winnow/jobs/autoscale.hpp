// How many workers a queue wants: Little's law for what arrives, a share for what has piled up, and the
// restraint of the Kubernetes horizontal autoscaler (up at once, down slowly, a band in which nothing
// happens). Built on counters that never reset: a rule on sums that begin anew with every period sees a flood
// as nothing once per period. Pure: what it has to remember is plain data, to be saved between the calls of a
// command. Thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "winnow/core/json.hpp"

namespace winnow::jobs {

// Times are in seconds. The defaults are what the simulation in tests/unit/jobs/autoscale_test.cpp was fitted
// with.
struct AutoscaleOptions {
  int min_workers = 2;
  int max_workers = 10;
  double utilisation = 0.7;        // of a worker's time, to be busy
  double drain_s = 120;            // in which the backlog should be gone
  double arrivals_window_s = 120;  // over which the rate of arrivals is taken
  double stabilisation_s = 600;    // the largest need of this time decides on scaling down
  double up_from = 1.1;            // times the workers there are: the least need to scale up for
  double down_below = 0.6;         // times one worker fewer: the largest need to scale down for
  double down_pause_s = 60;        // from one worker that is let go to the next
  double first_service_s = 5;      // of one job, before any is done
};

// What the metrics say at one moment.
struct QueueSample {
  double time_s = 0;                  // since any fixed moment
  std::uint64_t enqueued_total = 0;   // jobs ever
  std::uint64_t completed_total = 0;  // jobs ever
  double service_s_total = 0;         // that workers ever spent on completed jobs
  std::uint64_t backlog = 0;          // jobs that wait
  int inflight = 0;                   // jobs that are worked on
  int ready = 0;                      // workers that are up
};

// What is remembered: some 40 samples of 15 s. Default: nothing yet.
struct AutoscaleState {
  struct Past {
    QueueSample sample;
    double need = 0;  // workers, not rounded
  };
  int wanted = -1;            // below 0: not decided yet
  double last_down_s = -1e9;  // when a worker was let go
  std::vector<Past> past;     // oldest first
};

enum class AutoscaleReason {
  kObserving,  // less than a minute is known
  kLimits,     // there were fewer or more than the limits allow
  kUp,         // the need is above what there is
  kDown,       // the need has been below for long
  kSettling,   // the need is below, but was not for long, or a worker has just been let go, or all are busy
  kSteady,     // the need is about what there is
};
[[nodiscard]] std::string_view name_of(AutoscaleReason reason);  // "observing", ...

struct AutoscalePlan {
  int wanted = 0;  // workers
  AutoscaleReason reason = AutoscaleReason::kObserving;
  double need = 0;  // workers, before rounding and limits
  double arrivals_per_s = 0;
  double service_s = 0;  // of one job
};

// The plan by a new sample, to be called every 15 s or so. state goes on from the call before; samples less
// than a second apart, counters that went back and times that went back or leapt (more than the window) start
// observation anew and leave the workers as they are. Throws Error{kUsage} for options that make no sense.
[[nodiscard]] AutoscalePlan plan_workers(AutoscaleState& state, const QueueSample& sample,
                                         const AutoscaleOptions& options = {});

[[nodiscard]] Json to_json(const AutoscaleState& state);
// Throws Error{kInvalid}.
[[nodiscard]] AutoscaleState autoscale_state_from_json(const Json& json);

}  // namespace winnow::jobs
