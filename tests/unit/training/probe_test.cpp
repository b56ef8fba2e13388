#include "probe.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "support/recording_context.hpp"
#include "winnow/core/random.hpp"
#include "winnow/stats/calibration.hpp"

namespace winnow::training {
namespace {

struct Cloud {
  stats::Matrix x;
  std::vector<int> labels;
  std::vector<int> groups;
};

// Points around one centre per class; `noise` against a distance of about 2 between centres.
Cloud draw_cloud(std::size_t count, int classes, double noise, std::uint64_t seed) {
  constexpr std::size_t kWidth = 16;
  Cloud cloud{stats::Matrix(count, kWidth), {}, {}};
  for (std::size_t i = 0; i < count; ++i) {
    const int label = static_cast<int>(i) % classes;
    CounterRandom random(seed, i);
    for (std::size_t j = 0; j < kWidth; ++j) {
      const double centre = CounterRandom(99, label, j).uniform(-1, 1);
      cloud.x.row(i)[j] = static_cast<float>(centre + noise * random.uniform(-1, 1));
    }
    cloud.labels.push_back(label);
    cloud.groups.push_back(static_cast<int>(i));
  }
  return cloud;
}

double accuracy(const stats::LinearModel& head, const Cloud& cloud) {
  const std::vector<int> predicted = stats::argmax(stats::predict_logits(head, cloud.x));
  double right = 0;
  for (std::size_t i = 0; i < predicted.size(); ++i) right += predicted[i] == cloud.labels[i] ? 1 : 0;
  return right / static_cast<double>(predicted.size());
}

TEST(Probe, LearnsAndForetellsHowWell) {
  const test::RecordingContext context;
  const Cloud train = draw_cloud(300, 3, 1.5, 1);
  const Cloud fresh = draw_cloud(900, 3, 1.5, 2);
  const ProbeResult probe = fit_probe(train.x, train.labels, train.groups, 3, 1, context);
  const double held_out =
      std::max_element(probe.steps.begin(), probe.steps.end(), [](const auto& a, const auto& b) {
        return a.nll > b.nll;
      })->accuracy;
  EXPECT_GT(accuracy(probe.head, fresh), 0.85);
  EXPECT_NEAR(held_out, accuracy(probe.head, fresh), 0.06);
}

TEST(Probe, HeldOutPredictionsComeFromHeadsThatDidNotSeeThePicture) {
  // Labels are coin tosses: only a head that has seen a point, or its copy, could know them.
  const test::RecordingContext context;
  Cloud cloud = draw_cloud(200, 2, 1, 3);
  for (std::size_t i = 0; i < 200; ++i) {
    cloud.labels[i] = static_cast<int>(CounterRandom(5, i / 2).below(2));
    cloud.groups[i] = static_cast<int>(i / 2);
    if (i % 2 == 1) std::copy(cloud.x.row(i - 1).begin(), cloud.x.row(i - 1).end(), cloud.x.row(i).begin());
  }
  const ProbeResult probe = fit_probe(cloud.x, cloud.labels, cloud.groups, 2, 1, context);
  for (const stats::PenaltyStep& step : probe.steps) EXPECT_NEAR(step.accuracy, 0.5, 0.15) << step.l2;
}

TEST(Probe, AStrongerPenaltyWinsWhenLabelsAreNoisy) {
  const test::RecordingContext context;
  Cloud noisy = draw_cloud(150, 2, 1, 4);
  for (std::size_t i = 0; i < noisy.labels.size(); i += 4) noisy.labels[i] = 1 - noisy.labels[i];
  const Cloud clean = draw_cloud(150, 2, 0.3, 4);
  const double l2_noisy = fit_probe(noisy.x, noisy.labels, noisy.groups, 2, 1, context).l2;
  const double l2_clean = fit_probe(clean.x, clean.labels, clean.groups, 2, 1, context).l2;
  EXPECT_GT(l2_noisy, l2_clean);
}

TEST(Probe, SurvivesClassesSmallerThanTheFolds) {
  const test::RecordingContext context;
  const Cloud cloud = draw_cloud(6, 3, 0.1, 5);
  const ProbeResult probe = fit_probe(cloud.x, cloud.labels, cloud.groups, 3, 1, context);
  EXPECT_EQ(accuracy(probe.head, cloud), 1);
}

}  // namespace
}  // namespace winnow::training
