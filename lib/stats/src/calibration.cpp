#include "winnow/stats/calibration.hpp"

#include <algorithm>
#include <cmath>

namespace winnow::stats {

Matrix softmax(const Matrix& logits, double temperature) {
  Matrix result(logits.rows(), logits.columns());
  for (std::size_t i = 0; i < logits.rows(); ++i) {
    const std::span<const float> in = logits.row(i);
    const std::span<float> out = result.row(i);
    const double largest = *std::max_element(in.begin(), in.end());
    double sum = 0;
    for (const float z : in) sum += std::exp((z - largest) / temperature);
    for (std::size_t c = 0; c < in.size(); ++c) {
      out[c] = static_cast<float>(std::exp((in[c] - largest) / temperature) / sum);
    }
  }
  return result;
}

std::vector<int> argmax(const Matrix& scores) {
  std::vector<int> classes(scores.rows());
  for (std::size_t i = 0; i < scores.rows(); ++i) {
    const std::span<const float> row = scores.row(i);
    classes[i] = static_cast<int>(std::max_element(row.begin(), row.end()) - row.begin());
  }
  return classes;
}

double negative_log_likelihood(const Matrix& logits, std::span<const int> labels, double temperature) {
  double total = 0;
  for (std::size_t i = 0; i < logits.rows(); ++i) {
    const std::span<const float> row = logits.row(i);
    const double largest = *std::max_element(row.begin(), row.end());
    double sum = 0;
    for (const float z : row) sum += std::exp((z - largest) / temperature);
    total += std::log(sum) - (row[static_cast<std::size_t>(labels[i])] - largest) / temperature;
  }
  return total / static_cast<double>(logits.rows());
}

namespace {

// Mean negative log likelihood of one sample whose label is as likely to be any class.
double doubt(const Matrix& logits, double temperature) {
  double total = 0;
  for (std::size_t i = 0; i < logits.rows(); ++i) {
    const std::span<const float> row = logits.row(i);
    const double largest = *std::max_element(row.begin(), row.end());
    double sum = 0;
    double mean = 0;
    for (const float z : row) {
      sum += std::exp((z - largest) / temperature);
      mean += (z - largest) / temperature / static_cast<double>(row.size());
    }
    total += std::log(sum) - mean;
  }
  return total / static_cast<double>(logits.rows());
}

// Golden-section search on log T: each of these losses is convex in 1/T, so it has one valley.
template <class Loss>
double best_temperature(const Loss& loss_of) {
  constexpr double kRatio = 0.6180339887498949;
  const auto loss = [&](double log_t) { return loss_of(std::exp(log_t)); };
  double low = -3;
  double high = 3;
  double a = high - kRatio * (high - low);
  double b = low + kRatio * (high - low);
  double loss_a = loss(a);
  double loss_b = loss(b);
  while (high - low > 1e-4) {
    if (loss_a <= loss_b) {
      high = b;
      b = a;
      loss_b = loss_a;
      a = high - kRatio * (high - low);
      loss_a = loss(a);
    } else {
      low = a;
      a = b;
      loss_a = loss_b;
      b = low + kRatio * (high - low);
      loss_b = loss(b);
    }
  }
  return std::exp((low + high) / 2);
}

}  // namespace

double fit_temperature(const Matrix& logits, std::span<const int> labels) {
  if (logits.rows() == 0) return 1;
  const auto samples = static_cast<double>(logits.rows());
  return best_temperature([&](double t) {
    return (samples * negative_log_likelihood(logits, labels, t) + doubt(logits, t)) / (samples + 1);
  });
}

double match_temperature(const Matrix& logits, const Matrix& probabilities) {
  if (logits.rows() == 0) return 1;
  return best_temperature([&](double t) {
    double total = 0;
    for (std::size_t i = 0; i < logits.rows(); ++i) {
      const std::span<const float> row = logits.row(i);
      const std::span<const float> wanted = probabilities.row(i);
      const double largest = *std::max_element(row.begin(), row.end());
      double sum = 0;
      double mean = 0;
      for (std::size_t c = 0; c < row.size(); ++c) {
        sum += std::exp((row[c] - largest) / t);
        mean += wanted[c] * (row[c] - largest) / t;
      }
      total += std::log(sum) - mean;
    }
    return total;
  });
}

std::vector<ReliabilityBin> reliability(const Matrix& probabilities, std::span<const int> labels, int bins) {
  std::vector<ReliabilityBin> result;
  for (int b = 0; b < bins; ++b)
    result.push_back({static_cast<double>(b) / bins, static_cast<double>(b + 1) / bins});
  const std::vector<int> predicted = argmax(probabilities);
  for (std::size_t i = 0; i < probabilities.rows(); ++i) {
    const double confidence = probabilities.row(i)[static_cast<std::size_t>(predicted[i])];
    const int index = std::clamp(static_cast<int>(std::ceil(confidence * bins)) - 1, 0, bins - 1);
    ReliabilityBin& bin = result[static_cast<std::size_t>(index)];
    ++bin.count;
    bin.confidence += confidence;
    bin.accuracy += predicted[i] == labels[i] ? 1 : 0;
  }
  for (ReliabilityBin& bin : result) {
    if (bin.count == 0) continue;
    bin.confidence /= static_cast<double>(bin.count);
    bin.accuracy /= static_cast<double>(bin.count);
  }
  return result;
}

double expected_calibration_error(std::span<const ReliabilityBin> bins) {
  double total = 0;
  double gap = 0;
  for (const ReliabilityBin& bin : bins) {
    total += static_cast<double>(bin.count);
    gap += static_cast<double>(bin.count) * std::abs(bin.accuracy - bin.confidence);
  }
  return total > 0 ? gap / total : 0;
}

}  // namespace winnow::stats
