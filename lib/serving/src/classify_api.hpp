#pragma once

#include <functional>

#include "backend.hpp"
#include "page.hpp"
#include "winnow/httpd/message.hpp"
#include "winnow/httpd/responder.hpp"

namespace winnow::serving {

// POST /api/classify, and the same for the plain form of the page.
class ClassifyApi {
 public:
  // with_answers: the page that the form is answered with.
  using RenderPage = std::function<std::string(const ServedModel&, const std::vector<PictureAnswer>&)>;

  ClassifyApi(Backend backend, RenderPage with_answers)
      : backend_(backend), with_answers_(std::move(with_answers)) {}

  void handle_api(httpd::Request request, httpd::Responder respond) const;
  void handle_form(httpd::Request request, httpd::Responder respond) const;

 private:
  Backend backend_;
  RenderPage with_answers_;
};

// problem+json, with the id of the request that it is about.
[[nodiscard]] httpd::Response describe_problem(const httpd::Problem& problem, const std::string& request_id);

}  // namespace winnow::serving
