#include "models.hpp"

#include <algorithm>

namespace winnow::serving {

void Models::put(std::shared_ptr<const ServedModel> model) {
  const std::lock_guard lock(mutex_);
  const ModelId& id = model->id();
  if (std::ranges::find(order_, id.name) == order_.end()) order_.push_back(id.name);
  models_[id.name][id.version].swap(model);
}

void Models::remove(const ModelId& id) {
  std::shared_ptr<const ServedModel> last;  // closed outside of the lock
  const std::lock_guard lock(mutex_);
  const auto found = models_.find(id.name);
  if (found == models_.end()) return;
  if (const auto version = found->second.find(id.version); version != found->second.end()) {
    last = std::move(version->second);
    found->second.erase(version);
  }
  if (!found->second.empty()) return;
  models_.erase(found);
  std::erase(order_, id.name);
}

std::shared_ptr<const ServedModel> Models::find(const ModelChoice& choice) const {
  const std::lock_guard lock(mutex_);
  if (order_.empty()) return nullptr;
  const auto found = models_.find(choice.name.empty() ? order_.front() : choice.name);
  if (found == models_.end()) return nullptr;
  std::optional<std::uint64_t> version = choice.version;
  if (!choice.label.empty()) {
    const auto& known = labels(found->first);
    const auto label = known.find(choice.label);
    if (version || label == known.end()) return nullptr;
    version = label->second;
  }
  if (!version) return found->second.rbegin()->second;
  const auto wanted = found->second.find(*version);
  return wanted == found->second.end() ? nullptr : wanted->second;
}

std::vector<std::string> Models::names() const {
  const std::lock_guard lock(mutex_);
  return order_;
}

std::vector<std::shared_ptr<const ServedModel>> Models::versions(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<const ServedModel>> all;
  if (const auto found = models_.find(name); found != models_.end()) {
    for (const auto& [version, model] : found->second) all.push_back(model);
  }
  return all;
}

const std::map<std::string, std::uint64_t>& Models::labels(const std::string& name) const {
  static const std::map<std::string, std::uint64_t> kNone;
  const auto found = labels_.find(name);
  return found == labels_.end() ? kNone : found->second;
}

std::size_t Models::size() const {
  const std::lock_guard lock(mutex_);
  std::size_t count = 0;
  for (const auto& [name, versions] : models_) count += versions.size();
  return count;
}

}  // namespace winnow::serving
