#include "classify/run.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "classify/answer_writer.hpp"
#include "classify/inputs.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/core/progress.hpp"
#include "winnow/core/text.hpp"
#include "winnow/dataset/loader.hpp"
#include "winnow/inference/answer.hpp"
#include "winnow/stats/interval.hpp"

namespace winnow::tools {
namespace {

struct Tally {
  std::size_t answered = 0;
  std::size_t right = 0;
};

void classify_standard_input(inference::Classifier& classifier, const ClassifyOptions& options,
                             AnswerWriter& writer, const cli::ToolContext& context) {
  const std::string name = "standard input";
  const Bytes bytes = read_stream(STDIN_FILENO, name, dataset::LoaderOptions{}.max_file_bytes, context.stop);
  const image::Preprocessing& preprocessing = classifier.metadata().preprocessing;
  std::vector<std::uint8_t> pixels(image::output_bytes(preprocessing));
  const Result<image::ImageInfo> info =
      image::decode_and_preprocess(bytes, preprocessing, pixels, options.limits);
  if (!info) throw Error(ErrorKind::kInvalid, name, info.failure().message);
  writer.write("-", make_answer(classifier.classify(pixels).front(), classifier.metadata(), options.top), "");
}

// Returns how many images could not be read; each has been named.
std::size_t classify_files(inference::Classifier& classifier, const ClassifyOptions& options,
                           const std::vector<InputImage>& images, AnswerWriter& writer, Tally& tally,
                           const cli::ToolContext& context) {
  dataset::Dataset files;
  std::vector<std::size_t> all;
  for (const InputImage& image : images) {
    all.push_back(files.samples.size());
    files.samples.push_back({image.file.string()});
  }
  Progress progress(context.terminal, "classifying", images.size());
  const dataset::LoaderOptions loading{.batch_size = 8, .limits = options.limits};
  const auto failures = dataset::load_batches(
      files, all, classifier.metadata().preprocessing, loading, context, [&](dataset::Batch& batch) {
        const std::vector<inference::Prediction> predictions = classifier.classify(batch.pixels);
        for (std::size_t i = 0; i < predictions.size(); ++i) {
          const InputImage& image = images[batch.indices[i]];
          const inference::Answer answer = make_answer(predictions[i], classifier.metadata(), options.top);
          writer.write(image.name, answer, image.expected);
          ++tally.answered;
          tally.right += answer.label == image.expected ? 1 : 0;
        }
        progress.advance(predictions.size());
      });
  for (const dataset::LoadFailure& failed : failures) {
    context.log.error("{}: {}; skipped", images[failed.index].name, failed.failure.message);
  }
  return failures.size();
}

}  // namespace

cli::Outcome run(const ClassifyOptions& options, cli::ToolContext& context) {
  const InputImages inputs = collect_inputs(options);
  const auto classifier = inference::open_classifier(options.model, {.threads = context.threads});
  AnswerWriter writer(options.format, context.out);
  if (inputs.from_stdin) {
    classify_standard_input(*classifier, options, writer, context);
    writer.finish();
    return cli::Outcome::kDone;
  }

  Tally tally;
  const std::size_t failed = classify_files(*classifier, options, inputs.files, writer, tally, context);
  writer.finish();
  if (tally.answered == 0)
    throw Error(ErrorKind::kInvalid, "",
                fmt::format("{} given, none could be read", format_count(failed, "image")));
  if (!options.expect.empty()) {
    const stats::Interval interval = stats::wilson_interval(tally.right, tally.answered);
    context.log.info("{} of {} right: {:.1f} % (95 % interval {:.1f} to {:.1f} %)", tally.right,
                     tally.answered,
                     100.0 * static_cast<double>(tally.right) / static_cast<double>(tally.answered),
                     100 * interval.low, 100 * interval.high);
  }
  return failed == 0 ? cli::Outcome::kDone : cli::Outcome::kItemsFailed;
}

}  // namespace winnow::tools
