#include "openvino_engine.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <mutex>
#include <numeric>
#include <openvino/openvino.hpp>
#include <sstream>
#include <thread>

#include "compiled_cache.hpp"
#include "foreign_graph.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/hash.hpp"
#include "winnow/core/json.hpp"
#include "winnow/core/text.hpp"

namespace winnow::inference {
namespace {

// Networks compiled for a fixed number of pictures run a fifth faster than one that takes any number, so
// there are two: for single pictures, and for folders. Measured with EfficientNet-Lite0 on two cores: 389
// pictures a second one at a time, 420 by eights, 340 with an open batch size.
constexpr std::array<std::size_t, 2> kBatchSizes = {8, 1};

template <class Action>
auto translate_errors(const char* what, Action action) {
  try {
    return action();
  } catch (const ov::Exception& error) {
    // It quotes names from the file as they are.
    std::string reason = error.what();
    std::replace(reason.begin(), reason.end(), '\n', ' ');
    if (!is_utf8(reason)) {
      std::replace_if(
          reason.begin(), reason.end(), [](char c) { return (c & 0x80) != 0; }, '?');
    }
    throw Error(ErrorKind::kInvalid, "",
                fmt::format("OpenVINO cannot {} the model ({})", what, printable(reason, 300)));
  }
}

// What has to be known of a network before it is compiled.
struct Signature {
  std::size_t side = 0;    // of its pictures
  bool any_batch = false;  // else one picture at a time
  std::vector<std::vector<std::size_t>> outputs;
};

std::string to_text(const Signature& signature) {
  return to_line(
      {{"side", signature.side}, {"any_batch", signature.any_batch}, {"outputs", signature.outputs}});
}

std::optional<Signature> signature_from(const std::optional<Bytes>& text) {
  if (!text) return std::nullopt;
  const Json json = Json::parse(as_text(*text));  // its hash has been compared
  return Signature{json["side"], json["any_batch"], json["outputs"]};
}

Signature signature_of(const ov::Model& model, std::size_t outputs) {
  const ov::PartialShape input = model.input().get_partial_shape();
  if (model.input().get_element_type() != ov::element::u8 || input.size() != 4 || !input[1].is_static() ||
      input[1] != input[2] || input[3] != 3) {
    throw Error(ErrorKind::kInvalid, "", "the model does not take uint8 pictures [n, size, size, 3]");
  }
  Signature signature{static_cast<std::size_t>(input[1].get_length()), input[0].is_dynamic(), {}};
  for (std::size_t i = 0; i < outputs; ++i) {
    const ov::PartialShape shape = model.output(i).get_partial_shape();
    std::vector<std::size_t>& own = signature.outputs.emplace_back();
    for (std::size_t axis = 1; axis < shape.size(); ++axis) {
      own.push_back(static_cast<std::size_t>(shape[static_cast<std::ptrdiff_t>(axis)].get_length()));
    }
  }
  return signature;
}

// Reads the network and leaves what these outputs need, in their order.
std::shared_ptr<ov::Model> read_network(ov::Core& core, ByteSpan onnx,
                                        const std::vector<std::string>& outputs,
                                        const std::optional<ForeignModel>& foreign) {
  std::shared_ptr<ov::Model> model = core.read_model(std::string(as_text(onnx)), ov::Tensor());
  if (foreign) adapt_foreign_graph(model, *foreign);
  ov::ResultVector results;
  for (const std::string& name : outputs) {
    const auto found = std::find_if(
        model->get_results().begin(), model->get_results().end(),
        [&](const auto& result) { return result->get_output_tensor(0).get_names().contains(name); });
    if (found == model->get_results().end()) {
      throw Error(ErrorKind::kInvalid, "",
                  fmt::format("the model has no output \"{}\"; export it again", name));
    }
    results.push_back(*found);
  }
  return std::make_shared<ov::Model>(results, model->get_parameters());
}

}  // namespace

// The network for one batch size, compiled when it is first needed, with as many requests as there have been
// callers at a time.
class CompiledBatch {
 public:
  CompiledBatch(std::size_t size, std::function<ov::CompiledModel(std::size_t)> compile)
      : size_(size), compile_(std::move(compile)) {}

