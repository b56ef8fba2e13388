#include "winnow/stats/logistic_regression.hpp"

#include <algorithm>
#include <cmath>
#include <deque>

#include "dot.hpp"
#include "winnow/core/parallel.hpp"

namespace winnow::stats {
namespace {

using Vector = std::vector<float>;

// Of the loss: what rounding in float32 can add to it. Near the minimum a step gains less than this.
constexpr double kLossNoise = 1e-7;

// Parameters lie in one vector: [classes, features] weights, then [classes] biases.
class Objective {
 public:
  Objective(const Matrix& x, std::span<const int> y, int classes, double l2, unsigned threads,
            const std::stop_token& stop)
      : x_(x), y_(y), classes_(static_cast<std::size_t>(classes)), l2_(l2), stop_(stop) {
    // Chunks, not threads, decide the order of the sums.
    chunks_ = std::clamp<std::size_t>(x.rows() / 64, 1, std::max(1u, threads));
    gradients_.assign(chunks_, Vector(size()));
    losses_.resize(chunks_);
  }

  [[nodiscard]] std::size_t size() const { return classes_ * (x_.columns() + 1); }

  double evaluate(const Vector& parameters, Vector& gradient) {
    const std::size_t rows = x_.rows();
    parallel_for(chunks_, static_cast<unsigned>(chunks_), stop_, [&](std::size_t chunk) {
      losses_[chunk] =
          accumulate(parameters, rows * chunk / chunks_, rows * (chunk + 1) / chunks_, gradients_[chunk]);
    });
    double loss = 0;
    for (const double part : losses_) loss += part;
    loss /= static_cast<double>(rows);
    gradient.assign(size(), 0);
    for (const Vector& part : gradients_) {
      add_scaled(gradient.data(), 1 / static_cast<float>(rows), part.data(), size());
    }
    const std::size_t weights = classes_ * x_.columns();
    add_scaled(gradient.data(), static_cast<float>(l2_), parameters.data(), weights);
    return loss + l2_ / 2 * dot(parameters.data(), parameters.data(), weights);
  }

 private:
  double accumulate(const Vector& parameters, std::size_t begin, std::size_t end, Vector& gradient) const {
    const std::size_t features = x_.columns();
    const float* bias = parameters.data() + classes_ * features;
    std::fill(gradient.begin(), gradient.end(), 0.0F);
    std::vector<float> z(classes_);
    double loss = 0;
    for (std::size_t i = begin; i < end; ++i) {
      const float* sample = x_.row(i).data();
      for (std::size_t c = 0; c < classes_; ++c) {
        z[c] = dot(parameters.data() + c * features, sample, features) + bias[c];
      }
      const float largest = *std::max_element(z.begin(), z.end());
      double sum = 0;
      for (float& value : z) {
        value -= largest;
        sum += std::exp(value);
      }
      const auto truth = static_cast<std::size_t>(y_[i]);
      loss += std::log(sum) - z[truth];
      for (std::size_t c = 0; c < classes_; ++c) {
        const auto error = static_cast<float>(std::exp(z[c]) / sum - (c == truth ? 1 : 0));
        add_scaled(gradient.data() + c * features, error, sample, features);
        gradient[classes_ * features + c] += error;
      }
    }
    return loss;
  }

  const Matrix& x_;
  const std::span<const int> y_;
  const std::size_t classes_;
  const double l2_;
  const std::stop_token& stop_;
  std::size_t chunks_;
  std::vector<Vector> gradients_;
  std::vector<double> losses_;
};

// The two-loop recursion of L-BFGS: an estimate of the inverse Hessian applied to the gradient.
class History {
 public:
  [[nodiscard]] Vector direction(const Vector& gradient) const {
    Vector d = gradient;
    const std::size_t n = d.size();
    std::vector<float> alphas(pairs_.size());
    for (std::size_t i = pairs_.size(); i-- > 0;) {
      alphas[i] = pairs_[i].rho * dot(pairs_[i].step.data(), d.data(), n);
      add_scaled(d.data(), -alphas[i], pairs_[i].change.data(), n);
    }
    if (!pairs_.empty()) {
      const Pair& last = pairs_.back();
      const float scale = 1 / (last.rho * dot(last.change.data(), last.change.data(), n));
      for (float& value : d) value *= scale;
    }
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      const float beta = pairs_[i].rho * dot(pairs_[i].change.data(), d.data(), n);
      add_scaled(d.data(), alphas[i] - beta, pairs_[i].step.data(), n);
    }
    for (float& value : d) value = -value;
    return d;
  }

