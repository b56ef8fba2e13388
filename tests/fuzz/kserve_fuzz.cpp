// Input: what stands behind /v2 in the path, the value of Inference-Header-Content-Length ("-": none), each
// with a line feed, and the body of a POST.
#include "full_backend.hpp"
#include "kserve_api.hpp"
#include "kserve_request.hpp"

using namespace winnow;

namespace {

// What is understood can be answered.
void check_answer(const httpd::Request& request, const serving::ServedModel& model) {
  constexpr std::size_t kMost = 8;
  const auto question = serving::read_kserve_request(request, model, kMost);
  if (!question) return;
  fuzz::require(!question->inputs.empty() && question->inputs.size() <= kMost, "as many pictures as allowed");
  for (const serving::Input& input : question->inputs) {
    fuzz::require(input.pixels.empty() || input.pixels.size() == 12, "pixels are of the model's size");
  }
  inference::Prediction prediction;
  prediction.probabilities = prediction.logits = {0.25F, 0.75F};
  const std::vector<serving::Outcome> outcomes(question->inputs.size(), prediction);
  const httpd::Response answer = serving::write_kserve_answer(*question, outcomes, model);
  const auto length = answer.headers.find("Inference-Header-Content-Length");
  const std::size_t json_size = length ? std::stoul(std::string(*length)) : answer.body.size();
  fuzz::require(Json::accept(answer.body.substr(0, json_size)), "the answer begins with JSON");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static fuzz::FullBackend backend;
  static const serving::KserveApi api(backend.get(), [] { return true; });
  std::string_view body = fuzz::as_input(data, size);
  httpd::Request request;
  request.method = "POST";
  request.path = std::string(serving::KserveApi::kRoot) + std::string(fuzz::take_line(body));
  const std::string_view length = fuzz::take_line(body);
  try {
    if (length != "-") request.headers.add("Inference-Header-Content-Length", std::string(length));
  } catch (const Error&) {
    return 0;  // a server does not let it that far
  }
  request.body.assign(body.begin(), body.end());
  check_answer(request, *backend.get().models.find({}));
  const auto handle = [](auto asked, auto respond) { api.handle(std::move(asked), std::move(respond)); };
  backend.answer(handle, std::move(request), {200, 400, 404, 405, 503});
  return 0;
}
