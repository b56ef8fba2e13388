#include "hard_pictures.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "class_activation.hpp"
#include "winnow/dataset/thumbnail.hpp"
#include "winnow/image/encode.hpp"

namespace winnow::training {
namespace {

constexpr std::size_t kMostMistakes = 24;
constexpr std::size_t kMostUnsure = 6;
constexpr int kThumbnailSide = 240;
constexpr int kQuality = 80;

struct Hard {
  const Evaluation* evaluation;
  std::size_t index;  // in the evaluation
  int truth;
  int answer;
  float of_truth;  // probability of the true class
  float of_answer;
};

std::vector<Hard> rank(const RunRecord& record, bool wrong) {
  std::vector<Hard> ranked;
  for (const Evaluation& evaluation : record.finished.evaluations) {
    for (std::size_t i = 0; i < evaluation.pictures.samples.size(); ++i) {
      const int truth = evaluation.labels[i];
      const int answer = evaluation.predicted[i];
      if ((answer != truth) != wrong) continue;
      const std::span<const float> row = evaluation.probabilities.row(i);
      ranked.push_back({&evaluation, i, truth, answer, row[static_cast<std::size_t>(truth)],
                        row[static_cast<std::size_t>(answer)]});
    }
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const Hard& a, const Hard& b) { return a.of_truth < b.of_truth; });
  return ranked;
}

// One map for each picture; all 0 where the file can no longer be read, empty if the network has none.
std::vector<image::HeatMap> explain(const RunRecord& record, std::span<const Hard> chosen,
                                    const Context& context) {
  const image::Preprocessing& rule = record.finished.checkpoint.metadata.preprocessing;
  const std::size_t bytes = image::output_bytes(rule);
  std::vector<std::uint8_t> pixels(chosen.size() * bytes);
  std::vector<int> answers;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    answers.push_back(chosen[i].answer);
    const dataset::Dataset& from = chosen[i].evaluation->pictures;
    const Result<Bytes> file = from.read(from.samples[chosen[i].index]);
    // A picture that is gone stays black; its thumbnail is missing too.
    if (file) (void)image::decode_and_preprocess(*file, rule, std::span(pixels).subspan(i * bytes, bytes));
  }
  return class_activations(record.architecture, record.finished.checkpoint.tensors, rule.size, pixels,
                           answers, context);
}

const char* set_name(const Evaluation& evaluation) {
  if (evaluation.name == kValidationSet) return "validation";
  return evaluation.name == kTestSet ? "test" : "external test";
}

std::vector<report::Picture> draw(const RunRecord& record, std::span<const Hard> chosen,
                                  const Context& context) {
  const std::vector<image::HeatMap> maps = explain(record, chosen, context);
  const image::Preprocessing& rule = record.finished.checkpoint.metadata.preprocessing;
  const std::vector<std::string>& classes = record.data.classes;
  std::vector<report::Picture> pictures;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    const Hard& hard = chosen[i];
    const dataset::Dataset& from = hard.evaluation->pictures;
    const dataset::Sample& sample = from.samples[hard.index];
    report::Picture picture{
        .jpeg = {},
        .title =
            fmt::format("{}, {:.0f} %", classes[static_cast<std::size_t>(hard.answer)], 100 * hard.of_answer),
        .caption = fmt::format("labelled {}, {:.1f} %; {}: {}", classes[static_cast<std::size_t>(hard.truth)],
                               100 * hard.of_truth, set_name(*hard.evaluation), sample.path),
        .alarming = hard.answer != hard.truth};
    image::Image small = dataset::thumbnail(from, sample, kThumbnailSide);
    if (!small.empty()) {
      picture.jpeg = image::encode_jpeg(small, kQuality);
      if (!maps.empty()) {
        image::overlay_heat(small, image::seen_region(rule, small.width(), small.height()), maps[i]);
        picture.overlay = image::encode_jpeg(small, kQuality);
      }
    }
    pictures.push_back(std::move(picture));
  }
  return pictures;
}

}  // namespace

HardPictures find_hard_pictures(const RunRecord& record, const Context& context) {
  const std::vector<Hard> mistakes = rank(record, true);
  const std::vector<Hard> right = rank(record, false);
  const auto first = [](const std::vector<Hard>& all, std::size_t most) {
    return std::span(all).first(std::min(all.size(), most));
  };
  return {.mistakes = draw(record, first(mistakes, kMostMistakes), context),
          .all_mistakes = mistakes.size(),
          .unsure = draw(record, first(right, kMostUnsure), context)};
}

}  // namespace winnow::training
