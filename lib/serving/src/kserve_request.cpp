#include "kserve_request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "json_body.hpp"
#include "tensor.hpp"
#include "winnow/core/base64.hpp"
#include "winnow/core/text.hpp"
#include "winnow/image/format.hpp"
#include "winnow/image/preprocess.hpp"

namespace winnow::serving {
namespace {

constexpr const char* kHeaderLength = "Inference-Header-Content-Length";

// A request could not be understood; the text is for people.
struct Misunderstood {
  std::string text;
};

std::uint32_t read_length(ByteSpan bytes) {
  return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | static_cast<std::uint32_t>(bytes[3]) << 24;
}

void append_length(std::string& out, std::size_t length) {
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(length >> shift & 255);
}

std::size_t picture_bytes(const ServedModel& model) {
  return image::output_bytes(model.metadata().preprocessing);
}

// Takes a request apart, front to back.
class Reader {
 public:
  Reader(const httpd::Request& request, const ServedModel& model, std::size_t most)
      : request_(request), model_(model), most_(most) {}

  KserveQuestion read() {
    const std::size_t json_size = header_length();
    binary_ = ByteSpan(request_.body).subspan(json_size);
    if (json_size == 0) {
      read_raw();
    } else {
      read_json(ByteSpan(request_.body).first(json_size));
    }
    return std::move(question_);
  }

 private:
  std::size_t header_length() const {
    const auto text = request_.headers.find(kHeaderLength);
    if (!text) return request_.body.size();
    std::size_t length = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), length);
    if (error != std::errc{} || end != text->data() + text->size() || length > request_.body.size()) {
      throw Misunderstood{
          fmt::format("{} is not the length of the JSON in front of the body.", kHeaderLength)};
    }
    return length;
  }

  // One picture and nothing else: a file, or exactly its pixels.
  void read_raw() {
    if (request_.body.empty()) throw Misunderstood{"The body is empty."};
    const bool pixels =
        binary_.size() == picture_bytes(model_) && !image::is_decodable(image::detect_format(binary_));
    question_.inputs.push_back(pixels ? Input{{}, Bytes(binary_.begin(), binary_.end())}
                                      : Input{binary_, {}});
    add_all_outputs(true);
  }

  void read_json(ByteSpan text) {
    Result<Json> parsed = parse_json_body(text);
    if (!parsed) throw Misunderstood{parsed.failure().message};
    const Json& json = *parsed;
    if (!json.is_object()) throw Misunderstood{"The body is not a JSON object."};
    if (json.contains("id")) {
      if (!json.at("id").is_string()) throw Misunderstood{"id is not a string."};
      question_.id = json.at("id").get<std::string>();
    }
    const Json inputs = json.value("inputs", Json());
    if (!inputs.is_array() || inputs.size() != 1 || !inputs[0].is_object()) {
      throw Misunderstood{
          R"(The model takes one input: "images" (UINT8 pixels) or "image" (files in BYTES).)"};
    }
    read_input(inputs[0]);
    if (!binary_.empty()) {
      throw Misunderstood{fmt::format("{} bytes behind the JSON belong to no input.", binary_.size())};
    }
    read_outputs(json);
  }

  void read_input(const Json& input) {
    const std::string name = text_of(input, "name");
    const std::string type = text_of(input, "datatype");
    const Json parameters = input.value("parameters", Json::object());
    const bool binary = parameters.is_object() && parameters.contains("binary_data_size");
    if (binary == input.contains("data"))
      throw Misunderstood{"An input has either data or binary_data_size."};
    const std::vector<std::size_t> shape = read_shape(input);
    if (name == "images" && type == "UINT8") return read_pixels(input, shape, binary);
    if (name == "image" && type == "BYTES") return read_files(input, shape, binary);
    throw Misunderstood{
        fmt::format(R"(The model takes "images" in UINT8, or "image" in BYTES, but not "{}" in {}.)",
                    printable(name, 50), printable(type, 20))};
  }

  void read_pixels(const Json& input, const std::vector<std::size_t>& shape, bool binary) {
    const auto side = static_cast<std::size_t>(model_.metadata().preprocessing.size);
    if (shape.size() != 4 || shape[1] != side || shape[2] != side || shape[3] != 3) {
      throw Misunderstood{fmt::format("The shape of images is [n, {}, {}, 3].", side, side)};
    }
    const std::size_t size = picture_bytes(model_);
    Bytes all;
    if (binary) {
      const ByteSpan taken = take(input, shape[0] * size);
      all.assign(taken.begin(), taken.end());
    } else {
      const Json& data = input.at("data");
      const bool nested = data.is_array() && !data.empty() && data[0].is_array();
      const std::size_t flat[] = {shape[0] * size};
      if (!flatten_pixels(
              data, nested ? std::span<const std::size_t>(shape) : std::span<const std::size_t>(flat), all)) {
        throw Misunderstood{"data is not what shape says, in whole numbers from 0 to 255."};
      }
    }
    for (std::size_t i = 0; i < shape[0]; ++i) {
      const ByteSpan one = ByteSpan(all).subspan(i * size, size);
      question_.inputs.push_back({{}, Bytes(one.begin(), one.end())});
    }
  }

