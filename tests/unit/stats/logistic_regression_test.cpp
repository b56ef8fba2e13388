#include "winnow/stats/logistic_regression.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "unit/stats/samples.hpp"
#include "winnow/core/error.hpp"
#include "winnow/stats/calibration.hpp"
#include "winnow/stats/neighbours.hpp"

namespace winnow::stats {
namespace {

struct Problem {
  Matrix x;
  std::vector<int> y;
  int classes;
};

// Labels drawn from a random linear model; a large scale makes them nearly certain.
Problem noisy_problem(std::size_t rows, std::size_t features, int classes, float scale, std::uint64_t seed) {
  LinearModel truth{random_matrix(static_cast<std::size_t>(classes), features, seed), {}};
  for (float& value : truth.weights.values()) value *= scale;
  truth.bias.assign(static_cast<std::size_t>(classes), 0);
  Problem problem{random_matrix(rows, features, seed + 1), {}, classes};
  problem.y = draw_labels(predict_logits(truth, problem.x), seed + 2);
  return problem;
}

// Crowds around far corners.
Problem separable_problem(std::size_t rows, int classes) {
  Problem problem{random_matrix(rows, 5, 9), {}, classes};
  for (std::size_t i = 0; i < rows; ++i) {
    const auto label = static_cast<int>(i % static_cast<std::size_t>(classes));
    problem.x.row(i)[static_cast<std::size_t>(label)] += 12;
    problem.y.push_back(label);
  }
  return problem;
}

LinearModel fit(const Problem& problem, const LogisticOptions& options = {}, unsigned threads = 2,
                const LinearModel* start = nullptr) {
  return fit_logistic(problem.x, problem.y, problem.classes, options, threads, {}, start);
}

double accuracy(const LinearModel& model, const Problem& problem) {
  const std::vector<int> answers = argmax(predict_logits(model, problem.x));
  std::size_t right = 0;
  for (std::size_t i = 0; i < answers.size(); ++i) right += answers[i] == problem.y[i] ? 1 : 0;
  return static_cast<double>(right) / static_cast<double>(answers.size());
}

double squared_norm(const LinearModel& model) {
  double sum = 0;
  for (const float w : model.weights.values()) sum += double{w} * w;
  return sum;
}

// What fit_logistic says it minimises, the slow and obvious way.
double objective(const LinearModel& model, const Problem& problem, double l2) {
  return negative_log_likelihood(predict_logits(model, problem.x), problem.y) + l2 / 2 * squared_norm(model);
}

// The largest component of the gradient, from the textbook: X'(P - Y) / n + l2 W.
double largest_gradient(const LinearModel& model, const Problem& problem, double l2) {
  const Matrix p = softmax(predict_logits(model, problem.x));
  const std::size_t features = problem.x.columns();
  const double n = static_cast<double>(problem.x.rows());
  double largest = 0;
  for (std::size_t c = 0; c < p.columns(); ++c) {
    std::vector<double> gradient(features + 1);
    for (std::size_t i = 0; i < p.rows(); ++i) {
      const double error = p.row(i)[c] - (static_cast<std::size_t>(problem.y[i]) == c ? 1 : 0);
      for (std::size_t f = 0; f < features; ++f) gradient[f] += error * problem.x.row(i)[f] / n;
      gradient[features] += error / n;
    }
    for (std::size_t f = 0; f < features; ++f) gradient[f] += l2 * model.weights.row(c)[f];
    for (const double component : gradient) largest = std::max(largest, std::abs(component));
  }
  return largest;
}

void expect_near(const LinearModel& a, const LinearModel& b, double tolerance) {
  for (std::size_t i = 0; i < a.weights.values().size(); ++i) {
    ASSERT_NEAR(a.weights.values()[i], b.weights.values()[i], tolerance);
  }
  for (std::size_t c = 0; c < a.bias.size(); ++c) ASSERT_NEAR(a.bias[c], b.bias[c], tolerance);
}

TEST(FitLogistic, SeparatesWhatCanBeSeparated) {
  const Problem problem = separable_problem(300, 4);
  EXPECT_EQ(accuracy(fit(problem), problem), 1);
}

TEST(FitLogistic, RecoversTheModelBehindNoisyLabels) {
  LinearModel truth{matrix_of({{0.7F, -1.2F, 0.4F}, {-0.7F, 1.2F, -0.4F}}), {0.3F, -0.3F}};
  Problem problem{random_matrix(20'000, 3, 5), {}, 2};
  problem.y = draw_labels(predict_logits(truth, problem.x), 6);
  expect_near(fit(problem, {.l2 = 1e-6}), truth, 0.05);
}

TEST(FitLogistic, HasNoSlopeWhereItStops) {
  for (const double l2 : {1e-3, 1e-1}) {
    for (const int classes : {2, 5}) {
      const Problem problem = noisy_problem(500, 20, classes, 0.7F, 11);
      EXPECT_LT(largest_gradient(fit(problem, {.l2 = l2}), problem, l2), 3e-5)
          << classes << " classes, l2 " << l2;
    }
  }
}

// More features than samples, of the size of real embeddings: nearly separable, badly scaled.
TEST(FitLogistic, HasNoSlopeOnWideData) {
  Problem problem = noisy_problem(300, 1280, 3, 0.2F, 21);
  for (std::size_t i = 0; i < problem.x.rows(); ++i) {
    for (std::size_t f = 0; f < problem.x.columns(); ++f) problem.x.row(i)[f] *= f % 7 == 0 ? 2.0F : 0.1F;
  }
  const LinearModel model = fit(problem);
  EXPECT_LT(largest_gradient(model, problem, 1e-3), 3e-5);
  EXPECT_EQ(accuracy(model, problem), 1);
}

// Where the last steps gain less than rounding takes from the loss.
TEST(FitLogistic, ReachesATightToleranceOnUnitVectors) {
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    Problem problem = noisy_problem(400, 640, 2, 0.1F, 100 + 3 * seed);
    normalise_rows(problem.x);
    const LinearModel model = fit(problem, {.l2 = 1e-2, .tolerance = 2e-6});
    EXPECT_LT(largest_gradient(model, problem, 1e-2), 3e-6) << "seed " << seed;
  }
}

TEST(FitLogistic, IsBetterThanEveryModelAroundIt) {
  constexpr double kL2 = 1e-2;
  const Problem problem = noisy_problem(400, 8, 3, 0.8F, 31);
  const LinearModel best = fit(problem, {.l2 = kL2});
  const double loss = objective(best, problem, kL2);
  for (std::uint64_t direction = 0; direction < 50; ++direction) {
    CounterRandom random(direction);
    LinearModel other = best;
    for (float& value : other.weights.values()) value += 0.02F * static_cast<float>(draw_normal(random));
    for (float& value : other.bias) value += 0.02F * static_cast<float>(draw_normal(random));
    EXPECT_GT(objective(other, problem, kL2), loss);
  }
}

TEST(FitLogistic, ShrinksTheWeightsUnderAPenalty) {
  const Problem problem = noisy_problem(400, 8, 3, 1, 41);
  double last = INFINITY;
  for (const double l2 : {1e-4, 1e-2, 1.0, 100.0}) {
    const double norm = squared_norm(fit(problem, {.l2 = l2}));
    EXPECT_LT(norm, 0.9 * last) << l2;
    last = norm;
  }
  EXPECT_LT(last, 1e-3);
}

TEST(FitLogistic, DoesNotPenaliseTheBias) {
  Problem problem = noisy_problem(1000, 4, 2, 0, 51);
  for (std::size_t i = 0; i < problem.y.size(); ++i) problem.y[i] = i % 10 == 0 ? 1 : 0;
  const LinearModel model = fit(problem, {.l2 = 1000});
  EXPECT_NEAR(model.bias[0] - model.bias[1], std::log(9.0), 1e-3);
}

TEST(FitLogistic, ReachesTheSameFromAnotherStart) {
  const Problem problem = noisy_problem(400, 8, 3, 0.8F, 61);
  const LogisticOptions options{.l2 = 1e-2};
  LinearModel start{random_matrix(3, 8, 62), {1, -2, 1}};
  expect_near(fit(problem, options, 2, &start), fit(problem, options), 2e-3);
}

TEST(FitLogistic, BeginsAtTheStart) {
  const Problem problem = noisy_problem(400, 8, 3, 0.8F, 61);
  const LinearModel start{random_matrix(3, 8, 62), {1, -2, 1}};
  expect_near(fit(problem, {.max_iterations = 0}, 2, &start), start, 0);
  const LinearModel zero = fit(problem, {.max_iterations = 0});
  EXPECT_EQ(squared_norm(zero), 0);
}

TEST(FitLogistic, ComesCloserWithEveryIteration) {
  const Problem problem = noisy_problem(400, 8, 3, 0.8F, 61);
  double last = INFINITY;
  for (int iterations = 0; iterations < 8; ++iterations) {
    const double loss = objective(fit(problem, {.max_iterations = iterations}), problem, 1e-3);
    EXPECT_LT(loss, last) << iterations;
    last = loss;
  }
}

TEST(FitLogistic, GivesTheSameBitsTwice) {
  const Problem problem = noisy_problem(500, 30, 4, 0.5F, 71);
  for (const unsigned threads : {1u, 2u}) {
    const LinearModel first = fit(problem, {}, threads);
    const LinearModel second = fit(problem, {}, threads);
    EXPECT_TRUE(std::equal(first.weights.values().begin(), first.weights.values().end(),
                           second.weights.values().begin()));
    EXPECT_EQ(first.bias, second.bias);
  }
}

TEST(FitLogistic, AgreesForAnyNumberOfThreads) {
  const Problem problem = noisy_problem(1000, 10, 3, 0.8F, 81);
  const LogisticOptions options{.l2 = 1e-2};
  const LinearModel alone = fit(problem, options, 1);
  for (const unsigned threads : {0u, 2u, 7u}) expect_near(fit(problem, options, threads), alone, 2e-3);
}

TEST(FitLogistic, CopesWithSmallestProblems) {
  const Problem one_sample{matrix_of({{1, 2}}), {1}, 2};
  EXPECT_EQ(accuracy(fit(one_sample), one_sample), 1);
  const Problem one_class{matrix_of({{1, 2}, {3, 4}}), {0, 0}, 1};
  EXPECT_EQ(squared_norm(fit(one_class)), 0);
  const Problem no_information{Matrix(4, 3), {0, 1, 1, 1}, 2};
  const LinearModel model = fit(no_information);
  EXPECT_EQ(squared_norm(model), 0);
  EXPECT_NEAR(model.bias[1] - model.bias[0], std::log(3.0), 1e-3);
}

TEST(FitLogistic, GivesAnUnseenClassNoChance) {
  const Problem problem{matrix_of({{1, 0}, {0, 1}, {1, 0}, {0, 1}}), {0, 1, 0, 1}, 3};
  const Matrix probabilities = softmax(predict_logits(fit(problem), problem.x));
  for (std::size_t i = 0; i < 4; ++i) EXPECT_LT(probabilities.row(i)[2], 0.01);
}

TEST(FitLogistic, CanBeStopped) {
  std::stop_source source;
  source.request_stop();
  const Problem problem = separable_problem(10, 2);
  try {
    (void)fit_logistic(problem.x, problem.y, 2, {}, 1, source.get_token());
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kCancelled);
  }
}

TEST(PredictLogits, IsWeightsTimesFeaturesPlusBias) {
  const LinearModel model{matrix_of({{1, 2}, {3, 4}, {0, 0}}), {0.5F, -1, 7}};
  EXPECT_THAT(predict_logits(model, matrix_of({{1, 0}, {2, -1}})).values(),
              testing::ElementsAre(1.5F, 2, 7, 0.5F, 1, 7));
}

TEST(PredictLogits, IsEmptyWithoutSamples) {
  const LinearModel model{matrix_of({{1, 2}}), {0.5F}};
  EXPECT_EQ(predict_logits(model, Matrix(0, 2)).rows(), 0u);
}

}  // namespace
}  // namespace winnow::stats
