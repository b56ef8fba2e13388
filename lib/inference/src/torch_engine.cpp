#include "torch_engine.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "torch_module.h"
#include "winnow/core/error.hpp"
#include "winnow/core/json.hpp"

namespace winnow::inference {
namespace {

// Never unloaded: LibTorch's threads outlive its networks.
const WinnowTorchModule& load_module(const std::filesystem::path& file) {
  const auto refuse = [&](const std::string& reason) -> Error {
    return {ErrorKind::kUnsupported, "",
            "a TorchScript file, and the engine for these cannot be loaded (" + reason +
                "); build winnow with LibTorch, or export the model as .onnx"};
  };
  if (file.empty()) throw refuse("none is named");
  // Read by OpenMP when it is loaded: threads that spin while they wait keep others from their work.
  ::setenv("OMP_WAIT_POLICY", "passive", 0);
  void* const library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw refuse(::dlerror());
  void* const symbol = ::dlsym(library, "winnow_torch_module");
  if (symbol == nullptr) throw refuse(::dlerror());
  const WinnowTorchModule* const module = reinterpret_cast<WinnowTorchModuleFunction*>(symbol)();
  if (module->version != kWinnowTorchVersion) throw refuse(file.string() + " is of another winnow");
  return *module;
}

struct Values {
  std::vector<std::size_t> shape;  // of one picture
  std::vector<float> values;
};

void take(void* to, std::size_t output, const float* values, const std::int64_t* shape, std::size_t rank) {
  auto& outputs = *static_cast<std::vector<Values>*>(to);
  if (output >= outputs.size()) outputs.resize(output + 1);
  std::size_t count = 1;
  for (std::size_t axis = 0; axis < rank; ++axis) {
    count *= static_cast<std::size_t>(shape[axis]);
    if (axis > 0) outputs[output].shape.push_back(static_cast<std::size_t>(shape[axis]));
  }
  outputs[output].values.assign(values, values + count);
}

}  // namespace

struct TorchEngine::State {
  const WinnowTorchModule& module;
  WinnowTorchNetwork* network = nullptr;
  model::Metadata metadata{};
  std::vector<std::string> names{};                // of all outputs
  std::vector<std::vector<std::size_t>> shapes{};  // of those, of one picture
  std::vector<std::size_t> chosen{};               // which of those run() gives

  explicit State(const WinnowTorchModule& loaded) : module(loaded) {}
  ~State() {
    if (network != nullptr) module.close(network);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  [[nodiscard]] std::vector<Values> run(std::span<const std::uint8_t> pixels, std::size_t count) const {
    std::vector<Values> outputs;
    WinnowTorchText error;
    if (module.run(network, pixels.data(), static_cast<std::int64_t>(count), metadata.preprocessing.size,
                   take, &outputs, &error) == 0) {
      throw Error(ErrorKind::kInvalid, "", fmt::format("LibTorch cannot run the model ({})", error.text));
    }
    return outputs;
  }
};

bool is_torchscript(ByteSpan bytes) {
  return as_text(bytes.first(std::min<std::size_t>(bytes.size(), 4))) == "PK\x03\x04";
}

TorchEngine::TorchEngine(ByteSpan script, const EngineOptions& options)
    : state_(std::make_unique<State>(load_module(options.torch_engine))) {
  WinnowTorchText error;
  state_->network =
      state_->module.open(script.data(), script.size(), std::max(1U, options.threads / options.callers),
                          options.device == Device::kCuda ? 1 : 0, &error);
  if (state_->network == nullptr) {
    throw Error(ErrorKind::kInvalid, "", fmt::format("LibTorch cannot open the model ({})", error.text));
  }
  const std::string text = state_->module.winnow_json(state_->network);
  if (text.empty()) {
    throw Error(
        ErrorKind::kUnsupported, "",
        "not a TorchScript file of winnow-export: what its numbers mean is unknown; name an ONNX file");
  }
  state_->metadata = model::metadata_from_json(Json::parse(text, nullptr, false));
  const Json names = Json::parse(state_->module.outputs_json(state_->network), nullptr, false);
  const std::vector<std::uint8_t> blank(picture_bytes());
  const std::vector<Values> outputs = state_->run(blank, 1);
  if (!names.is_array() || names.size() != outputs.size()) {
    throw Error(ErrorKind::kInvalid, "", "its outputs and their names do not fit together; export it again");
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    state_->names.push_back(names[i].is_string() ? names[i].get<std::string>() : "");
    state_->shapes.push_back(outputs[i].shape);
  }
}

TorchEngine::~TorchEngine() = default;

const model::Metadata& TorchEngine::metadata() const {
  return state_->metadata;
}

void TorchEngine::choose_outputs(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const auto found = std::find(state_->names.begin(), state_->names.end(), name);
    if (found == state_->names.end()) {
      throw Error(ErrorKind::kInvalid, "",
                  fmt::format("the model has no output \"{}\"; export it again", name));
    }
    state_->chosen.push_back(static_cast<std::size_t>(found - state_->names.begin()));
  }
}

int TorchEngine::picture_side() const {
  return state_->metadata.preprocessing.size;
}

const std::vector<std::size_t>& TorchEngine::output_shape(std::size_t output) const {
  return state_->shapes.at(state_->chosen.at(output));
}

std::vector<std::vector<float>> TorchEngine::run(std::span<const std::uint8_t> pixels) const {
  const std::size_t count = count_pictures(*this, pixels);
  std::vector<Values> outputs = state_->run(pixels, count);
  std::vector<std::vector<float>> results;
  for (std::size_t i = 0; i < state_->chosen.size(); ++i) {
    std::vector<float>& values = outputs.at(state_->chosen[i]).values;
    if (values.size() != count * output_width(i)) {
      throw Error(ErrorKind::kInvalid, "",
                  "the model does not give as much for each picture; export it again");
    }
    results.push_back(std::move(values));
  }
  return results;
}

}  // namespace winnow::inference