  // In JSON a file is base64: its bytes are no text.
  void read_files(const Json& input, const std::vector<std::size_t>& shape, bool binary) {
    if (shape.size() != 1) throw Misunderstood{"The shape of image is [n]."};
    if (!binary) {
      const Json& data = input.at("data");
      if (!data.is_array() || data.size() != shape[0]) throw Misunderstood{"data is not what shape says."};
      question_.unpacked.reserve(shape[0]);
      for (const Json& text : data) {
        std::optional<Bytes> bytes;
        if (text.is_string()) bytes = from_base64(text.get_ref<const std::string&>());
        if (!bytes) throw Misunderstood{"In JSON a file is a string of base64."};
        question_.unpacked.push_back(std::move(*bytes));
        question_.inputs.push_back({question_.unpacked.back(), {}});
      }
      return;
    }
    ByteSpan taken = take(input, std::nullopt);
    for (std::size_t i = 0; i < shape[0]; ++i) {
      if (taken.size() < 4 || taken.size() - 4 < read_length(taken))
        throw Misunderstood{"A BYTES input ends early."};
      const std::uint32_t length = read_length(taken);
      question_.inputs.push_back({taken.subspan(4, length), {}});
      taken = taken.subspan(4 + std::size_t{length});
    }
    if (!taken.empty()) throw Misunderstood{"A BYTES input has more than its shape says."};
  }

  // The bytes of a binary input.
  ByteSpan take(const Json& input, std::optional<std::size_t> expected) {
    const Json& size = input.at("parameters").at("binary_data_size");
    if (!size.is_number_unsigned() || size.get<std::size_t>() > binary_.size() ||
        (expected && size.get<std::size_t>() != *expected)) {
      throw Misunderstood{"binary_data_size fits neither the shape nor the body."};
    }
    const ByteSpan taken = binary_.first(size.get<std::size_t>());
    binary_ = binary_.subspan(taken.size());
    return taken;
  }

  std::vector<std::size_t> read_shape(const Json& input) const {
    const Json shape = input.value("shape", Json());
    std::vector<std::size_t> sizes;
    if (shape.is_array()) {
      for (const Json& size : shape) {
        if (size.is_number_unsigned() && size.get<std::uint64_t>() <= 1'000'000)
          sizes.push_back(size.get<std::size_t>());
      }
    }
    if (sizes.empty() || sizes.size() != shape.size()) throw Misunderstood{"shape is not a list of sizes."};
    if (sizes[0] == 0 || sizes[0] > most_) {
      throw Misunderstood{fmt::format("Send from 1 to {} pictures at a time.", most_)};
    }
    return sizes;
  }

  void read_outputs(const Json& json) {
    const bool all_binary = flag(json, "binary_data_output").value_or(false);
    if (!json.contains("outputs")) return add_all_outputs(all_binary);
    const Json& outputs = json.at("outputs");
    if (!outputs.is_array()) throw Misunderstood{"outputs is not a list."};
    const Json known = kserve_outputs(model_);
    for (const Json& wanted : outputs) {
      if (!wanted.is_object()) throw Misunderstood{"outputs is not a list of objects."};
      KserveOutput output{text_of(wanted, "name"), flag(wanted, "binary_data").value_or(all_binary), 0};
      const bool there =
          std::ranges::any_of(known, [&](const Json& own) { return own.at("name") == output.name; });
      if (!there)
        throw Misunderstood{fmt::format("The model has no output \"{}\".", printable(output.name, 50))};
      const Json parameters = wanted.value("parameters", Json::object());
      if (parameters.is_object() && parameters.contains("classification")) {
        const Json& count = parameters.at("classification");
        if (!count.is_number_unsigned() || count.get<std::uint64_t>() == 0 || output.name == "similarity") {
          throw Misunderstood{
              "classification is how many of the best classes to name, of probabilities or logits."};
        }
        output.classes = std::min(count.get<std::size_t>(), model_.metadata().classes.size());
      }
      question_.outputs.push_back(std::move(output));
    }
  }

  void add_all_outputs(bool binary) {
    for (const Json& output : kserve_outputs(model_)) {
      question_.outputs.push_back({output.at("name").get<std::string>(), binary, 0});
    }
  }

