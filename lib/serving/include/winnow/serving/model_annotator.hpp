// Has the pictures of jobs answered by a classifier.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "winnow/inference/classifier.hpp"
#include "winnow/jobs/annotation.hpp"

namespace winnow::serving {

struct AnnotatorOptions {
  std::uint64_t max_pixels = 24'000'000;  // of a picture, as its header claims
  std::size_t top_k = 5;                  // classes in an answer
};

// name: of the model, for the log.
[[nodiscard]] std::shared_ptr<jobs::Annotator> make_annotator(
    std::shared_ptr<inference::Classifier> classifier, std::string name,
    const AnnotatorOptions& options = {});

}  // namespace winnow::serving
