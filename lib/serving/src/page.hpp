#pragma once

#include <map>
#include <string>
#include <vector>

#include "served_model.hpp"
#include "winnow/core/error.hpp"
#include "winnow/httpd/asset.hpp"
#include "winnow/httpd/html.hpp"
#include "winnow/inference/answer.hpp"
#include "winnow/serving/security.hpp"
#include "winnow/serving/site.hpp"

namespace winnow::serving {

using httpd::Html;

// Stylesheet, script and icon, by path: "/assets/app.1f3870be274f.css".
[[nodiscard]] const std::map<std::string, httpd::Asset>& page_assets();

// What is said of one picture.
struct PictureAnswer {
  std::string name;  // of the file; may be empty
  Result<inference::Answer> answer;
  std::string heat_map = "";  // JPEG in base64; empty without
};

// The page of one model. Immutable.
class Page {
 public:
  // other_models: names, to be linked to. annex: null without.
  Page(const ServedModel& model, const std::vector<std::string>& other_models, std::size_t max_body_bytes,
       const SecurityOptions& security, const Annex* annex);

  [[nodiscard]] const httpd::Asset& empty() const { return empty_; }
  // The page with answers on it, for browsers that sent the plain form.
  [[nodiscard]] std::string with_answers(const std::vector<PictureAnswer>& answers) const;
  // What the model is: its classes, what was measured, where it comes from.
  [[nodiscard]] const httpd::Asset& card() const { return card_; }

 private:
  [[nodiscard]] std::string render(const Html& cards) const;

  const ModelId id_;
  const bool explains_;
  Html facts_;
  Html others_;
  Html annex_link_;
  std::size_t max_body_bytes_;
  const Gate gate_;
  const std::string site_key_;
  httpd::Asset empty_;
  httpd::Asset card_;
};

// A page with one thing to say. path: where it will stand, because links are relative.
[[nodiscard]] std::string problem_page(const httpd::Problem& problem, std::string_view path);
// The same until the model is there; it comes back by itself.
[[nodiscard]] std::string loading_page();

}  // namespace winnow::serving
