#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "served_model.hpp"

namespace winnow::serving {

// Which model a request asks for; an empty name stands for the first that was opened.
struct ModelChoice {
  std::string name;
  std::optional<std::uint64_t> version;
  std::string label;  // instead of a version, such as "stable"; empty without
};

// The versions that answer. Thread-safe: who has found one keeps it, also when it is replaced meanwhile.
class Models {
 public:
  // label names: by model name, then label.
  using Labels = std::map<std::string, std::map<std::string, std::uint64_t>>;

  explicit Models(Labels labels) : labels_(std::move(labels)) {}

  // In place of the same version, if there is one.
  void put(std::shared_ptr<const ServedModel> model);
  void remove(const ModelId& id);

  // Without version and label the newest. Nothing if there is none such.
  [[nodiscard]] std::shared_ptr<const ServedModel> find(const ModelChoice& choice) const;
  [[nodiscard]] std::vector<std::string> names() const;  // in the order in which they were opened
  // Of one model, rising; empty for an unknown one.
  [[nodiscard]] std::vector<std::shared_ptr<const ServedModel>> versions(const std::string& name) const;
  [[nodiscard]] const std::map<std::string, std::uint64_t>& labels(const std::string& name) const;
  [[nodiscard]] std::size_t size() const;  // versions of all models

 private:
  using Versions = std::map<std::uint64_t, std::shared_ptr<const ServedModel>>;

  const Labels labels_;
  mutable std::mutex mutex_;
  std::vector<std::string> order_;
  std::map<std::string, Versions> models_;
};

}  // namespace winnow::serving
