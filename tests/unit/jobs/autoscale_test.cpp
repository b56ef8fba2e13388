#include "winnow/jobs/autoscale.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "winnow/core/error.hpp"
#include "winnow/core/random.hpp"

namespace winnow::jobs {
namespace {

// A queue, second by second: jobs come at random, workers take a minute to start, and are let go when idle.
// A job takes 5 s in the mean (Gamma of shape 4).
struct Simulation {
  struct Action {
    int second;
    int workers;
  };

  explicit Simulation(std::uint64_t seed) : random(seed, 0x717565) {}

  int workers() const { return static_cast<int>(busy_until.size() + starting.size()) - leaving; }

  void change(int second, int by) {
    if (by == 0) return;
    actions.push_back({second, by});
    for (int i = 0; i < by; ++i) starting.push_back(second + 60);
    if (by < 0) leaving -= by;
  }

  void pass(int second, double arrivals_per_s) {
    double product = 1;
    for (const double end = std::exp(-arrivals_per_s); (product *= random.uniform()) >= end;) {
      queue.push_back(second);
      ++enqueued;
    }
    while (!starting.empty() && starting.front() <= second) {
      starting.pop_front();
      busy_until.push_back(second);
    }
    for (std::size_t i = 0; i < busy_until.size() && leaving > 0;) {
      if (busy_until[i] > second) {
        ++i;
        continue;
      }
      busy_until.erase(busy_until.begin() + static_cast<std::ptrdiff_t>(i));
      --leaving;
    }
    for (double& until : busy_until) {
      if (until > second || queue.empty()) continue;
      waits.push_back(second - queue.front());
      queue.pop_front();
      double takes = 0;
      for (int i = 0; i < 4; ++i) takes -= 1.25 * std::log(1 - random.uniform());
      until = second + takes;
      running.push_back({until, takes});
    }
    std::erase_if(running, [&](const auto& job) {
      if (job.first > second) return false;
      ++completed;
      service_s += job.second;
      return true;
    });
    most = std::max(most, workers());
  }

  QueueSample sample(int second) const {
    return {.time_s = static_cast<double>(second),
            .enqueued_total = enqueued,
            .completed_total = completed,
            .service_s_total = service_s,
            .backlog = queue.size(),
            .inflight = static_cast<int>(running.size()),
            .ready = static_cast<int>(busy_until.size())};
  }

  int reversals() const {
    int count = 0;
    for (std::size_t i = 1; i < actions.size(); ++i)
      count += (actions[i].workers > 0) != (actions[i - 1].workers > 0);
    return count;
  }

  int p95_wait() const {
    std::vector<int> sorted = waits;
    std::ranges::sort(sorted);
    return sorted.empty() ? 0
                          : sorted[static_cast<std::size_t>(0.95 * static_cast<double>(sorted.size() - 1))];
  }

