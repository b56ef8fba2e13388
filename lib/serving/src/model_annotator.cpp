#include "winnow/serving/model_annotator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "winnow/core/text.hpp"
#include "winnow/image/encode.hpp"
#include "winnow/image/preprocess.hpp"
#include "winnow/inference/answer.hpp"

namespace winnow::serving {
namespace {

constexpr int kThumbnailSide = 112;
constexpr int kThumbnailQuality = 70;

// What the model sees, small: so the sheet shows why it says what it says.
Bytes thumbnail_of(std::span<const std::uint8_t> pixels, int side) {
  const image::PixelView view{pixels.data(), side, side, std::size_t{3} * static_cast<std::size_t>(side)};
  const int small = std::min(side, kThumbnailSide);
  image::Image image(small, small);
  image::resize(view, image.pixels(), small, small);
  return image::encode_jpeg(image, kThumbnailQuality);
}

class ModelAnnotator : public jobs::Annotator {
 public:
  ModelAnnotator(std::shared_ptr<inference::Classifier> classifier, std::string name,
                 const AnnotatorOptions& options)
      : classifier_(std::move(classifier)), name_(std::move(name)), options_(options) {}

  std::vector<jobs::Annotation> annotate(const std::vector<jobs::Picture>& pictures) override {
    const image::Preprocessing& rule = classifier_->metadata().preprocessing;
    const std::size_t each = image::output_bytes(rule);
    Bytes pixels(each * pictures.size());
    std::size_t readable = 0;
    std::vector<jobs::Annotation> annotations(pictures.size());
    for (std::size_t i = 0; i < pictures.size(); ++i) {
      const std::span<std::uint8_t> place(pixels.data() + readable * each, each);
      const auto info =
          image::decode_and_preprocess(pictures[i].bytes, rule, place, {.max_pixels = options_.max_pixels});
      if (!info) {
        annotations[i].unreadable = info.failure().message;
        continue;
      }
      annotations[i].thumbnail = thumbnail_of(place, rule.size);
      ++readable;
    }
    if (readable == 0) return annotations;
    const auto predictions =
        classifier_->classify(std::span<const std::uint8_t>(pixels.data(), readable * each));
    std::size_t next = 0;
    for (std::size_t i = 0; i < pictures.size(); ++i) {
      if (!annotations[i].unreadable.empty()) continue;
      const auto answer =
          inference::make_answer(predictions[next++], classifier_->metadata(), options_.top_k);
      annotations[i].answer = inference::to_json(answer, pictures[i].name);
    }
    return annotations;
  }

  std::string description() const override {
    return fmt::format("answered by {} ({})", name_.empty() ? "the first model" : name_,
                       format_count(classifier_->metadata().classes.size(), "class"));
  }

 private:
  const std::shared_ptr<inference::Classifier> classifier_;
  const std::string name_;
  const AnnotatorOptions options_;
};

}  // namespace

std::shared_ptr<jobs::Annotator> make_annotator(std::shared_ptr<inference::Classifier> classifier,
                                                std::string name, const AnnotatorOptions& options) {
  return std::make_shared<ModelAnnotator>(std::move(classifier), std::move(name), options);
}

}  // namespace winnow::serving
