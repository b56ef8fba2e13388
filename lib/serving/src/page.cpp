#include "page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "assets.hpp"
#include "captcha.hpp"
#include "model_card.hpp"
#include "problems.hpp"
#include "winnow/core/text.hpp"

namespace winnow::serving {
namespace {

using httpd::Asset;
using httpd::Freshness;
using inference::Verdict;

// Relative, so that the site also works below a path of a proxy.
std::string asset_link(std::string_view name, std::string_view content) {
  return "assets/" + httpd::hashed_name(name, content);
}

// Behind what the portal's pages have, too.
std::string stylesheet() {
  return std::string(assets::base_css) + std::string(assets::app_css);
}

std::string stylesheet_link() {
  static const std::string link = asset_link("app.css", stylesheet());
  return link;
}
std::string script_link() {
  return asset_link("app.js", assets::app_js);
}
std::string icon_link() {
  return asset_link("favicon.svg", assets::favicon_svg);
}

// No answer is ever certain, and none impossible. assets/app.js has the same rule.
std::string format_percent(float score) {
  if (score >= 0.995F) return ">99%";
  if (score < 0.005F) return "<1%";
  return fmt::format("{}%", std::lround(score * 100));
}

std::string remark(const inference::Answer& answer) {
  if (!answer.unknown) return "";
  return "This looks unlike everything the model has learned. Closest is " + answer.label + ".";
}

// Whole megabytes, rounded down: "20 MB" is allowed and easy to remember.
std::string format_limit(std::size_t bytes) {
  return bytes < 1'000'000 ? format_bytes(bytes) : fmt::format("{} MB", bytes / 1'000'000);
}

std::string capitalised(std::string_view phrase) {
  std::string text(phrase);
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

Html score_row(const std::string& label, const std::string& percent, const std::string& width) {
  return Html::fill(assets::score_html, {{"label", label}, {"percent", percent}, {"width", width}});
}

Html heat_map_of(const std::string& base64, const std::string& label) {
  if (base64.empty()) return {};
  return Html::fill(
      "<img class=\"heat\" src=\"data:image/jpeg;base64,{{data}}\" alt=\"Heat map: where on the picture the "
      "evidence for {{label}} lies, from dark blue for none to yellow for most\">",
      {{"data", base64}, {"label", label}});
}

Html answer_card(const std::string& name, const inference::Answer& answer, const std::string& heat_map) {
  Html scores;
  for (const inference::LabelScore& score : answer.scores) {
    scores += score_row(score.label, format_percent(score.score), fmt::format("{:.1f}%", score.score * 100));
  }
  const std::string headline = answer.unknown ? "Something else" : answer.label;
  return Html::fill(assets::card_html, {{"tone", std::string(inference::to_string(answer.verdict))},
                                        {"name", name},
                                        {"phrase", capitalised(inference::to_phrase(answer.verdict))},
                                        {"label", headline},
                                        {"remark", remark(answer)},
                                        {"scores", scores},
                                        {"heat_map", heat_map_of(heat_map, answer.label)}});
}

Html failure_card(const std::string& name, const Failure& failure) {
  return Html::fill(assets::card_html, {{"tone", "problem"},
                                        {"name", name},
                                        {"phrase", ""},
                                        {"label", "That did not work"},
                                        {"remark", describe_picture_failure(failure).detail},
                                        {"scores", Html()},
                                        {"heat_map", Html()}});
}

Html describe_model(const ServedModel& model) {
  const model::Metadata& metadata = model.metadata();
  Html classes;
  for (const std::string& label : metadata.classes)
    classes += Html::fill("<li>{{label}}</li>", {{"label", label}});
  return Html::fill(
      "<div><dt>Knows</dt><dd><details><summary>{{count}} "
      "classes</summary><ul>{{classes}}</ul></details></dd></div>"
      "<div><dt>Looks at</dt><dd>{{size}} × {{size}} pixels</dd></div>"
      "<div><dt>Network</dt><dd>{{network}}, model format {{format}}</dd></div>"
      "<div><dt>Reads</dt><dd>JPEG, PNG, WebP, GIF, AVIF, BMP</dd></div>"
      "<div><dt>More</dt><dd><a href=\"models/{{name}}\">Card of {{name}}</a></dd></div>",
      {{"count", std::to_string(metadata.classes.size())},
       {"classes", classes},
       {"size", std::to_string(metadata.preprocessing.size)},
       {"network", metadata.architecture},
       {"format", std::to_string(model::Metadata::kFormatVersion)},
       {"name", model.id().name}});
}

Html link_models(const std::vector<std::string>& names) {
  if (names.empty()) return {};
  Html links;
  for (const std::string& name : names)
    links += Html::fill("<a href=\"?model={{name}}\">{{name}}</a> ", {{"name", name}});
  return Html::fill("<nav class=\"models\" aria-label=\"Other models\">Other models: {{links}}</nav>",
                    {{"links", links}});
}

Html link_annex(const Annex* annex) {
  if (annex == nullptr || annex->link.empty()) return {};
  return Html::fill("<nav class=\"annex\" aria-label=\"More\"><a href=\"{{link}}\">{{text}}</a></nav>",
                    {{"link", annex->link}, {"text", annex->link_text}});
}

// What the page's script goes by.
std::string gate_name(Gate gate) {
  if (gate == Gate::kNone) return "";
  return gate == Gate::kProofOfWork ? "work" : std::string(captcha_service(gate)->field);
}

// The service's script fills the element, and puts its token into the form.
Html captcha_of(Gate gate, const std::string& site_key) {
  const CaptchaService* service = captcha_service(gate);
  if (service == nullptr) return {};
  return Html::fill(
      "<div class=\"{{class}}\" data-sitekey=\"{{key}}\"></div><script src=\"{{script}}\" async "
      "defer></script>",
      {{"class", std::string(service->css_class)},
       {"key", site_key},
       {"script", std::string(service->script)}});
}

Html without_script(Gate gate) {
  if (gate == Gate::kNone) return {};
  return Html::fill(
      "<noscript><p class=\"limits\">To keep robots out, this page needs JavaScript.</p></noscript>", {});
}

struct Notice {
  std::string title;
  std::string detail;
  Html action;
  Html extra_head;
  std::string root = "./";  // the way from the page to the start
};

std::string render(const Notice& notice) {
  return Html::fill(assets::notice_html, {{"extra_head", notice.extra_head},
                                          {"css", notice.root + stylesheet_link()},
                                          {"icon", notice.root + icon_link()},
                                          {"title", notice.title},
                                          {"detail", notice.detail},
                                          {"action", notice.action}})
      .text();
}

}  // namespace

const std::map<std::string, Asset>& page_assets() {
  static const std::map<std::string, Asset> all = [] {
    std::map<std::string, Asset> found;
    const auto add = [&](const std::string& link, std::string_view content, const char* type) {
      found.emplace(fmt::format("/{}", link), Asset(std::string(content), type, Freshness::kForever));
    };
    add(stylesheet_link(), stylesheet(), "text/css; charset=utf-8");
    add(script_link(), assets::app_js, "text/javascript; charset=utf-8");
    add(icon_link(), assets::favicon_svg, "image/svg+xml");
    return found;
  }();
  return all;
}

Page::Page(const ServedModel& model, const std::vector<std::string>& other_models, std::size_t max_body_bytes,
           const SecurityOptions& security, const Annex* annex)
    : id_(model.id()),
      explains_(model.explains()),
      facts_(describe_model(model)),
      others_(link_models(other_models)),
      annex_link_(link_annex(annex)),
      max_body_bytes_(max_body_bytes),
      gate_(security.gate),
      site_key_(security.captcha_site_key),
      empty_(render(Html()), "text/html; charset=utf-8", Freshness::kRevalidate),
      card_(model_card(model, stylesheet_link(), icon_link()), "text/html; charset=utf-8",
            Freshness::kRevalidate) {}

std::string Page::render(const Html& cards) const {
  // The script makes its cards and score rows from the same markup.
  const Html blank_card = Html::fill(assets::card_html, {{"tone", ""},
                                                         {"name", ""},
                                                         {"phrase", ""},
                                                         {"label", ""},
                                                         {"remark", ""},
                                                         {"scores", Html()},
                                                         {"heat_map", Html()}});
  const Html explain =
      explains_ ? Html::fill(
                      "<label class=\"explain\"><input type=\"checkbox\" name=\"explain\" value=\"1\"> "
                      "Show where it looks</label>",
                      {})
                : Html();
  return Html::fill(assets::index_html, {{"css", stylesheet_link()},
                                         {"js", script_link()},
                                         {"icon", icon_link()},
                                         {"model", id_.name},
                                         {"max_bytes", std::to_string(max_body_bytes_)},
                                         {"limit", format_limit(max_body_bytes_)},
                                         {"explain", explain},
                                         {"gate", gate_name(gate_)},
                                         {"captcha", captcha_of(gate_, site_key_)},
                                         {"without_script", without_script(gate_)},
                                         {"others", others_},
                                         {"annex", annex_link_},
                                         {"cards", cards},
                                         {"facts", facts_},
                                         {"blank_card", blank_card},
                                         {"blank_score", score_row("", "", "0%")}})
      .text();
}

std::string Page::with_answers(const std::vector<PictureAnswer>& answers) const {
  Html cards;
  for (const auto& [name, answer, heat_map] : answers) {
    cards += answer ? answer_card(name, *answer, heat_map) : failure_card(name, answer.failure());
  }
  return render(cards);
}

std::string problem_page(const httpd::Problem& problem, std::string_view path) {
  std::string root = "./";
  for (auto slashes = std::ranges::count(path, '/'); slashes > 1; --slashes) root += "../";
  const Html back =
      Html::fill("<p><a class=\"button\" href=\"{{root}}\">Back to the start</a></p>", {{"root", root}});
  return render(Notice{.title = problem.status == 404 ? "Nothing here" : "That did not work",
                       .detail = problem.detail,
                       .action = back,
                       .extra_head = {},
                       .root = root});
}

std::string loading_page() {
  return render(Notice{.title = "One moment",
                       .detail = "The model is being loaded. This page comes back by itself.",
                       .action = {},
                       .extra_head = Html::fill("<meta http-equiv=\"refresh\" content=\"2\">", {})});
}

}  // namespace winnow::serving