  ov::InferRequest acquire() {
    const std::lock_guard lock(mutex_);
    if (!compiled_) compiled_ = compile_(size_);
    if (idle_.empty()) return compiled_.create_infer_request();
    ov::InferRequest request = std::move(idle_.back());
    idle_.pop_back();
    return request;
  }
  void release(ov::InferRequest request) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(request));
  }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  const std::size_t size_;
  const std::function<ov::CompiledModel(std::size_t)> compile_;
  std::mutex mutex_;
  ov::CompiledModel compiled_;
  std::vector<ov::InferRequest> idle_;
};

struct OpenvinoEngine::State {
  ov::Core core;
  ov::AnyMap settings;
  bool full_precision = false;
  Bytes onnx;
  std::vector<std::string> outputs;
  std::optional<ForeignModel> foreign;
  CompiledCache cache;
  std::string cache_key;
  Signature signature;
  std::vector<std::unique_ptr<CompiledBatch>> batches;  // in falling order of size

  State(Bytes bytes, std::vector<std::string> names, const EngineOptions& options,
        const std::optional<ForeignModel>& foreign_model);

  void run_batch(CompiledBatch& batch, const std::uint8_t* pixels,
                 std::vector<std::vector<float>>& results) const;

 private:
  [[nodiscard]] std::string describe(const EngineOptions& options);
  const ov::Model& model();
  ov::CompiledModel compile(std::size_t batch);
  ov::CompiledModel make_compiled(std::size_t batch);
  std::optional<ov::CompiledModel> import(const std::string& key);
  void keep(ov::CompiledModel compiled, const std::string& key) const;

  std::mutex mutex_;
  std::shared_ptr<const ov::Model> model_;  // read when something has to be compiled
  std::vector<Bytes> imported_;             // what compiled networks go on reading from
  std::size_t compiled_ = 0;                // batches
  std::vector<std::jthread> keeping_;       // last, so that they end first
};

OpenvinoEngine::State::State(Bytes bytes, std::vector<std::string> names, const EngineOptions& options,
                             const std::optional<ForeignModel>& foreign_model)
    : settings{ov::hint::performance_mode(ov::hint::PerformanceMode::LATENCY),
               ov::inference_num_threads(static_cast<std::int32_t>(options.threads)),
               ov::num_streams(static_cast<std::int32_t>(std::min(options.callers, options.threads))),
               // Decoding threads share the processors; pinned ones would wait for each other.
               ov::hint::enable_cpu_pinning(false)},
      full_precision(options.full_precision),
      onnx(std::move(bytes)),
      outputs(std::move(names)),
      foreign(foreign_model),
      cache(options.cache_folder) {
  if (full_precision) settings.insert(ov::hint::inference_precision(ov::element::f32));
  if (!options.cache_folder.empty()) cache_key = describe(options);
  std::optional<Signature> known = signature_from(cache.find(cache_key));
  if (!known) {
    known = signature_of(model(), outputs.size());
    cache.keep(cache_key, as_bytes(to_text(*known)));
  }
  signature = std::move(*known);
  for (const std::size_t size : kBatchSizes) {
    if (size > 1 && !signature.any_batch) continue;
    batches.push_back(
        std::make_unique<CompiledBatch>(size, [this](std::size_t batch) { return compile(batch); }));
  }
}

// Everything that makes a compiled network what it is.
std::string OpenvinoEngine::State::describe(const EngineOptions& options) {
  std::string text = fmt::format(
      "winnow {} openvino {} on {} {} with {} threads for {}{}\nmodel {} outputs {}", WINNOW_VERSION,
      ov::get_openvino_version().buildNumber, core.get_property("CPU", ov::device::full_name),
      fmt::join(core.get_property("CPU", ov::device::capabilities), ","), options.threads, options.callers,
      options.full_precision ? " in f32" : "", sha256_hex(onnx), fmt::join(outputs, ","));
  if (foreign) {
    text += fmt::format("\nforeign, {} labels, size {}", foreign->labels.size(), foreign->size);
    if (foreign->normalisation) {
      text += fmt::format(" mean {} scale {}", fmt::join(foreign->normalisation->mean, ","),
                          fmt::join(foreign->normalisation->scale, ","));
    }
  }
  return text;
}

const ov::Model& OpenvinoEngine::State::model() {
  if (!model_) model_ = read_network(core, onnx, outputs, foreign);
  return *model_;
}

ov::CompiledModel OpenvinoEngine::State::compile(std::size_t batch) {
  const std::lock_guard lock(mutex_);
  ov::CompiledModel compiled = make_compiled(batch);
  // Nothing is left to be compiled: what it is made of is as large as the network.
  if (++compiled_ == batches.size()) {
    Bytes().swap(onnx);
    model_.reset();
  }
  return compiled;
}

