#include "model_card.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "data_sources.hpp"
#include "prepare.hpp"
#include "winnow/stats/interval.hpp"

namespace winnow::training {
namespace {

// With fewer pictures the interval of a recall spans some 30 points and more.
constexpr std::size_t kFewPictures = 30;

using dataset::Split;

Json describe_data(const RunRecord& record) {
  Json classes = Json::array();
  const auto counts = count_samples(record.data);
  for (std::size_t c = 0; c < counts.size(); ++c) {
    const auto& [train, val, test] = counts[c];
    classes.push_back({{"class", record.data.classes[c]}, {"train", train}, {"val", val}, {"test", test}});
  }
  Json data = {{"classes", std::move(classes)},
               {"leaks_between_splits", count_leaks(record.data)},
               {"unreadable", record.skipped.size()}};
  if (record.external != nullptr) {
    data["external_test"] = {{"images", record.external->data.samples.size()},
                             {"copies_left_out", record.external->leaks.size()}};
  }
  if (const std::optional<DataSources> sources = read_data_sources(record.data)) {
    data["licences"] = sources->licences;
    data["sources"] = sources->sources;
    data["without_record"] = sources->unrecorded;
  }
  const Json& curation = record.data.curation;
  if (curation.contains("rejected")) data["rejected"] = curation["rejected"];
  if (curation.contains("labels")) data["labels"] = curation["labels"];
  return data;
}

Json describe_training(const RunRecord& record) {
  const Json& provenance = record.finished.checkpoint.metadata.provenance;
  Json training = Json::object();
  for (const char* member : {"recipe", "seed", "command", "winnow", "created", "weights", "data_sha256"}) {
    if (provenance.contains(member)) training[member] = provenance[member];
  }
  training["seconds"] = record.duration.count();
  if (!record.epochs.empty()) training["epochs"] = record.epochs.size();
  if (!record.trials.empty()) training["trials"] = record.trials;
  if (!record.balance.empty()) training["balance"] = record.balance;
  return training;
}

Json share_of(std::size_t part, std::size_t whole) {
  if (whole == 0) return nullptr;
  const stats::Interval interval = stats::wilson_interval(part, whole);
  return {{"value", static_cast<double>(part) / static_cast<double>(whole)},
          {"interval_95", {interval.low, interval.high}}};
}

Json describe_classes(const Evaluation& evaluation, const std::vector<std::string>& classes) {
  Json rows = Json::array();
  for (std::size_t c = 0; c < classes.size(); ++c) {
    const std::size_t right = evaluation.confusion.count(c, c);
    const std::size_t images = evaluation.confusion.truths(c);
    const std::size_t called = evaluation.confusion.predictions(c);
    rows.push_back({{"class", classes[c]},
                    {"images", images},
                    {"right", right},
                    {"called_so", called},
                    {"recall", share_of(right, images)},
                    {"precision", share_of(right, called)}});
  }
  return rows;
}

Json list_limits(const RunRecord& record) {
  const model::Metadata& metadata = record.finished.checkpoint.metadata;
  Json limits = Json::array();
  limits.push_back(
      "The figures hold for pictures like those they were measured on. Pictures from elsewhere can do "
      "worse.");
  if (!metadata.metrics.contains(kTestSet) && !metadata.metrics.contains(kExternalTestSet)) {
    limits.push_back("There were no test pictures: what is measured on validation pictures flatters.");
  }
  std::vector<std::string> few;
  if (!record.finished.evaluations.empty()) {
    const stats::Confusion& confusion = record.finished.evaluations.back().confusion;
    for (std::size_t c = 0; c < confusion.classes(); ++c) {
      if (confusion.truths(c) < kFewPictures) few.push_back(record.data.classes[c]);
    }
  }
  if (!few.empty()) {
    limits.push_back(fmt::format("Fewer than {} pictures to measure on, so that recall is uncertain: {}.",
                                 kFewPictures, fmt::join(few, ", ")));
  }
  limits.push_back(
      metadata.unknown
          ? "How many pictures of other things are called \"none of these\" was not measured, only how "
            "many of the known classes are kept."
          : "It does not say \"none of these\": every picture gets one of its classes.");
  if (metadata.conformal) {
    limits.push_back(
        "The promise of prediction sets holds for pictures like those they were fitted on; a set is no "
        "test for pictures of other things.");
  }
  limits.push_back("Each picture gets one class; where several things are in it, one is named.");
  limits.push_back(
      "Not examined: differences between groups of people, places or cameras, and pictures altered to "
      "mislead.");
  return limits;
}

std::string percent(const Json& value) {
  return value.is_null() ? "–" : fmt::format("{:.1f} %", 100 * value.get<double>());
}

std::string interval(const Json& ends) {
  return fmt::format("{:.1f} to {:.1f} %", 100 * ends.at(0).get<double>(), 100 * ends.at(1).get<double>());
}

// Text from elsewhere, such that it cannot end a table cell or become markup.
std::string plain(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    if (c == '\n' || c == '\r') {
      safe += ' ';
      continue;
    }
    if (std::string_view("\\|`*_<>[]#&").find(c) != std::string_view::npos) safe += '\\';
    safe += c;
  }
  return safe;
}

std::string plain(const Json& value) {
  return plain(value.is_string() ? value.get<std::string>() : value.dump());
}

std::string render_counts(const Json& counts) {
  std::vector<std::string> parts;
  for (const auto& [name, count] : counts.items()) {
    parts.push_back(
        fmt::format("{} {}", plain(name.empty() ? std::string("not stated") : name), count.dump()));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string render_data(const Json& data) {
  std::string text = "## Data\n\n| class | train | val | test |\n|---|--:|--:|--:|\n";
  for (const Json& row : data.at("classes")) {
    text += fmt::format("| {} | {} | {} | {} |\n", plain(row.at("class")), row.at("train").dump(),
                        row.at("val").dump(), row.at("test").dump());
  }
  text +=
      fmt::format("\nGroups of copies on two sides of the split: {}. Pictures that could not be read: {}.\n",
                  data.at("leaks_between_splits").dump(), data.at("unreadable").dump());
  if (data.contains("external_test")) {
    text += fmt::format(
        "\nExternal test: {} pictures of another set; {} more were copies of pictures trained or "
        "validated on, and left out.\n",
        data["external_test"].at("images").dump(), data["external_test"].at("copies_left_out").dump());
  }
  if (data.contains("licences")) {
    text +=
        fmt::format("\nLicences: {}. Sources: {}. Without a record: {}.\n", render_counts(data["licences"]),
                    render_counts(data["sources"]), data["without_record"].dump());
  } else {
    text += "\nWhere the pictures come from and under which licences was not recorded.\n";
  }
  if (data.contains("rejected")) {
    text += data["rejected"].empty()
                ? std::string("\nCurated; nothing was rejected.\n")
                : fmt::format("\nCurated; rejected: {}.\n", render_counts(data["rejected"]));
  }
  if (data.contains("labels")) {
    text += fmt::format("Labels foretold by models that had not seen them: {}; estimated to be wrong: {}.\n",
                        percent(data["labels"].at("out_of_fold_accuracy")),
                        percent(data["labels"].at("estimated_noise")));
  }
  return text;
}

std::string render_training(const Json& training) {
  std::string text = "\n## Training\n\n";
  for (const auto& [name, value] : training.items()) {
    if (name == "command" || name == "trials" || name == "weights") continue;
    text += fmt::format("- {}: {}\n", plain(name), plain(value));
  }
  if (training.contains("weights")) text += "- pretrained weights:\n";
  const Json weights = training.value("weights", Json::object());
  for (const auto& [name, value] : weights.items()) {
    text += fmt::format("  - {}: {}\n", plain(name), plain(value));
  }
  for (const Json& line : training.value("trials", Json::array())) text += fmt::format("- {}\n", plain(line));
  // Indented by four: no text can end such a block but one with a line break.
  std::string command = training.value("command", "");
  for (char& c : command) c = c == '\n' || c == '\r' ? ' ' : c;
  return text + fmt::format("\n    {}\n", command);
}

std::string render_metrics(const Json& card) {
  std::string text =
      "\n## Measured\n\n| pictures | count | accuracy | 95 % interval | balanced | loss | calibration error "
      "| before "
      "temperature |\n|---|--:|--:|--:|--:|--:|--:|--:|\n";
  for (const auto& [name, values] : card.at("metrics").items()) {
    text += fmt::format("| {} | {} | {} | {} | {} | {:.3f} | {} | {} |\n", plain(name),
                        values.at("images").dump(), percent(values.at("accuracy")),
                        interval(values.at("interval_95")), percent(values.at("balanced_accuracy")),
                        values.at("nll").get<double>(), percent(values.at("calibration_error")),
                        percent(values.at("calibration_error_before")));
  }
  text +=
      "\nValidation pictures (val) chose temperature and thresholds, so what is measured on them flatters.\n";
  if (!card.contains("classes")) return text;
  text += fmt::format(
      "\nBy class, on {}:\n\n| class | images | recall | 95 % interval | called so | precision | 95 % "
      "interval |\n|---|--:|--:|--:|--:|--:|--:|\n",
      plain(card.at("classes_measured_on")));
  const auto share = [](const Json& value) {
    return value.is_null()
               ? std::string("– | –")
               : fmt::format("{} | {}", percent(value.at("value")), interval(value.at("interval_95")));
  };
  for (const Json& row : card["classes"]) {
    text += fmt::format("| {} | {} | {} | {} | {} |\n", plain(row.at("class")), row.at("images").dump(),
                        share(row.at("recall")), row.at("called_so").dump(), share(row.at("precision")));
  }
  return text;
}

std::string render_calibration(const Json& card) {
  const Json& calibration = card.at("calibration");
  std::string text = fmt::format(
      "\n## Calibration and \"none of these\"\n\nTemperature {:.3f}, fitted on {} pictures "
      "that the head had not seen.\n",
      calibration.at("temperature").get<double>(), calibration.at("images").dump());
  if (calibration.contains("conformal")) {
    const Json& rule = calibration["conformal"];
    text += fmt::format(
        "Prediction sets: all classes with a probability of at least {:.3g}, for {:.0f} % coverage.\n",
        rule.at("threshold").get<double>(), 100 * rule.at("coverage").get<double>());
    for (const auto& [name, values] : card.at("metrics").items()) {
      text += fmt::format("Measured on {}: {} hold the true class, {:.2f} classes each.\n", plain(name),
                          percent(values.at("set_coverage")), values.at("set_size").get<double>());
    }
  }
  if (!calibration.contains("unknown")) return text;
  const Json& rule = calibration["unknown"];
  text += fmt::format(
      "\n\"None of these\": pictures whose cosine to the nearest training picture number {} is below "
      "{:.3f}.\n",
      rule.at("neighbours").dump(), rule.at("threshold").get<double>());
  for (const auto& [name, values] : card.at("metrics").items()) {
    text += fmt::format("Measured on {}: {} of {} are kept.\n", plain(name), values.at("recognised").dump(),
                        values.at("images").dump());
  }
  return text;
}

}  // namespace

Json make_model_card(const RunRecord& record) {
  const model::Metadata& metadata = record.finished.checkpoint.metadata;
  const Json about = model::to_json(metadata);
  Json card = {{"format", "winnow-model-card"},
               {"version", 1},
               {"model",
                {{"name", record.name},
                 {"architecture", metadata.architecture},
                 {"classes", metadata.classes},
                 {"preprocessing", about.at("preprocessing")}}},
               {"intended_use",
                "To tell its classes apart in single pictures like those it was trained on. It was not "
                "examined for decisions "
                "about people, nor for use where a wrong answer does harm."},
               {"data", describe_data(record)},
               {"training", describe_training(record)},
               {"metrics", metadata.metrics}};
  if (!record.finished.evaluations.empty()) {
    card["classes_measured_on"] = record.finished.evaluations.back().name;
    card["classes"] = describe_classes(record.finished.evaluations.back(), metadata.classes);
  }
  card["calibration"] = {{"temperature", metadata.temperature},
                         {"images", record.finished.calibration_samples}};
  for (const char* rule : {"conformal", "unknown"}) {
    if (about.contains(rule)) card["calibration"][rule] = about[rule];
  }
  card["limits"] = list_limits(record);
  return card;
}

std::string render_model_card(const Json& card) {
  const Json& about = card.at("model");
  std::vector<std::string> classes;
  for (const Json& name : about.at("classes")) classes.push_back(plain(name));
  std::string text = fmt::format("# Model card: {}\n\n{}, {} classes: {}.\n\n## Intended use\n\n{}\n\n",
                                 plain(about.at("name")), plain(about.at("architecture")), classes.size(),
                                 fmt::join(classes, ", "), card.at("intended_use").get<std::string>());
  text += render_data(card.at("data")) + render_training(card.at("training"));
  if (!card.at("metrics").empty()) text += render_metrics(card);
  text += render_calibration(card) + "\n## Limits\n\n";
  for (const Json& limit : card.at("limits")) text += fmt::format("- {}\n", plain(limit));
  return text;
}

}  // namespace winnow::training