  CounterRandom random;
  std::deque<int> queue;  // when each job came
  std::vector<double> busy_until = {0, 0};
  std::deque<int> starting;  // when each will be up
  int leaving = 0;
  std::vector<std::pair<double, double>> running;  // when it ends, how long it takes
  std::uint64_t enqueued = 0;
  std::uint64_t completed = 0;
  double service_s = 0;
  std::vector<int> waits;
  std::vector<Action> actions;
  int most = 2;
};

using Load = double (*)(int second);
double steady(int) {
  return 0.5;
}
double burst(int second) {
  return second >= 600 && second < 3600 ? 1.4 : 0.05;
}

Simulation simulate_plan(Load load, int seconds, std::uint64_t seed) {
  Simulation run(seed);
  std::string saved = to_json(AutoscaleState{}).dump();
  for (int t = 0; t < seconds; ++t) {
    run.pass(t, load(t));
    if (t % 15 != 0) continue;
    AutoscaleState state = autoscale_state_from_json(Json::parse(saved));  // as a command does it
    run.change(t, plan_workers(state, run.sample(t)).wanted - run.workers());
    saved = to_json(state).dump();
  }
  return run;
}

// The rule that this replaces: every minute it looks at how many jobs came since the last full five minutes,
// a sum that is near nothing when a period has just begun; one worker more above 50, one fewer below 20.
Simulation simulate_period_sums(Load load, int seconds, std::uint64_t seed) {
  Simulation run(seed);
  std::uint64_t at_start = 0;
  int last_up = -1'000'000;
  int last_down = -1'000'000;
  for (int t = 0; t < seconds; ++t) {
    run.pass(t, load(t));
    if (t % 300 == 0) at_start = run.enqueued;
    if (t % 60 != 0 || t == 0) continue;
    const std::uint64_t sum = run.enqueued - at_start;
    if (sum > 50 && run.workers() < 10 && t - last_up >= 300) {
      run.change(t, 1);
      last_up = t;
    } else if (sum < 20 && run.workers() > 2 && t - last_down >= 300) {
      run.change(t, -1);
      last_down = t;
    }
  }
  return run;
}

struct Worst {
  int reversals = 0;
  int p95_wait = 0;
  int most_workers = 0;
  int least_reversals = 1'000'000;
  int least_of_most_workers = 1'000'000;
};

Worst worst_of_20(const std::string& what, Simulation (*simulate)(Load, int, std::uint64_t), Load load,
                  int seconds) {
  Worst worst;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Simulation run = simulate(load, seconds, seed);
    worst.reversals = std::max(worst.reversals, run.reversals());
    worst.least_reversals = std::min(worst.least_reversals, run.reversals());
    worst.p95_wait = std::max(worst.p95_wait, run.p95_wait());
    worst.most_workers = std::max(worst.most_workers, run.most);
    worst.least_of_most_workers = std::min(worst.least_of_most_workers, run.most);
  }
  std::cout << what << ", 20 seeds: reversals " << worst.least_reversals << " to " << worst.reversals
            << ", most workers " << worst.least_of_most_workers << " to " << worst.most_workers
            << ", largest p95 wait " << worst.p95_wait << " s\n";
  return worst;
}

TEST(AutoscaleSimulation, SteadyLoadNeverTurnsBack) {
  const Worst worst = worst_of_20("steady 0.5/s", simulate_plan, steady, 6'600);
  EXPECT_EQ(worst.reversals, 0);
  EXPECT_LE(worst.p95_wait, 10);
}

TEST(AutoscaleSimulation, ABurstTurnsBackOnce) {
  const Worst worst = worst_of_20("burst 0.05/s, 1.4/s for 50 min, 0.05/s", simulate_plan, burst, 7'800);
  EXPECT_LE(worst.reversals, 1);
  EXPECT_LE(worst.p95_wait, 70);
  EXPECT_EQ(worst.least_of_most_workers, 10);
}

TEST(AutoscaleSimulation, SumsOfAPeriodFlapAndStopAtThree) {
  const Worst in_steady = worst_of_20("sums of a period, steady", simulate_period_sums, steady, 6'600);
  EXPECT_GE(in_steady.least_reversals, 40);
  EXPECT_EQ(in_steady.most_workers, 3);
  const Worst in_burst = worst_of_20("sums of a period, burst", simulate_period_sums, burst, 7'800);
  EXPECT_EQ(in_burst.most_workers, 3);
  EXPECT_GT(in_burst.p95_wait, 1'000);
}

// Samples every 15 s of a queue in which jobs take 5 s: what the formula says can be worked out by hand.
struct Feed {
  AutoscalePlan next(double arrivals_per_s, std::uint64_t backlog = 0) {
    sample.time_s += 15;
    sample.enqueued_total += static_cast<std::uint64_t>(std::lround(15 * arrivals_per_s));
    sample.completed_total += 100;
    sample.service_s_total += 500;
    sample.backlog = backlog;
    return plan_workers(state, sample, options);
  }
  AutoscalePlan next_of(int count, double arrivals_per_s, std::uint64_t backlog = 0) {
    AutoscalePlan plan;
    for (int i = 0; i < count; ++i) plan = next(arrivals_per_s, backlog);
    return plan;
  }

  QueueSample sample{.ready = 2};
  AutoscaleState state;
  AutoscaleOptions options;
};

TEST(Autoscale, ObservesForAMinuteFirst) {
  Feed feed;
  for (int i = 0; i < 4; ++i) {
    const AutoscalePlan plan = feed.next(1.4, 100);
    EXPECT_EQ(plan.wanted, 2);
    EXPECT_EQ(plan.reason, AutoscaleReason::kObserving);
  }
  EXPECT_EQ(feed.next(1.4, 100).reason, AutoscaleReason::kUp);
}

TEST(Autoscale, NeedIsArrivalsAndAShareOfTheBacklog) {
  Feed feed;
  const AutoscalePlan plan = feed.next_of(5, 0.2, 52);
  EXPECT_DOUBLE_EQ(plan.arrivals_per_s, 0.2);
  EXPECT_DOUBLE_EQ(plan.service_s, 5);
  EXPECT_NEAR(plan.need, 0.2 * 5 / 0.7 + (52 - 4) * 5 / 120.0, 1e-9);  // 3.43
  EXPECT_EQ(plan.wanted, 4);
}

TEST(Autoscale, AddsAsManyAsThereAreOrFourAtOnce) {
  Feed feed;
  EXPECT_EQ(feed.next_of(5, 10).wanted, 6);
  EXPECT_EQ(feed.next(10).wanted, 10);
  const AutoscalePlan at_limit = feed.next(10);
  EXPECT_EQ(at_limit.wanted, 10);
  EXPECT_EQ(at_limit.reason, AutoscaleReason::kSteady);
  Feed large;
  large.options.max_workers = 100;
  large.sample.ready = 20;
  EXPECT_EQ(large.next_of(5, 10).wanted, 40);
}

TEST(Autoscale, DoesNotMoveForATenthMore) {
  Feed feed;
  feed.sample.ready = 10;
  feed.options.max_workers = 20;
  EXPECT_EQ(feed.next_of(50, 1.5).wanted, 10);  // need 10.7
  EXPECT_EQ(feed.next_of(50, 1.6).wanted, 12);  // 11.4
}

TEST(Autoscale, LetsGoOneByOneAfterTenQuietMinutes) {
  Feed feed;
  feed.sample.ready = 6;
  feed.state.wanted = 6;
  feed.next_of(5, 0.8);  // need 5.7
  EXPECT_EQ(feed.next_of(39, 0).reason, AutoscaleReason::kSettling);
  std::vector<int> wanted;
  for (int i = 0; i < 80; ++i) wanted.push_back(feed.next(0).wanted);
  EXPECT_EQ(wanted.back(), 2);
  for (std::size_t i = 1; i < wanted.size(); ++i) EXPECT_LE(wanted[i - 1] - wanted[i], 1);
  for (std::size_t i = 4; i < wanted.size(); ++i) EXPECT_LE(wanted[i - 4] - wanted[i], 1);  // in a minute
}

TEST(Autoscale, LetsNobodyGoWhileAllAreBusy) {
  Feed feed;
  feed.sample.ready = feed.sample.inflight = 6;
  EXPECT_EQ(feed.next_of(200, 0).wanted, 6);
  feed.sample.inflight = 5;
  EXPECT_EQ(feed.next(0).wanted, 5);
}

TEST(Autoscale, KeepsWithinTheLimits) {
  Feed feed;
  feed.sample.ready = 0;
  EXPECT_EQ(feed.next(0).wanted, 2);
  feed.state.wanted = 50;
  const AutoscalePlan plan = feed.next(0);
  EXPECT_EQ(plan.wanted, 10);
  EXPECT_EQ(plan.reason, AutoscaleReason::kLimits);
}

TEST(Autoscale, CanScaleToNobodyAndBack) {
  Feed feed;
  feed.options.min_workers = 0;
  feed.state.wanted = 1;
  EXPECT_EQ(feed.next_of(60, 0).wanted, 0);
  feed.sample.ready = 0;
  EXPECT_EQ(feed.next(0.1, 2).wanted, 1);
}

TEST(Autoscale, BeginsAnewWhenCountersOrTimeGoBackOrLeap) {
  const std::vector<std::function<void(QueueSample&)>> breaks = {
      [](QueueSample& sample) { sample.enqueued_total = 0; },
      [](QueueSample& sample) { sample.completed_total = 0; },
      [](QueueSample& sample) { sample.service_s_total = 0; },
      [](QueueSample& sample) { sample.time_s -= 1'000; },
      [](QueueSample& sample) { sample.time_s += 1'000; },
  };
  for (const auto& interrupt : breaks) {
    Feed feed;
    EXPECT_EQ(feed.next_of(20, 0.8).wanted, 6);
    interrupt(feed.sample);
    feed.sample.completed_total -= std::min<std::uint64_t>(100, feed.sample.completed_total);
    const AutoscalePlan plan = feed.next(0);
    EXPECT_EQ(plan.wanted, 6);
    EXPECT_EQ(plan.reason, AutoscaleReason::kObserving);
    EXPECT_EQ(feed.state.past.size(), 1U);
  }
}

TEST(Autoscale, RemembersABoundedTime) {
  Feed feed;
  feed.next_of(1'000, 0.3);
  EXPECT_LE(feed.state.past.size(), 42U);
  const std::size_t before = feed.state.past.size();
  for (int i = 0; i < 100; ++i) {
    feed.sample.time_s += 0.001;
    EXPECT_EQ(plan_workers(feed.state, feed.sample).wanted, feed.state.wanted);
  }
  EXPECT_EQ(feed.state.past.size(), before);
}

TEST(Autoscale, TakesAGuessBeforeAnyJobIsDone) {
  AutoscaleState state;
  QueueSample sample{.ready = 2};
  AutoscaleOptions options;
  options.first_service_s = 20;
  AutoscalePlan plan;
  for (int i = 0; i <= 4; ++i) {
    sample.time_s = 15 * i;
    sample.enqueued_total = static_cast<std::uint64_t>(15 * i);
    plan = plan_workers(state, sample, options);
  }
  EXPECT_DOUBLE_EQ(plan.service_s, 20);
  EXPECT_EQ(plan.wanted, 6);
}

TEST(Autoscale, StateSurvivesAFile) {
  Feed feed;
  feed.next_of(70, 0.8);
  const Json json = to_json(feed.state);
  EXPECT_EQ(to_json(autoscale_state_from_json(Json::parse(json.dump()))), json);
  for (const char* const text :
       {"null", "{}", "[]", R"({"wanted":2,"last_down_s":0})", R"({"wanted":2,"last_down_s":0,"past":7})",
        R"({"wanted":"2","last_down_s":0,"past":[]})",
        R"({"wanted":2,"last_down_s":0,"past":[{"time_s":1}]})"}) {
    EXPECT_THROW((void)autoscale_state_from_json(Json::parse(text)), Error) << text;
  }
}

TEST(Autoscale, RefusesOptionsThatMakeNoSense) {
  const std::vector<std::function<void(AutoscaleOptions&)>> mistakes = {
      [](auto& o) { o.min_workers = -1; },       [](auto& o) { o.max_workers = 1; },
      [](auto& o) { o.utilisation = 0; },        [](auto& o) { o.utilisation = 1.5; },
      [](auto& o) { o.utilisation = NAN; },      [](auto& o) { o.drain_s = 0; },
      [](auto& o) { o.arrivals_window_s = 30; }, [](auto& o) { o.stabilisation_s = -1; },
      [](auto& o) { o.up_from = 0.5; },          [](auto& o) { o.down_below = 1.2; },
      [](auto& o) { o.first_service_s = -5; },   [](auto& o) { o.down_pause_s = -1; },
  };
  for (const auto& spoil : mistakes) {
    AutoscaleOptions options;
    spoil(options);
    AutoscaleState state;
    EXPECT_THROW((void)plan_workers(state, {}, options), Error);
  }
}

}  // namespace
}  // namespace winnow::jobs
