#include "model_card.hpp"

#include <fmt/format.h>

#include "assets.hpp"
#include "winnow/core/text.hpp"
#include "winnow/httpd/html.hpp"

namespace winnow::serving {
namespace {

using httpd::Html;

Html row(const std::string& name, const std::string& value) {
  return Html::fill("<div><dt>{{name}}</dt><dd>{{value}}</dd></div>", {{"name", name}, {"value", value}});
}

std::string percent(double value) {
  return fmt::format("{:.1f} %", 100 * value);
}

// One of metadata.metrics: "test", or "val" where there was no test.
Html measured(const model::Metadata& metadata) {
  for (const auto& [split, name] : {std::pair("test", "test"), {"val", "validation"}}) {
    const Json found = metadata.metrics.is_object() ? metadata.metrics.value(split, Json()) : Json();
    if (!found.is_object() || !found.value("accuracy", Json()).is_number()) continue;
    std::string text = fmt::format("{} of {} {} pictures", percent(found["accuracy"].get<double>()),
                                   found.value("images", 0), name);
    const Json interval = found.value("interval_95", Json());
    if (interval.is_array() && interval.size() == 2 && interval[0].is_number() && interval[1].is_number()) {
      text += fmt::format(" (95 % interval {} to {})", percent(interval[0].get<double>()),
                          percent(interval[1].get<double>()));
    }
    Html rows = row("Right about", text);
    if (found.value("calibration_error", Json()).is_number()) {
      rows += row("How far its percentages are off", percent(found["calibration_error"].get<double>()));
    }
    return rows;
  }
  return row("Right about", "not recorded");
}

Html provenance(const Json& json) {
  Html rows;
  if (!json.is_object()) return rows;
  if (json.value("created", Json()).is_string()) rows += row("Made", json["created"].get<std::string>());
  const Json images = json.value("images", Json());
  if (images.is_object() && images.value("train", Json()).is_number())
    rows += row("Learned from", format_count(images["train"].get<std::uint64_t>(), "picture"));
  const Json weights = json.value("weights", Json());
  if (weights.is_object() && weights.value("source", Json()).is_string()) {
    rows += row("Began with",
                weights["source"].get<std::string>() + ", licence " +
                    (weights.value("licence", Json()).is_string() ? weights["licence"].get<std::string>()
                                                                  : std::string("not recorded")));
  }
  return rows;
}

}  // namespace

std::string model_card(const ServedModel& model, const std::string& stylesheet, const std::string& icon) {
  const model::Metadata& metadata = model.metadata();
  Html classes;
  for (const std::string& label : metadata.classes)
    classes += Html::fill("<li>{{label}}</li>", {{"label", label}});
  Html facts = row("Version", std::to_string(model.id().version));
  facts += row("Network", metadata.architecture);
  facts += row("Sees", fmt::format("{0} x {0} pixels, {1}", metadata.preprocessing.size,
                                   metadata.preprocessing.fit == image::Fit::kCrop
                                       ? "the middle of a picture"
                                       : "the whole of a picture, squeezed"));
  facts += measured(metadata);
  facts += row("Strangers", metadata.unknown ? "are told apart from what it has learned"
                                             : "are not noticed: it always names one of its classes");
  facts += provenance(metadata.provenance);
  return Html::fill(assets::model_html, {{"css", "../" + stylesheet},
                                         {"icon", "../" + icon},
                                         {"name", model.id().name},
                                         {"facts", facts},
                                         {"count", std::to_string(metadata.classes.size()) + " classes"},
                                         {"classes", classes}})
      .text();
}

}  // namespace winnow::serving