ov::CompiledModel OpenvinoEngine::State::make_compiled(std::size_t batch) {
  const std::string key = fmt::format("{}\nbatch {}", cache_key, batch);
  if (std::optional<ov::CompiledModel> known = import(key)) return *known;
  const std::shared_ptr<ov::Model> fixed = model().clone();
  if (signature.any_batch) {
    ov::PartialShape shape = fixed->input().get_partial_shape();
    shape[0] = static_cast<ov::Dimension::value_type>(batch);
    fixed->reshape(shape);
  }
  ov::CompiledModel compiled = core.compile_model(fixed, "CPU", settings);
  if (!cache_key.empty()) {
    // Nobody waits for what only the next start has something of.
    keeping_.emplace_back([this, compiled, key] { keep(compiled, key); });
  }
  return compiled;
}

void OpenvinoEngine::State::keep(ov::CompiledModel compiled, const std::string& key) const {
  try {
    std::ostringstream stream;
    compiled.export_model(stream);
    cache.keep(key, as_bytes(stream.view()));
  } catch (const std::exception&) {  // the next start compiles it again
  }
}

std::optional<ov::CompiledModel> OpenvinoEngine::State::import(const std::string& key) {
  std::optional<Bytes> bytes = cache.find(key);
  if (!bytes) return std::nullopt;
  try {
    imported_.push_back(std::move(*bytes));
    const ov::Tensor view(ov::element::u8, ov::Shape{imported_.back().size()}, imported_.back().data());
    return core.import_model(view, "CPU", settings);
  } catch (const ov::Exception&) {
    imported_.pop_back();  // it is compiled anew, and replaced
    return std::nullopt;
  }
}

OpenvinoEngine::OpenvinoEngine(Bytes onnx, std::vector<std::string> outputs, const EngineOptions& options,
                               const std::optional<ForeignModel>& foreign)
    : state_(translate_errors("read", [&] {
        return std::make_unique<State>(std::move(onnx), std::move(outputs), options, foreign);
      })) {}

OpenvinoEngine::~OpenvinoEngine() = default;

std::string OpenvinoEngine::precision() const {
  return state_->full_precision ? "f32"
                                : state_->core.get_property("CPU", ov::hint::inference_precision).to_string();
}

int OpenvinoEngine::picture_side() const {
  return static_cast<int>(state_->signature.side);
}

const std::vector<std::size_t>& OpenvinoEngine::output_shape(std::size_t output) const {
  return state_->signature.outputs.at(output);
}

void OpenvinoEngine::State::run_batch(CompiledBatch& batch, const std::uint8_t* pixels,
                                      std::vector<std::vector<float>>& results) const {
  translate_errors("run", [&] {
    ov::InferRequest request = batch.acquire();
    const ov::Shape shape = {batch.size(), signature.side, signature.side, 3};
    // The request only reads its input.
    request.set_input_tensor(ov::Tensor(ov::element::u8, shape, const_cast<std::uint8_t*>(pixels)));
    request.infer();
    for (std::size_t i = 0; i < results.size(); ++i) {
      const ov::Tensor output = request.get_output_tensor(i);
      const auto* values = output.data<const float>();
      results[i].insert(results[i].end(), values, values + output.get_size());
    }
    batch.release(std::move(request));
  });
}

std::vector<std::vector<float>> OpenvinoEngine::run(std::span<const std::uint8_t> pixels) const {
  std::size_t left = count_pictures(*this, pixels);
  std::vector<std::vector<float>> results(state_->outputs.size());
  for (std::size_t i = 0; i < results.size(); ++i) results[i].reserve(left * output_width(i));
  const std::uint8_t* next = pixels.data();
  for (const auto& batch : state_->batches) {
    for (; left >= batch->size(); left -= batch->size()) {
      state_->run_batch(*batch, next, results);
      next += batch->size() * picture_bytes();
    }
  }
  return results;
}

std::unique_ptr<Engine> open_onnx(Bytes onnx, std::vector<std::string> outputs, const EngineOptions& options,
                                  const std::optional<ForeignModel>& foreign) {
  return std::make_unique<OpenvinoEngine>(std::move(onnx), std::move(outputs), options, foreign);
}

}  // namespace winnow::inference
