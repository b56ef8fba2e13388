#include "run_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "prepare.hpp"
#include "winnow/core/text.hpp"
#include "winnow/dataset/thumbnail.hpp"
#include "winnow/report/chart.hpp"
#include "winnow/report/page.hpp"
#include "winnow/stats/calibration.hpp"
#include "winnow/stats/interval.hpp"

namespace winnow::training {
namespace {

constexpr std::size_t kMostMistakes = 24;
constexpr std::size_t kMostSkipped = 50;
constexpr int kThumbnailSide = 220;

using dataset::Split;
using report::Page;

const char* describe(const Evaluation& evaluation) {
  if (evaluation.name == kExternalTestSet) return "images of another set, never used for any choice";
  return evaluation.name == kTestSet ? "test images, never used for any choice" : "validation images";
}

// The split that says most: test if there is one.
const Evaluation* headline(const RunRecord& record) {
  return record.finished.evaluations.empty() ? nullptr : &record.finished.evaluations.back();
}

std::size_t count_of(const RunRecord& record, Split split) {
  return samples_of(record.data, split).size();
}

void write_facts(const RunRecord& record, Page& page) {
  std::vector<report::Fact> facts;
  if (const Evaluation* shown = headline(record)) {
    const std::size_t correct = shown->confusion.correct();
    const std::size_t total = shown->confusion.total();
    const stats::Interval interval = stats::wilson_interval(correct, total);
    facts.push_back({fmt::format("{:.1f} %", 100 * shown->confusion.accuracy()),
                     fmt::format("right: {} of {}", correct, total),
                     fmt::format("{}; with 95 % certainty between {:.1f} and {:.1f} %", describe(*shown),
                                 100 * interval.low, 100 * interval.high)});
    facts.push_back({fmt::format("{:.1f} %", 100 * shown->calibration_error), "calibration error",
                     "how far stated confidence is from being right"});
    facts.push_back({fmt::format("{} of {}", shown->recognised, total), "recognised",
                     "the rest would be called \"none of these\""});
  }
  facts.push_back({fmt::format("{}", record.data.samples.size()), "images",
                   fmt::format("{} to train, {} to validate, {} to test", count_of(record, Split::kTrain),
                               count_of(record, Split::kValidation), count_of(record, Split::kTest))});
  facts.push_back(
      {format_duration(record.duration), "minutes in all", record.finished.checkpoint.metadata.architecture});
  page.facts(facts);
}

void write_classes(const RunRecord& record, Page& page) {
  const Evaluation* shown = headline(record);
  if (shown == nullptr) return;
  const stats::Confusion& confusion = shown->confusion;
  page.section("Class by class", fmt::format("On the {}. Precision: of the pictures called so, how many are. "
                                             "Recall: of those that are, how many were called so.",
                                             describe(*shown)));
  report::Table table{
      {"class", "images", "right", "precision", "recall"}, {}, {false, true, true, true, true}};
  for (std::size_t c = 0; c < confusion.classes(); ++c) {
    table.rows.push_back({record.data.classes[c], std::to_string(confusion.truths(c)),
                          std::to_string(confusion.count(c, c)),
                          fmt::format("{:.1f} %", 100 * confusion.precision(c)),
                          fmt::format("{:.1f} %", 100 * confusion.recall(c))});
  }
  page.table(table);
}

std::string draw_reliability(const Evaluation& evaluation) {
  report::LineChart chart{.title = "Reliability: accuracy against confidence",
                          .x_label = "confidence",
                          .y_label = "accuracy",
                          .series = {{"model", {}}},
                          .diagonal = true,
                          .x_range = {0, 1},
                          .y_range = {0, 1}};
  for (const stats::ReliabilityBin& bin :
       stats::reliability(evaluation.probabilities, evaluation.labels, 10)) {
    if (bin.count > 0) chart.series[0].points.emplace_back(bin.confidence, bin.accuracy);
  }
  return report::draw(chart);
}

void write_errors(const RunRecord& record, Page& page) {
  const Evaluation* shown = headline(record);
  if (shown == nullptr) return;
  page.section("What is taken for what",
               "Rows are what the picture is, columns what the model says. On the right: "
               "when it says it is 90 % sure, is it right nine times in ten?");
  const auto count = [&](std::size_t truth, std::size_t answer) {
    return shown->confusion.count(truth, answer);
  };
  page.charts({{report::draw_confusion(record.data.classes, count), "Confusion matrix"},
               {draw_reliability(*shown),
                "Reliability; the dashed line is honesty. Each dot is a tenth of the "
                "confidence scale that has pictures in it."}});
}

void write_learning(const RunRecord& record, Page& page) {
  if (!record.epochs.empty()) {
    report::LineChart loss{.title = "Loss by epoch",
                           .x_label = "epoch",
                           .y_label = "loss",
                           .series = {{"training", {}}, {"validation", {}}}};
    report::LineChart accuracy{.title = "Validation accuracy by epoch",
                               .x_label = "epoch",
                               .y_label = "accuracy",
                               .series = {{"validation", {}}}};
    for (const EpochResult& epoch : record.epochs) {
      loss.series[0].points.emplace_back(epoch.epoch, epoch.train_loss);
      loss.series[1].points.emplace_back(epoch.epoch, epoch.val_nll);
      accuracy.series[0].points.emplace_back(epoch.epoch, epoch.val_accuracy);
    }
    page.section("Learning", "The training loss includes label smoothing, so it does not fall to nothing.");
    page.charts({{report::draw(loss), "Loss"}, {report::draw(accuracy), "Accuracy on validation images"}});
  }
  if (!record.probe_steps.empty()) {
    page.section("Learning",
                 "Five times, a head was fitted on four fifths of the training images and tried on the "
                 "rest. The penalty with the lowest loss was taken.");
    report::Table table{{"penalty", "loss", "accuracy"}, {}, {true, true, true}};
    for (const stats::PenaltyStep& step : record.probe_steps) {
      table.rows.push_back({fmt::format("{:g}", step.l2), fmt::format("{:.4f}", step.nll),
                            fmt::format("{:.1f} %", 100 * step.accuracy)});
    }
    page.table(table);
  }
}

void write_mistakes(const RunRecord& record, Page& page) {
  struct Mistake {
    std::filesystem::path file;
    std::string path;
    int truth;
    int answer;
    float confidence;
  };
  std::vector<Mistake> mistakes;
  for (const Evaluation& evaluation : record.finished.evaluations) {
    for (std::size_t i = 0; i < evaluation.paths.size(); ++i) {
      if (evaluation.predicted[i] == evaluation.labels[i]) continue;
      mistakes.push_back(
          {evaluation.root / evaluation.paths[i], evaluation.paths[i], evaluation.labels[i],
           evaluation.predicted[i],
           evaluation.probabilities.row(i)[static_cast<std::size_t>(evaluation.predicted[i])]});
    }
  }
  std::sort(mistakes.begin(), mistakes.end(),
            [](const Mistake& a, const Mistake& b) { return a.confidence > b.confidence; });
  page.section("Mistakes", mistakes.empty()
                               ? "None on validation and test images."
                               : "On validation and test images, the most confident first. Look whether "
                                 "the model is wrong, or the label.");
  if (mistakes.size() > kMostMistakes) mistakes.resize(kMostMistakes);
  std::vector<report::Picture> pictures;
  for (const Mistake& mistake : mistakes) {
    pictures.push_back(
        {dataset::thumbnail_jpeg(mistake.file, kThumbnailSide),
         fmt::format("{}, {:.0f} %", record.data.classes[static_cast<std::size_t>(mistake.answer)],
                     100 * mistake.confidence),
         fmt::format("labelled {}; {}", record.data.classes[static_cast<std::size_t>(mistake.truth)],
                     mistake.path),
         true});
  }
  if (!pictures.empty()) page.pictures(pictures);
}

void write_data(const RunRecord& record, Page& page) {
  page.section("Data");
  report::Table table{{"class", "train", "val", "test"}, {}, {false, true, true, true}};
  for (std::size_t c = 0; c < record.data.classes.size(); ++c) {
    std::map<Split, std::size_t> counts;
    for (const dataset::Sample& sample : record.data.samples) {
      if (sample.label == static_cast<int>(c)) ++counts[sample.split];
    }
    table.rows.push_back({record.data.classes[c], std::to_string(counts[Split::kTrain]),
                          std::to_string(counts[Split::kValidation]), std::to_string(counts[Split::kTest])});
  }
  page.table(table);
  page.paragraph(fmt::format("Leaks between splits: {}. Copies of one picture are always on the same side.",
                             count_leaks(record.data)));
  if (!record.skipped.empty()) {
    page.paragraph(fmt::format("{} images could not be read and were left out:", record.skipped.size()));
    report::Table skipped{{"file", "reason"}, {}, {}};
    for (std::size_t i = 0; i < std::min(record.skipped.size(), kMostSkipped); ++i) {
      skipped.rows.push_back({record.skipped[i].path, record.skipped[i].failure.message});
    }
    page.table(skipped);
  }
}

}  // namespace

std::string render_run_report(const RunRecord& record) {
  Page page(record.name, fmt::format("{} classes, {} recipe, network {}", record.data.classes.size(),
                                     recipe_name(record.options.recipe),
                                     record.finished.checkpoint.metadata.architecture));
  write_facts(record, page);
  write_classes(record, page);
  write_errors(record, page);
  write_mistakes(record, page);
  write_learning(record, page);
  write_data(record, page);
  page.section("How it was made");
  page.code(record.command_line);
  return page.render();
}

}  // namespace winnow::training
