// Processes that train one network together (data parallelism): each computes gradients on its share of a
// batch, and all take the same step with their sum. Over c10d with Gloo.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "winnow/nn/team_place.hpp"

namespace at {
class Tensor;
}

namespace winnow::nn {

// Every process calls the same functions in the same order. A team of one does nothing and costs nothing.
// All throw Error{kNetwork} when another process has gone or does not answer in time. One thread at a time.
class Team {
 public:
  Team();  // of one
  // Waits for the others. Throws Error{kNetwork} if they do not come in time.
  explicit Team(const TeamPlace& place, std::chrono::seconds timeout = std::chrono::minutes(30));
  ~Team();
  Team(Team&&) noexcept;
  Team& operator=(Team&&) noexcept;

  [[nodiscard]] int rank() const { return rank_; }
  [[nodiscard]] int size() const { return size_; }
  [[nodiscard]] int local_rank() const { return local_rank_; }  // see TeamPlace
  [[nodiscard]] bool is_first() const { return rank_ == 0; }    // the one that writes files and speaks

  // Replaces each tensor by its sum over all processes, in place; few large transfers rather than many small
  // ones. All of one type and device, of equal shapes everywhere. Sums of one are equal everywhere, to the
  // bit.
  void sum(const std::vector<at::Tensor>& tensors);
  // Gives everybody rank 0's values, in place.
  void broadcast(const std::vector<at::Tensor>& tensors);
  [[nodiscard]] double sum(double value);
  // Whether it is true for anybody: a stop, a loss that is no number.
  [[nodiscard]] bool any(bool value);
  // Gives everybody rank 0's text.
  [[nodiscard]] std::string share(const std::string& text);
  // That all were given the same. Throws Error{kUsage} that names `what` in every process if not.
  void require_equal(std::string_view what, std::string_view value);

 private:
  struct Link;
  std::unique_ptr<Link> link_;  // null in a team of one
  int rank_ = 0;
  int size_ = 1;
  int local_rank_ = 0;
};

}  // namespace winnow::nn
