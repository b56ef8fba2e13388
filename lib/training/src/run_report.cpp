#include "run_report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "hard_pictures.hpp"
#include "prepare.hpp"
#include "winnow/core/text.hpp"
#include "winnow/report/chart.hpp"
#include "winnow/report/page.hpp"
#include "winnow/stats/calibration.hpp"
#include "winnow/stats/interval.hpp"

namespace winnow::training {
namespace {

constexpr std::size_t kMostSkipped = 50;
constexpr std::size_t kMostLeaks = 50;
constexpr std::size_t kMostPairs = 15;
constexpr std::size_t kLargestMatrix = 40;  // classes; beyond that cells are too small to read
constexpr int kBins = 10;

using dataset::Split;
using report::Page;

const char* describe(const Evaluation& evaluation) {
  if (evaluation.name == kExternalTestSet) return "images of another set, never used for any choice";
  return evaluation.name == kTestSet ? "test images, never used for any choice" : "validation images";
}

const char* set_name(const Evaluation& evaluation) {
  if (evaluation.name == kValidationSet) return "validation";
  return evaluation.name == kTestSet ? "test" : "external test";
}

std::string percent(double share) {
  return fmt::format("{:.1f} %", 100 * share);
}

// For what nothing can be said of.
std::string percent_of(double share, std::size_t count) {
  return count == 0 ? "–" : percent(share);
}

// The set that says most: the last, for they are in rising order.
const Evaluation* headline(const RunRecord& record) {
  return record.finished.evaluations.empty() ? nullptr : &record.finished.evaluations.back();
}

void write_facts(const RunRecord& record, Page& page) {
  const model::Metadata& metadata = record.finished.checkpoint.metadata;
  std::vector<report::Fact> facts;
  if (const Evaluation* shown = headline(record)) {
    const std::size_t correct = shown->confusion.correct();
    const std::size_t total = shown->confusion.total();
    const stats::Interval interval = stats::wilson_interval(correct, total);
    facts.push_back({percent(shown->confusion.accuracy()), fmt::format("right: {} of {}", correct, total),
                     fmt::format("{}; 95 % Wilson interval {:.1f} to {:.1f} %", describe(*shown),
                                 100 * interval.low, 100 * interval.high)});
    facts.push_back({percent(shown->calibration_error), "calibration error",
                     "how far stated confidence is from being right"});
    if (metadata.unknown) {
      facts.push_back({fmt::format("{} of {}", shown->recognised, total), "recognised",
                       "the rest would be called \"none of these\""});
    }
  }
  const auto count = [&](Split split) { return samples_of(record.data, split).size(); };
  facts.push_back({fmt::format("{}", record.data.samples.size()), "images",
                   fmt::format("{} to train, {} to validate, {} to test", count(Split::kTrain),
                               count(Split::kValidation), count(Split::kTest))});
  facts.push_back({fmt::format("{}", count_leaks(record.data)), "leaks between splits",
                   "copies of one picture that stand on two sides"});
  facts.push_back({format_duration(record.duration), "minutes in all", metadata.architecture});
  page.facts(facts);
}

void write_sets(const RunRecord& record, Page& page) {
  if (record.finished.evaluations.empty()) return;
  const model::Metadata& metadata = record.finished.checkpoint.metadata;
  page.section(
      "How good it is",
      "Validation images chose the temperature and the thresholds, so what is measured on them flatters.");
  report::Table table{
      {"images of", "count", "accuracy", "95 % interval", "balanced", "loss", "calibration error"},
      {},
      {false, true, true, true, true, true, true}};
  if (metadata.conformal) {
    table.header.insert(table.header.end(), {"sets hold it", "classes a set"});
    table.numeric.insert(table.numeric.end(), {true, true});
  }
  for (const Evaluation& evaluation : record.finished.evaluations) {
    const std::size_t total = evaluation.confusion.total();
    const stats::Interval interval = stats::wilson_interval(evaluation.confusion.correct(), total);
    table.rows.push_back({set_name(evaluation), std::to_string(total),
                          percent(evaluation.confusion.accuracy()),
                          fmt::format("{:.1f} to {:.1f} %", 100 * interval.low, 100 * interval.high),
                          percent(evaluation.confusion.balanced_accuracy()),
                          fmt::format("{:.3f}", evaluation.nll), percent(evaluation.calibration_error)});
    if (!metadata.conformal) continue;
    const auto count = static_cast<double>(total);
    table.rows.back().push_back(percent(static_cast<double>(evaluation.sets.covered) / count));
    table.rows.back().push_back(fmt::format("{:.2f}", static_cast<double>(evaluation.sets.classes) / count));
  }
  page.table(table);
  if (metadata.conformal) {
    page.paragraph(
        fmt::format("A set of all classes with a probability of at least {:.3g} shall hold the true one "
                    "{:.0f} % of the time, for "
                    "pictures like the {} it was fitted on.",
                    metadata.conformal->threshold, 100 * metadata.conformal->coverage,
                    record.finished.calibration_samples));
  }
}

void write_classes(const RunRecord& record, Page& page) {
  const Evaluation* shown = headline(record);
  if (shown == nullptr) return;
  const stats::Confusion& confusion = shown->confusion;
  page.section("Class by class",
               fmt::format("On the {}. Recall: of the images of a class, how many were called so. "
                           "Precision: of those called so, how many are.",
                           describe(*shown)));
  report::Table table{{"class", "images", "right", "recall", "called so", "precision"},
                      {},
                      {false, true, true, true, true, true}};
  for (std::size_t c = 0; c < confusion.classes(); ++c) {
    const std::size_t truths = confusion.truths(c);
    const std::size_t called = confusion.predictions(c);
    table.rows.push_back({record.data.classes[c], std::to_string(truths),
                          std::to_string(confusion.count(c, c)), percent_of(confusion.recall(c), truths),
                          std::to_string(called), percent_of(confusion.precision(c), called)});
  }
  page.table(table);
}

// The pairs of classes that are mixed up most.
report::Table confused_pairs(const stats::Confusion& confusion, const std::vector<std::string>& classes) {
  struct Pair {
    std::size_t count, truth, answer;
  };
  std::vector<Pair> pairs;
  for (std::size_t truth = 0; truth < classes.size(); ++truth) {
    for (std::size_t answer = 0; answer < classes.size(); ++answer) {
      const std::size_t count = confusion.count(truth, answer);
      if (truth != answer && count > 0) pairs.push_back({count, truth, answer});
    }
  }
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const Pair& a, const Pair& b) { return a.count > b.count; });
  if (pairs.size() > kMostPairs) pairs.resize(kMostPairs);
  report::Table table{{"is", "is called", "images", "of"}, {}, {false, false, true, true}};
  for (const Pair& pair : pairs) {
    table.rows.push_back({classes[pair.truth], classes[pair.answer], std::to_string(pair.count),
                          std::to_string(confusion.truths(pair.truth))});
  }
  return table;
}

