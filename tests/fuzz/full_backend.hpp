// A model of two pixels by two, and a queue that is always full: a request that is understood is answered
// 503.
#pragma once

#include <algorithm>

#include "backend.hpp"
#include "fuzz_target.hpp"

namespace winnow::fuzz {

class FullBackend {
 public:
  FullBackend() {
    models_.put(std::make_shared<serving::ServedModel>(serving::ModelId{"m", 1},
                                                       std::make_unique<Undecided>(), std::size_t{1}, "m"));
  }

  [[nodiscard]] serving::Backend get() { return {options_, models_, batcher_}; }

  // For a response that must come before the handler returns. Ends the program unless it comes once, with one
  // of these statuses, and holds JSON.
  template <class Handler>
  void answer(const Handler& handler, httpd::Request request, std::initializer_list<int> statuses) {
    int answers = 0;
    handler(std::move(request), httpd::Responder([&](const httpd::Response& response) {
              ++answers;
              require(std::ranges::find(statuses, response.status) != statuses.end(),
                      "the status is expected");
              require(Json::accept(response.body), "the answer is JSON");
            }));
    require(answers == 1, "there is one answer");
  }

 private:
  class Undecided : public inference::Classifier {
   public:
    Undecided() {
      metadata_.classes = {"a", "b"};
      metadata_.preprocessing.size = 2;
      metadata_.unknown = model::UnknownRule{5, 0.5F};
    }
    [[nodiscard]] const model::Metadata& metadata() const override { return metadata_; }
    std::vector<inference::Prediction> classify(std::span<const std::uint8_t> pixels) override {
      inference::Prediction prediction;
      prediction.probabilities = prediction.logits = {0.5F, 0.5F};
      return std::vector(pixels.size() / image::output_bytes(metadata_.preprocessing), prediction);
    }

   private:
    model::Metadata metadata_;
  };

  static serving::SiteOptions options() {
    serving::SiteOptions options;
    options.batching.queue = 0;
    return options;
  }

  const serving::SiteOptions options_ = options();
  Logger log_{"fuzz"};
  serving::Metrics metrics_;
  serving::Models models_{serving::Models::Labels{}};
  serving::Batcher batcher_{options_.batching, metrics_, log_};
};

}  // namespace winnow::fuzz
