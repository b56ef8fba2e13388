#pragma once

#include <map>
#include <string>
#include <vector>

#include "classify_queue.hpp"
#include "html.hpp"
#include "winnow/httpd/asset.hpp"
#include "winnow/model/metadata.hpp"

namespace winnow::serving {

// Stylesheet, script and icon, by path: "/assets/app.1f3870be274f.css".
[[nodiscard]] const std::map<std::string, httpd::Asset>& page_assets();

// The page of one model. Immutable.
class Page {
 public:
  Page(const model::Metadata& metadata, std::size_t max_body_bytes);

  [[nodiscard]] const httpd::Asset& empty() const { return empty_; }
  // The page with answers on it, for browsers that sent the plain form. One outcome for each name.
  [[nodiscard]] std::string with_answers(const std::vector<Picture>& pictures,
                                         const std::vector<Outcome>& outcomes) const;

 private:
  [[nodiscard]] std::string render(const Html& cards) const;

  Html facts_;
  std::size_t max_body_bytes_;
  httpd::Asset empty_;
};

// A page with one thing to say. path: where it will stand, because links are relative.
[[nodiscard]] std::string problem_page(const httpd::Problem& problem, std::string_view path);
// The same until the model is there; it comes back by itself.
[[nodiscard]] std::string loading_page();

}  // namespace winnow::serving
