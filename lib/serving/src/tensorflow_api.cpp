#include "tensorflow_api.hpp"

#include "json_body.hpp"
#include "problems.hpp"
#include "tensor.hpp"
#include "winnow/core/base64.hpp"
#include "winnow/core/text.hpp"
#include "winnow/inference/answer.hpp"

namespace winnow::serving {
namespace {

using httpd::Problem;
using httpd::Request;
using httpd::Responder;
using httpd::Response;

// What is asked of which model: "/v1/models/cats/versions/2:predict".
struct Address {
  ModelChoice model;
  std::string verb;  // "predict", "classify", "regress", "metadata", or empty for the status
};

std::optional<Address> parse_address(std::string_view path) {
  path.remove_prefix(std::string_view(TensorflowApi::kRoot).size() + 1);
  Address address;
  const std::size_t colon = path.find(':');
  if (colon != std::string_view::npos) address.verb = path.substr(colon + 1);
  std::vector<std::string_view> words = split(path.substr(0, colon), '/');
  if (colon == std::string_view::npos && words.back() == "metadata" && words.size() > 1) {
    address.verb = "metadata";
    words.pop_back();
  }
  if (words.size() != 1 && words.size() != 3) return std::nullopt;
  const bool by_version = words.size() == 3 && words[1] == "versions";
  const bool by_label = words.size() == 3 && words[1] == "labels";
  if (words[0].empty() || (words.size() == 3 && !by_version && !by_label) || words.back().empty())
    return std::nullopt;
  const auto choice =
      choose_model(std::string(words[0]), by_version ? words[2] : "", by_label ? std::string(words[2]) : "");
  if (!choice) return std::nullopt;
  address.model = *choice;
  return address;
}

Json status_of(const std::vector<std::shared_ptr<const ServedModel>>& models) {
  Json list = Json::array();
  for (const auto& model : models) {
    list.push_back({{"version", std::to_string(model->id().version)},
                    {"state", "AVAILABLE"},
                    {"status", {{"error_code", "OK"}, {"error_message", ""}}}});
  }
  return {{"model_version_status", std::move(list)}};
}

Json tensor_info(const std::string& type, const std::vector<std::int64_t>& shape, const std::string& name) {
  Json dim = Json::array();
  for (const std::int64_t size : shape) dim.push_back({{"size", std::to_string(size)}, {"name", ""}});
  return {
      {"dtype", type}, {"tensor_shape", {{"dim", std::move(dim)}, {"unknown_rank", false}}}, {"name", name}};
}

Json metadata_of(const ServedModel& model) {
  const auto classes = static_cast<std::int64_t>(model.metadata().classes.size());
  const Json signature = {
      {"inputs", {{"image_bytes", tensor_info("DT_STRING", {-1}, "image_bytes:0")}}},
      {"outputs", {{"probabilities", tensor_info("DT_FLOAT", {-1, classes}, "probabilities:0")}}},
      {"method_name", "tensorflow/serving/predict"},
      {"defaults", Json::object()}};
  return {
      {"model_spec",
       {{"name", model.id().name}, {"signature_name", ""}, {"version", std::to_string(model.id().version)}}},
      {"metadata", {{"signature_def", {{"signature_def", {{"serving_default", signature}}}}}}}};
}

// A request could not be understood; the text is for people.
struct Misunderstood {
  std::string text;
};

Input read_picture(const Json& value, const ServedModel& model, std::vector<Bytes>& unpacked) {
  const Json* picture = &value;
  if (value.is_object() && value.size() == 1 && value.begin().key() != "b64") {
    if (value.begin().key() != "image_bytes" && value.begin().key() != "images") {
      throw Misunderstood{"The input of the model is called image_bytes, not " + value.begin().key() + "."};
    }
    picture = &value.begin().value();
  }
  if (picture->is_object()) {
    if (picture->size() != 1 || !picture->contains("b64") || !picture->at("b64").is_string()) {
      throw Misunderstood{R"(A picture is {"b64": "..."}, or the numbers of its pixels.)"};
    }
    std::optional<Bytes> bytes = from_base64(picture->at("b64").get_ref<const std::string&>());
    if (!bytes) throw Misunderstood{"b64 is not base64."};
    unpacked.push_back(std::move(*bytes));
    return {unpacked.back(), {}};
  }
  if (!picture->is_array())
    throw Misunderstood{R"(A picture is {"b64": "..."}, or the numbers of its pixels.)"};
  Bytes pixels;
  const auto side = static_cast<std::size_t>(model.metadata().preprocessing.size);
  if (!flatten_pixels(*picture, {side, side, 3}, pixels)) {
    throw Misunderstood{"The pixels of a picture are whole numbers from 0 to 255, [" + std::to_string(side) +
                        ", " + std::to_string(side) + ", 3]."};
  }
  return {{}, std::move(pixels)};
}

struct Question {
  std::vector<Input> inputs;
  std::vector<Bytes> unpacked;  // what the inputs lie in
  bool rows = true;             // asked with "instances"
};

// Where the pictures of the request stand.
const Json& find_list(const Json& body, const std::string& verb, bool& rows, Json& held) {
  if (verb == "classify") {
    if (!body.contains("examples")) throw Misunderstood{R"(The request has no "examples".)"};
    return body.at("examples");
  }
  rows = body.contains("instances");
  if (rows == body.contains("inputs")) throw Misunderstood{R"(Send either "instances" or "inputs".)"};
  if (rows) return body.at("instances");
  const Json* inputs = &body.at("inputs");
  if (inputs->is_object() && inputs->size() == 1 && inputs->begin().key() != "b64")
    inputs = &inputs->begin().value();
  if (!inputs->is_object()) return *inputs;
  held = Json::array({*inputs});  // one picture
  return held;
}

std::shared_ptr<const Question> read_question(const Json& body, const std::string& verb,
                                              const ServedModel& model, std::size_t most) {
  if (!body.is_object()) throw Misunderstood{"The body is not a JSON object."};
  auto question = std::make_shared<Question>();
  Json held;
  const Json& list = find_list(body, verb, question->rows, held);
  if (!list.is_array() || list.empty()) throw Misunderstood{"The request holds no picture."};
  if (list.size() > most) {
    throw Misunderstood{"The request holds " + format_count(list.size(), "picture") + "; send at most " +
                        std::to_string(most) + " at a time."};
  }
  question->unpacked.reserve(list.size());  // the inputs point into it
  for (const Json& value : list) question->inputs.push_back(read_picture(value, model, question->unpacked));
  return question;
}

Response make_answer(const std::vector<Outcome>& outcomes, const std::string& verb, bool rows,
                     const model::Metadata& metadata) {
  Json list = Json::array();
  for (const Outcome& outcome : outcomes) {
    if (!outcome) return protocol_error(400, "A picture cannot be read: " + outcome.failure().message + ".");
    if (verb == "predict") {
      list.push_back(outcome->probabilities);
      continue;
    }
    Json pairs = Json::array();
    const inference::Answer answer = inference::make_answer(*outcome, metadata, metadata.classes.size());
    for (const auto& [label, score] : answer.scores) pairs.push_back(Json::array({label, score}));
    list.push_back(std::move(pairs));
  }
  return httpd::json_response(200, {{verb == "classify" ? "results"
                                     : rows             ? "predictions"
                                                        : "outputs",
                                     list}});
}

}  // namespace

void TensorflowApi::handle(Request request, Responder respond) const {
  const std::optional<Address> address = parse_address(request.path);
  const bool reads = request.method == "GET" || request.method == "HEAD";
  const bool asks = address && (address->verb == "predict" || address->verb == "classify");
  const bool looks = address && (address->verb.empty() || address->verb == "metadata");
  if (address && address->verb == "regress") {
    return respond(
        protocol_error(400, "The model classifies; there is nothing to regress. Use :classify or :predict."));
  }
  if (!(asks && request.method == "POST") && !(looks && reads)) {
    return respond(protocol_error(400, "Malformed request: " + request.method + " " + request.path));
  }
  const std::shared_ptr<const ServedModel> model = backend_.models.find(address->model);
  if (!model) return respond(protocol_error(404, "Servable not found for request: " + address->model.name));
  if (address->verb == "metadata") return respond(httpd::json_response(200, metadata_of(*model)));
  if (address->verb.empty()) {
    const bool all = !address->model.version && address->model.label.empty();
    return respond(httpd::json_response(
        200, status_of(all ? backend_.models.versions(model->id().name) : std::vector{model})));
  }
  const Result<Json> body = parse_json_body(request.body);
  if (!body) return respond(protocol_error(400, body.failure().message));
  try {
    const auto question = read_question(*body, address->verb, *model, backend_.options.pictures);
    const auto answer = [model, verb = address->verb,
                         rows = question->rows](const std::vector<Outcome>& outcomes) {
      return make_answer(outcomes, verb, rows, model->metadata());
    };
    const auto refuse = [](const Problem& problem) { return protocol_error(problem); };
    backend_.batcher.push({model, question, question->inputs, std::move(respond), answer, refuse});
  } catch (const Misunderstood& misunderstood) {
    respond(protocol_error(400, misunderstood.text));
  }
}

}  // namespace winnow::serving
