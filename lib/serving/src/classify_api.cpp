#include "classify_api.hpp"

#include <charconv>

#include "explanation_picture.hpp"
#include "problems.hpp"
#include "uploads.hpp"
#include "winnow/core/base64.hpp"

namespace winnow::serving {
namespace {

using httpd::Problem;
using httpd::Request;
using httpd::Responder;
using httpd::Response;

struct Question {
  std::shared_ptr<const ServedModel> model;
  std::size_t top_k = 0;
  bool explain = false;
};

std::variant<Question, Problem> read_question(const Request& request, const Backend& backend) {
  Question question{nullptr, backend.options.top_k};
  if (const std::optional<std::string> top = request.parameter("top")) {
    const char* end = top->data() + top->size();
    const auto [stop, error] = std::from_chars(top->data(), end, question.top_k);
    if (error != std::errc{} || stop != end || question.top_k == 0) {
      return bad_parameter("top is the number of classes to answer with: a whole number above 0.");
    }
  }
  if (const std::optional<std::string> explain = request.parameter("explain")) {
    if (*explain != "0" && *explain != "1") return bad_parameter("explain is 1 for a heat map, or 0.");
    question.explain = *explain == "1";
  }
  const std::string version = request.parameter("version").value_or("");
  const auto choice =
      choose_model(request.parameter("model").value_or(""), version, request.parameter("label").value_or(""));
  if (!choice) return bad_parameter("version is a whole number above 0.");
  question.model = backend.models.find(*choice);
  if (!question.model) return unknown_model(choice->name + (version.empty() ? "" : " " + version));
  if (question.explain && !question.model->explains()) {
    return bad_parameter("This model cannot say where on a picture its answer comes from.");
  }
  return question;
}

std::vector<PictureAnswer> make_answers(const Question& question, const std::vector<Picture>& pictures,
                                        const std::vector<Outcome>& outcomes, std::uint64_t max_pixels) {
  const model::Metadata& metadata = question.model->metadata();
  std::vector<PictureAnswer> answers;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const Outcome& outcome = outcomes[i];
    PictureAnswer& answer = answers.emplace_back(
        PictureAnswer{pictures[i].name, outcome ? Result(make_answer(*outcome, metadata, question.top_k))
                                                : Result<inference::Answer>(outcome.failure())});
    if (outcome && question.explain) {
      answer.heat_map = draw_explanation(pictures[i].bytes, *outcome, metadata.preprocessing, max_pixels);
    }
  }
  return answers;
}

Response api_response(const std::vector<PictureAnswer>& answers, bool one, const std::string& request_id) {
  const auto to_json = [](const PictureAnswer& answer) {
    if (!answer.answer) return Json{{"path", answer.name}, {"error", answer.answer.failure().message}};
    Json json = inference::to_json(*answer.answer, answer.name);
    if (!answer.heat_map.empty()) json["heat_map"] = "data:image/jpeg;base64," + answer.heat_map;
    return json;
  };
  if (one) {
    const PictureAnswer& only = answers.front();
    if (!only.answer) return describe_problem(describe_picture_failure(only.answer.failure()), request_id);
    return httpd::json_response(200, to_json(only));
  }
  Json results = Json::array();
  for (const PictureAnswer& answer : answers) results.push_back(to_json(answer));
  return httpd::json_response(200, {{"results", std::move(results)}});
}

std::vector<Input> inputs_of(const std::vector<Picture>& pictures) {
  std::vector<Input> inputs;
  for (const Picture& picture : pictures) inputs.push_back({picture.bytes, {}});
  return inputs;
}

}  // namespace

Response describe_problem(const Problem& problem, const std::string& request_id) {
  Problem named = problem;
  if (!request_id.empty()) named.extra["request_id"] = request_id;
  return httpd::problem_response(named);
}

void ClassifyApi::handle_api(Request request, Responder respond) const {
  const auto kept = std::make_shared<const Request>(std::move(request));
  const auto refuse = [kept](const Problem& problem) { return describe_problem(problem, kept->id); };
  auto read = read_question(*kept, backend_);
  if (const auto* problem = std::get_if<Problem>(&read)) return respond(refuse(*problem));
  auto found = find_pictures(*kept, backend_.options.pictures);
  if (const auto* problem = std::get_if<Problem>(&found)) return respond(refuse(*problem));
  const auto question = std::get<Question>(std::move(read));
  const auto upload = std::make_shared<const Upload>(std::get<Upload>(std::move(found)));
  const auto answer = [question, upload, kept, max_pixels = backend_.options.batching.max_pixels](
                          const std::vector<Outcome>& outcomes) {
    return api_response(make_answers(question, upload->pictures, outcomes, max_pixels), !upload->is_list,
                        kept->id);
  };
  backend_.batcher.push(
      {question.model, kept, inputs_of(upload->pictures), std::move(respond), answer, refuse});
}

void ClassifyApi::handle_form(Request request, Responder respond) const {
  const auto kept = std::make_shared<const Request>(std::move(request));
  const auto refuse = [kept](const Problem& problem) {
    return with_headers_of(problem, httpd::html_response(problem.status, problem_page(problem, kept->path)));
  };
  auto read = read_question(*kept, backend_);
  if (const auto* problem = std::get_if<Problem>(&read)) return respond(refuse(*problem));
  auto found = find_pictures(*kept, backend_.options.pictures);
  if (const auto* problem = std::get_if<Problem>(&found)) return respond(refuse(*problem));
  auto question = std::get<Question>(std::move(read));
  const auto upload = std::make_shared<const Upload>(std::get<Upload>(std::move(found)));
  question.explain = question.model->explains() && find_field(*kept, "explain") == "1";
  const auto answer = [this, question, upload](const std::vector<Outcome>& outcomes) {
    const auto answers =
        make_answers(question, upload->pictures, outcomes, backend_.options.batching.max_pixels);
    return httpd::html_response(200, with_answers_(*question.model, answers));
  };
  backend_.batcher.push(
      {question.model, kept, inputs_of(upload->pictures), std::move(respond), answer, refuse});
}

}  // namespace winnow::serving