  static std::string text_of(const Json& json, const char* name) {
    const auto found = json.find(name);
    if (found == json.end() || !found->is_string())
      throw Misunderstood{fmt::format("{} is not a string.", name)};
    return found->get<std::string>();
  }

  static std::optional<bool> flag(const Json& json, const char* name) {
    const auto parameters = json.find("parameters");
    if (parameters == json.end() || !parameters->is_object() || !parameters->contains(name))
      return std::nullopt;
    const Json& value = parameters->at(name);
    if (!value.is_boolean()) throw Misunderstood{fmt::format("{} is true or false.", name)};
    return value.get<bool>();
  }

  const httpd::Request& request_;
  const ServedModel& model_;
  const std::size_t most_;
  ByteSpan binary_;  // what no input has taken yet
  KserveQuestion question_;
};

const std::vector<float>& values_of(const inference::Prediction& prediction, const std::string& output,
                                    std::vector<float>& held) {
  if (output == "logits") return prediction.logits;
  if (output == "probabilities") return prediction.probabilities;
  held = {prediction.similarity};
  return held;
}

// "0.981:0:tabby", best first.
std::vector<std::string> best_classes(const std::vector<float>& values, std::size_t count,
                                      const std::vector<std::string>& labels) {
  std::vector<std::size_t> order(values.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return values[a] > values[b]; });
  std::vector<std::string> best;
  for (std::size_t i = 0; i < std::min(count, order.size()); ++i)
    best.push_back(fmt::format("{}:{}:{}", values[order[i]], order[i], labels[order[i]]));
  return best;
}

}  // namespace

Json kserve_outputs(const ServedModel& model) {
  const std::size_t classes = model.metadata().classes.size();
  const auto output = [](const char* name, Json shape) {
    return Json{{"name", name}, {"datatype", "FP32"}, {"shape", std::move(shape)}};
  };
  Json outputs = Json::array();
  outputs.push_back(output("probabilities", Json::array({-1, classes})));
  outputs.push_back(output("logits", Json::array({-1, classes})));
  if (model.metadata().unknown) outputs.push_back(output("similarity", Json::array({-1})));
  return outputs;
}

Result<KserveQuestion> read_kserve_request(const httpd::Request& request, const ServedModel& model,
                                           std::size_t most_pictures) {
  try {
    return Reader(request, model, most_pictures).read();
  } catch (const Misunderstood& misunderstood) {
    return Failure{"malformed", misunderstood.text};
  }
}

httpd::Response write_kserve_answer(const KserveQuestion& question, const std::vector<Outcome>& outcomes,
                                    const ServedModel& model) {
  Json outputs = Json::array();
  std::string binary;
  for (const KserveOutput& wanted : question.outputs) {
    std::vector<float> floats;
    std::vector<std::string> texts;
    std::size_t width = 0;
    for (const Outcome& outcome : outcomes) {
      std::vector<float> held;
      const std::vector<float>& values = values_of(*outcome, wanted.name, held);
      if (wanted.classes > 0) {
        for (std::string& text : best_classes(values, wanted.classes, model.metadata().classes))
          texts.push_back(std::move(text));
      } else {
        floats.insert(floats.end(), values.begin(), values.end());
      }
      width = wanted.classes > 0 ? wanted.classes : values.size();
    }
    Json shape =
        wanted.name == "similarity" ? Json::array({outcomes.size()}) : Json::array({outcomes.size(), width});
    Json output = {{"name", wanted.name},
                   {"datatype", wanted.classes > 0 ? "BYTES" : "FP32"},
                   {"shape", std::move(shape)}};
    if (wanted.binary) {
      const std::size_t before = binary.size();
      // x86 and ARM are little-endian, as the protocol is.
      binary.append(reinterpret_cast<const char*>(floats.data()), floats.size() * sizeof(float));
      for (const std::string& text : texts) {
        append_length(binary, text.size());
        binary += text;
      }
      output["parameters"] = {{"binary_data_size", binary.size() - before}};
    } else if (wanted.classes > 0) {
      output["data"] = texts;
    } else {
      output["data"] = floats;
    }
    outputs.push_back(std::move(output));
  }
  Json answer = {{"model_name", model.id().name}, {"model_version", std::to_string(model.id().version)}};
  if (!question.id.empty()) answer["id"] = question.id;
  answer["outputs"] = std::move(outputs);
  httpd::Response response = httpd::json_response(200, answer);
  if (binary.empty()) return response;
  response.headers.set("Content-Type", "application/octet-stream");
  response.headers.set(kHeaderLength, std::to_string(response.body.size()));
  response.body += binary;
  return response;
}

}  // namespace winnow::serving