struct Reliability {
  std::string chart;
  report::Table numbers;
};

Reliability draw_reliability(const Evaluation& evaluation) {
  report::LineChart chart{.title = "Reliability: accuracy against confidence; the numbers follow below",
                          .x_label = "confidence",
                          .y_label = "accuracy",
                          .series = {{"model", {}}},
                          .diagonal = true,
                          .x_range = {0, 1},
                          .y_range = {0, 1}};
  report::Table table{{"confidence", "images", "mean confidence", "accuracy"}, {}, {false, true, true, true}};
  for (const stats::ReliabilityBin& bin :
       stats::reliability(evaluation.probabilities, evaluation.labels, kBins)) {
    if (bin.count == 0) continue;
    chart.series[0].points.emplace_back(bin.confidence, bin.accuracy);
    table.rows.push_back({fmt::format("{:.0f} to {:.0f} %", 100 * bin.low, 100 * bin.high),
                          std::to_string(bin.count), percent(bin.confidence), percent(bin.accuracy)});
  }
  return {report::draw(chart), std::move(table)};
}

void write_errors(const RunRecord& record, Page& page) {
  const Evaluation* shown = headline(record);
  if (shown == nullptr) return;
  const std::vector<std::string>& classes = record.data.classes;
  page.section(
      "What is taken for what",
      "Rows are what the picture is, columns what the model says. Reliability: when it says it is 90 % sure, "
      "is it right nine times in ten?");
  std::vector<std::pair<std::string, std::string>> charts;
  if (classes.size() <= kLargestMatrix) {
    charts.emplace_back(report::draw_confusion(classes,
                                               [&](std::size_t truth, std::size_t answer) {
                                                 return shown->confusion.count(truth, answer);
                                               }),
                        fmt::format("Confusion matrix, {}", describe(*shown)));
  }
  const Reliability reliability = draw_reliability(*shown);
  charts.emplace_back(
      reliability.chart,
      fmt::format("Reliability. The dashed line is honesty; each dot is a tenth of the scale that has "
                  "pictures in it. Before the temperature of {:.2f} the calibration error was {}.",
                  record.finished.checkpoint.metadata.temperature, percent(shown->calibration_error_before)));
  page.charts(charts);
  const report::Table pairs = confused_pairs(shown->confusion, classes);
  if (!pairs.rows.empty()) page.numbers("The pairs mixed up most, as a table", pairs);
  page.numbers("Reliability, as a table", reliability.numbers);
}

