#include "kserve_api.hpp"

#include "kserve_request.hpp"
#include "problems.hpp"
#include "winnow/core/text.hpp"
#include "winnow/httpd/router.hpp"

namespace winnow::serving {
namespace {

using httpd::Problem;
using httpd::Request;
using httpd::Responder;
using httpd::Response;

Json server_metadata() {
  return {{"name", "winnow"},
          {"version", WINNOW_VERSION},
          {"extensions", Json::array({"classification", "binary_tensor_data"})}};
}

Json model_metadata(const ServedModel& model, const Models& models) {
  const int side = model.metadata().preprocessing.size;
  Json versions = Json::array();
  for (const auto& other : models.versions(model.id().name))
    versions.push_back(std::to_string(other->id().version));
  Json inputs = Json::array();
  inputs.push_back({{"name", "images"}, {"datatype", "UINT8"}, {"shape", Json::array({-1, side, side, 3})}});
  return {{"name", model.id().name},
          {"versions", std::move(versions)},
          {"platform", "onnx_onnxv1"},
          {"inputs", std::move(inputs)},
          {"outputs", kserve_outputs(model)}};
}

// "/v2/models/cats/versions/2/infer".
struct Address {
  ModelChoice model;
  std::string verb;  // "infer", "ready", or empty for the metadata
};

std::optional<Address> parse_address(std::string_view path) {
  std::vector<std::string_view> words = split(path, '/');  // "", "v2", "models", NAME, ...
  if (words.size() < 4 || words[2] != "models" || words[3].empty()) return std::nullopt;
  Address address;
  std::string_view version;
  std::size_t next = 4;
  if (words.size() > 5 && words[4] == "versions") {
    version = words[5];
    if (version.empty()) return std::nullopt;
    next = 6;
  }
  if (words.size() > next + 1) return std::nullopt;
  if (words.size() == next + 1) address.verb = words[next];
  const auto choice = choose_model(std::string(words[3]), version);
  if (!choice) return std::nullopt;
  address.model = *choice;
  return address;
}

}  // namespace

void KserveApi::handle(Request request, Responder respond) const {
  const bool reads = request.method == "GET" || request.method == "HEAD";
  const auto allow = [&](const char* methods) {
    Response response = protocol_error(405, "Use " + std::string(methods) + ".");
    response.headers.set("Allow", methods);
    return response;
  };
  if (request.path == kRoot) {
    return respond(reads ? httpd::json_response(200, server_metadata()) : allow("GET"));
  }
  if (request.path == "/v2/health/live" || request.path == "/v2/health/ready") {
    if (!reads) return respond(allow("GET"));
    const bool live = request.path.ends_with("live");
    const bool well = live || ready_();
    return respond(httpd::json_response(well ? 200 : 503, {{live ? "live" : "ready", well}}));
  }
  const std::optional<Address> address = parse_address(request.path);
  const bool asks = address && address->verb == "infer";
  if (!address || (!asks && !address->verb.empty() && address->verb != "ready")) {
    return respond(protocol_error(404, "There is nothing at " + request.path + "."));
  }
  if (asks ? request.method != "POST" : !reads) return respond(allow(asks ? "POST" : "GET"));
  const std::shared_ptr<const ServedModel> model = backend_.models.find(address->model);
  if (!model)
    return respond(
        protocol_error(404, "Request for unknown model: '" + address->model.name + "' is not found"));
  if (address->verb == "ready") {
    return respond(httpd::json_response(200, {{"name", model->id().name}, {"ready", true}}));
  }
  if (!asks) return respond(httpd::json_response(200, model_metadata(*model, backend_.models)));

  const auto kept = std::make_shared<const Request>(std::move(request));
  Result<KserveQuestion> read = read_kserve_request(*kept, *model, backend_.options.pictures);
  if (!read) return respond(protocol_error(400, read.failure().message));
  const auto question = std::make_shared<KserveQuestion>(std::move(*read));
  std::vector<Input> inputs = std::move(question->inputs);
  const auto answer = [model, question, kept](const std::vector<Outcome>& outcomes) {
    for (const Outcome& outcome : outcomes) {
      if (!outcome)
        return protocol_error(400, "A picture cannot be read: " + outcome.failure().message + ".");
    }
    return write_kserve_answer(*question, outcomes, *model);
  };
  const auto refuse = [](const Problem& problem) { return protocol_error(problem); };
  backend_.batcher.push({model, kept, std::move(inputs), std::move(respond), answer, refuse});
}

}  // namespace winnow::serving
