#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "winnow/inference/classifier.hpp"
#include "winnow/serving/model_id.hpp"

namespace winnow::serving {

// A model that answers. Immutable, so thread-safe.
class ServedModel {
 public:
  // Has the classifier answer blank pictures: one, and most_pictures together, because engines prepare
  // themselves for a number of pictures when it first comes, and nobody should wait for that.
  // Throws Error{kInvalid} if the answers make no sense, and what classify() throws. where: stands in errors.
  ServedModel(ModelId id, std::unique_ptr<inference::Classifier> classifier, std::size_t most_pictures,
              const std::string& where);

  [[nodiscard]] const ModelId& id() const { return id_; }
  [[nodiscard]] const model::Metadata& metadata() const { return classifier_->metadata(); }
  [[nodiscard]] std::chrono::system_clock::time_point opened() const { return opened_; }
  [[nodiscard]] inference::Classifier& classifier() const { return *classifier_; }
  // Whether predictions say where on the picture they come from.
  [[nodiscard]] bool explains() const { return explains_; }

  [[nodiscard]] std::vector<inference::Prediction> classify(std::span<const std::uint8_t> pixels) const {
    return classifier_->classify(pixels);
  }

 private:
  const ModelId id_;
  const std::unique_ptr<inference::Classifier> classifier_;
  const std::chrono::system_clock::time_point opened_ = std::chrono::system_clock::now();
  bool explains_ = false;
};

}  // namespace winnow::serving