void write_epochs(const RunRecord& record, Page& page) {
  report::LineChart loss{.title = "Loss by epoch, training and validation; the numbers follow below",
                         .x_label = "epoch",
                         .y_label = "loss",
                         .series = {{"training", {}}, {"validation", {}}}};
  report::LineChart accuracy{.title = "Validation accuracy by epoch; the numbers follow below",
                             .x_label = "epoch",
                             .y_label = "accuracy",
                             .series = {{"validation", {}}}};
  report::LineChart rate{.title = "Learning rate by epoch; the numbers follow below",
                         .x_label = "epoch",
                         .y_label = "learning rate",
                         .series = {{"learning rate", {}}}};
  report::Table table{
      {"epoch", "training loss", "validation loss", "validation accuracy", "learning rate", "images/s"},
      {},
      std::vector<bool>(6, true)};
  for (const EpochResult& epoch : record.epochs) {
    loss.series[0].points.emplace_back(epoch.epoch, epoch.train_loss);
    loss.series[1].points.emplace_back(epoch.epoch, epoch.val_nll);
    accuracy.series[0].points.emplace_back(epoch.epoch, epoch.val_accuracy);
    rate.series[0].points.emplace_back(epoch.epoch, epoch.learning_rate);
    const bool validated = epoch.val_nll == epoch.val_nll;  // not NaN
    table.rows.push_back({std::to_string(epoch.epoch), fmt::format("{:.4f}", epoch.train_loss),
                          validated ? fmt::format("{:.4f}", epoch.val_nll) : "–",
                          validated ? percent(epoch.val_accuracy) : "–",
                          fmt::format("{:.2g}", epoch.learning_rate),
                          fmt::format("{:.0f}", epoch.images_per_second)});
  }
  page.charts(
      {{report::draw(loss), "Loss. In training it includes label smoothing, so it does not fall to nothing."},
       {report::draw(accuracy), "Accuracy on validation images"},
       {report::draw(rate), "Learning rate"}});
  page.numbers("Every epoch, as a table", table);
}

