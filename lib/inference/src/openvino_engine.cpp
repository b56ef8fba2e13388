#include "openvino_engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <openvino/openvino.hpp>

#include "winnow/core/error.hpp"

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
    std::string reason = error.what();
    std::replace(reason.begin(), reason.end(), '\n', ' ');
    throw Error(ErrorKind::kInvalid, "", fmt::format("OpenVINO cannot {} the model ({:.300})", what, reason));
  }
}

}  // namespace

// The network for one batch size, compiled when it is first needed, with as many requests as there have been
// callers at a time.
class CompiledBatch {
 public:
  CompiledBatch(ov::Core& core, std::shared_ptr<const ov::Model> model, ov::AnyMap settings, std::size_t size)
      : core_(core), model_(std::move(model)), settings_(std::move(settings)), size_(size) {}

  ov::InferRequest acquire() {
    const std::lock_guard lock(mutex_);
    if (!compiled_) {
      const std::shared_ptr<ov::Model> fixed = model_->clone();
      ov::PartialShape shape = fixed->input().get_partial_shape();
      shape[0] = static_cast<ov::Dimension::value_type>(size_);
      fixed->reshape(shape);
      compiled_ = core_.compile_model(fixed, "CPU", settings_);
    }
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
  ov::Core& core_;
  const std::shared_ptr<const ov::Model> model_;
  const ov::AnyMap settings_;
  const std::size_t size_;
  std::mutex mutex_;
  ov::CompiledModel compiled_;
  std::vector<ov::InferRequest> idle_;
};

struct OpenvinoEngine::State {
  ov::Core core;
  bool full_precision = false;
  std::shared_ptr<const ov::Model> model;
  ov::Shape picture;  // [size, size, 3]
  std::map<std::string, std::size_t> widths;
  std::vector<std::unique_ptr<CompiledBatch>> batches;  // in falling order of size

  [[nodiscard]] std::size_t picture_bytes() const { return ov::shape_size(picture); }
  void run_batch(CompiledBatch& batch, const std::uint8_t* pixels, std::span<const std::string> names,
                 std::vector<std::vector<float>>& results) const;
};

OpenvinoEngine::OpenvinoEngine(ByteSpan onnx, const EngineOptions& options)
    : state_(std::make_unique<State>()) {
  translate_errors("read", [&] {
    state_->model = state_->core.read_model(std::string(as_text(onnx)), ov::Tensor());
    const ov::PartialShape shape = state_->model->input().get_partial_shape();
    if (state_->model->input().get_element_type() != ov::element::u8 || shape.size() != 4 ||
        !shape[1].is_static() || shape[1] != shape[2] || shape[3] != 3) {
      throw Error(ErrorKind::kInvalid, "", "the model does not take uint8 pictures [n, size, size, 3]");
    }
    state_->picture = {static_cast<std::size_t>(shape[1].get_length()),
                       static_cast<std::size_t>(shape[2].get_length()), 3};
    for (const ov::Output<const ov::Node>& output : state_->model->outputs()) {
      const ov::PartialShape form = output.get_partial_shape();
      std::size_t width = 1;
      for (std::size_t axis = 1; axis < form.size(); ++axis) {
        width *= static_cast<std::size_t>(form[static_cast<std::ptrdiff_t>(axis)].get_length());
      }
      for (const std::string& name : output.get_names()) state_->widths[name] = width;
    }
  });
  state_->full_precision = options.full_precision;
  ov::AnyMap settings = {ov::hint::performance_mode(ov::hint::PerformanceMode::LATENCY),
                         ov::inference_num_threads(static_cast<std::int32_t>(options.threads)),
                         // Decoding threads share the processors; pinned ones would wait for each other.
                         ov::hint::enable_cpu_pinning(false)};
  if (options.full_precision) settings.insert(ov::hint::inference_precision(ov::element::f32));
  for (const std::size_t size : kBatchSizes) {
    state_->batches.push_back(std::make_unique<CompiledBatch>(state_->core, state_->model, settings, size));
  }
}

OpenvinoEngine::~OpenvinoEngine() = default;

std::string OpenvinoEngine::precision() const {
  return state_->full_precision ? "f32"
                                : state_->core.get_property("CPU", ov::hint::inference_precision).to_string();
}

std::size_t OpenvinoEngine::picture_bytes() const {
  return state_->picture_bytes();
}

bool OpenvinoEngine::has_output(const std::string& name) const {
  return state_->widths.contains(name);
}

std::size_t OpenvinoEngine::output_width(const std::string& name) const {
  return state_->widths.at(name);
}

void OpenvinoEngine::State::run_batch(CompiledBatch& batch, const std::uint8_t* pixels,
                                      std::span<const std::string> names,
                                      std::vector<std::vector<float>>& results) const {
  translate_errors("run", [&] {
    ov::InferRequest request = batch.acquire();
    const ov::Shape shape = {batch.size(), picture[0], picture[1], picture[2]};
    // The request only reads its input.
    request.set_input_tensor(ov::Tensor(ov::element::u8, shape, const_cast<std::uint8_t*>(pixels)));
    request.infer();
    for (std::size_t i = 0; i < names.size(); ++i) {
      const ov::Tensor output = request.get_tensor(names[i]);
      const auto* values = output.data<const float>();
      results[i].insert(results[i].end(), values, values + output.get_size());
    }
    batch.release(std::move(request));
  });
}

std::vector<std::vector<float>> OpenvinoEngine::run(std::span<const std::uint8_t> pixels,
                                                    std::span<const std::string> names) const {
  const std::size_t picture_bytes = state_->picture_bytes();
  std::size_t left = pixels.size() / picture_bytes;
  if (left == 0 || left * picture_bytes != pixels.size()) {
    throw Error(ErrorKind::kInvalid, "",
                fmt::format("{} bytes are not a whole number of {} x {} pictures", pixels.size(),
                            state_->picture[0], state_->picture[1]));
  }
  std::vector<std::vector<float>> results(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) results[i].reserve(left * output_width(names[i]));
  const std::uint8_t* next = pixels.data();
  for (const auto& batch : state_->batches) {
    for (; left >= batch->size(); left -= batch->size()) {
      state_->run_batch(*batch, next, names, results);
      next += batch->size() * picture_bytes;
    }
  }
  return results;
}

}  // namespace winnow::inference
