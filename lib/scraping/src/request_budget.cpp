#include "request_budget.hpp"

namespace winnow::scraping {

RequestBudget::Time RequestBudget::ready_at() const {
  if (limit_.requests == 0 || spent_.size() < limit_.requests) return Time::min();
  return spent_.front() + limit_.per;
}

void RequestBudget::spend(Time now) {
  if (limit_.requests == 0) return;
  spent_.push_back(now);
  if (spent_.size() > limit_.requests) spent_.pop_front();
}

}  // namespace winnow::scraping