void write_learning(const RunRecord& record, Page& page) {
  page.section("Learning");
  if (!record.trials.empty()) page.list(record.trials);
  if (!record.balance.empty()) page.paragraph(record.balance);
  if (!record.epochs.empty()) write_epochs(record, page);
  if (record.probe_steps.empty()) return;
  page.paragraph(
      "A head was fitted five times on four fifths of the training images and tried on the rest; the penalty "
      "with the "
      "lowest loss was taken.");
  report::Table table{{"penalty", "loss", "accuracy"}, {}, {true, true, true}};
  for (const stats::PenaltyStep& step : record.probe_steps) {
    table.rows.push_back(
        {fmt::format("{:g}", step.l2), fmt::format("{:.4f}", step.nll), percent(step.accuracy)});
  }
  page.table(table);
}

void write_hard_pictures(const RunRecord& record, Page& page, const Context& context) {
  if (record.finished.evaluations.empty()) return;
  const HardPictures hard = find_hard_pictures(record, context);
  constexpr const char* kMaps =
      "The second picture shows where the evidence for the answer lies, yellow the most. The network sees "
      "what is coloured.";
  const auto has_map = [](const report::Picture& picture) { return !picture.overlay.empty(); };
  const bool has_maps = std::any_of(hard.mistakes.begin(), hard.mistakes.end(), has_map) ||
                        std::any_of(hard.unsure.begin(), hard.unsure.end(), has_map);
  if (hard.mistakes.empty()) {
    page.section("Mistakes", "None.");
  } else {
    page.section("Mistakes",
                 fmt::format("{} of {}, the most wrong first. Look whether the model is wrong, or the "
                             "label. {}",
                             hard.mistakes.size(), hard.all_mistakes, has_maps ? kMaps : ""));
    page.pictures(hard.mistakes);
  }
  if (hard.unsure.empty()) return;
  page.section("Right, but least sure", has_maps ? kMaps : "");
  page.pictures(hard.unsure);
}

void write_skipped(const RunRecord& record, Page& page) {
  if (record.skipped.empty()) return;
  page.paragraph(fmt::format("{} images could not be read and were left out:", record.skipped.size()));
  report::Table skipped{{"file", "reason"}, {}, {}};
  for (std::size_t i = 0; i < std::min(record.skipped.size(), kMostSkipped); ++i) {
    skipped.rows.push_back({record.skipped[i].path, record.skipped[i].failure.message});
  }
  page.table(skipped);
}

void write_data(const RunRecord& record, Page& page) {
  page.section("Data");
  report::Table table{{"class", "train", "val", "test"}, {}, {false, true, true, true}};
  const auto counts = count_samples(record.data);
  for (std::size_t c = 0; c < counts.size(); ++c) {
    const auto& [train, val, test] = counts[c];
    table.rows.push_back(
        {record.data.classes[c], std::to_string(train), std::to_string(val), std::to_string(test)});
  }
  page.table(table);
  page.paragraph(fmt::format("Leaks between splits: {}. Copies of one picture are always on the same side.",
                             count_leaks(record.data)));
  if (record.external != nullptr && !record.external->leaks.empty()) {
    page.paragraph(
        fmt::format("{} images of the external test are copies of images trained or validated on, and were "
                    "left out:",
                    record.external->leaks.size()));
    const auto end = static_cast<std::ptrdiff_t>(std::min(record.external->leaks.size(), kMostLeaks));
    page.list({record.external->leaks.begin(), record.external->leaks.begin() + end});
  }
  write_skipped(record, page);
}

}  // namespace

std::string render_run_report(const RunRecord& record, const Context& context) {
  const model::Metadata& metadata = record.finished.checkpoint.metadata;
  Page page(record.name, fmt::format("{} classes, {} recipe, network {}", record.data.classes.size(),
                                     metadata.provenance.value("recipe", "unknown"), metadata.architecture));
  write_facts(record, page);
  write_sets(record, page);
  write_classes(record, page);
  write_errors(record, page);
  write_hard_pictures(record, page, context);
  write_learning(record, page);
  write_data(record, page);
  page.section("How it was made");
  page.code(record.command_line);
  return page.render();
}

}  // namespace winnow::training