  void add(Vector step, Vector change) {
    const float curvature = dot(step.data(), change.data(), step.size());
    if (!(curvature > 1e-12F)) return;
    if (pairs_.size() == kLength) pairs_.pop_front();
    pairs_.push_back({std::move(step), std::move(change), 1 / curvature});
  }

 private:
  static constexpr std::size_t kLength = 10;
  struct Pair {
    Vector step;    // of the parameters
    Vector change;  // of the gradient
    float rho;
  };
  std::deque<Pair> pairs_;
};

Vector difference(const Vector& a, const Vector& b) {
  Vector result = a;
  add_scaled(result.data(), -1, b.data(), b.size());
  return result;
}

void minimise(Objective& objective, Vector& parameters, const LogisticOptions& options) {
  Vector gradient;
  double loss = objective.evaluate(parameters, gradient);
  History history;
  for (int iteration = 0; iteration < options.max_iterations; ++iteration) {
    const auto by_size = [](float a, float b) { return std::abs(a) < std::abs(b); };
    const float steepest = std::abs(*std::max_element(gradient.begin(), gradient.end(), by_size));
    if (steepest < options.tolerance) return;

    const Vector direction = history.direction(gradient);
    const double slope = dot(direction.data(), gradient.data(), gradient.size());
    // Armijo back-tracking; the loss is convex, so the first step that pays is good enough. Without an
    // allowance for rounding the last steps would be halved to nothing, over and over.
    const double allowance = kLossNoise * std::max(1.0, loss);
    double step = iteration == 0 ? 1.0 / std::max(1.0F, steepest) : 1.0;
    Vector next;
    Vector next_gradient;
    double next_loss = loss;
    bool found = false;
    for (int attempt = 0; attempt < 30 && !found; ++attempt, step /= 2) {
      next = parameters;
      add_scaled(next.data(), static_cast<float>(step), direction.data(), direction.size());
      next_loss = objective.evaluate(next, next_gradient);
      found = next_loss <= loss + 1e-4 * step * slope + allowance;
    }
    if (!found) return;  // float32 has no better point to offer
    history.add(difference(next, parameters), difference(next_gradient, gradient));
    parameters = std::move(next);
    gradient = std::move(next_gradient);
    loss = next_loss;
  }
}

}  // namespace

LinearModel fit_logistic(const Matrix& x, std::span<const int> y, int classes, const LogisticOptions& options,
                         unsigned threads, const std::stop_token& stop, const LinearModel* start) {
  Objective objective(x, y, classes, options.l2, threads, stop);
  Vector parameters(objective.size());
  const auto boundary = static_cast<std::ptrdiff_t>(parameters.size() - static_cast<std::size_t>(classes));
  if (start != nullptr) {
    std::copy(start->weights.values().begin(), start->weights.values().end(), parameters.begin());
    std::copy(start->bias.begin(), start->bias.end(), parameters.begin() + boundary);
  }
  minimise(objective, parameters, options);

  LinearModel model{Matrix(static_cast<std::size_t>(classes), x.columns()), {}};
  std::copy(parameters.begin(), parameters.begin() + boundary, model.weights.values().begin());
  model.bias.assign(parameters.begin() + boundary, parameters.end());
  return model;
}

Matrix predict_logits(const LinearModel& model, const Matrix& x) {
  Matrix logits(x.rows(), model.weights.rows());
  for (std::size_t i = 0; i < x.rows(); ++i) {
    for (std::size_t c = 0; c < model.weights.rows(); ++c) {
      logits.row(i)[c] = dot(x.row(i).data(), model.weights.row(c).data(), x.columns()) + model.bias[c];
    }
  }
  return logits;
}

}  // namespace winnow::stats
