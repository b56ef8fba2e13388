// TorchScript on LibTorch, for a processor or a GPU: see torch_module.h.
#include "torch_module.h"

#include <torch/script.h>
#include <torch/torch.h>

#include <algorithm>
#include <cstring>
#include <sstream>
#include <string>

struct WinnowTorchNetwork {
  torch::jit::Module module;
  torch::Device device;
  std::string winnow_json;
  std::string outputs_json;
};

namespace {

constexpr const char* kMetadataFile = "winnow.json";
constexpr const char* kOutputsFile = "outputs.json";

// One sentence, without LibTorch's trace.
void describe(const std::exception& failure, WinnowTorchText& error) {
  const auto* torch_error = dynamic_cast<const c10::Error*>(&failure);
  std::string text = torch_error != nullptr ? torch_error->what_without_backtrace() : failure.what();
  text = text.substr(0, std::min({text.find('\n'), text.find(". "), sizeof(error.text) - 1}));
  std::memcpy(error.text, text.c_str(), text.size() + 1);
}

torch::jit::Module load_script(std::istream& stream, torch::Device device, torch::jit::ExtraFilesMap& extra) {
  try {
    return torch::jit::load(stream, device, extra);
  } catch (const c10::Error& error) {
    throw std::runtime_error(std::string("damaged or cut short? ") + error.what_without_backtrace());
  }
}

WinnowTorchNetwork* open_network(const void* bytes, size_t size, unsigned threads, int cuda,
                                 WinnowTorchText* error) {
  try {
    if (cuda != 0 && !torch::cuda::is_available()) {
      throw std::runtime_error("there is no CUDA device, or this LibTorch is one for processors alone");
    }
    torch::set_num_threads(static_cast<int>(threads));
    // Freezing has folded what can be folded; watching the first pictures to find more takes seconds.
    torch::jit::setGraphExecutorOptimize(false);
    const torch::Device device = cuda != 0 ? torch::kCUDA : torch::kCPU;
    std::istringstream stream(std::string(static_cast<const char*>(bytes), size));
    torch::jit::ExtraFilesMap extra = {{kMetadataFile, ""}, {kOutputsFile, ""}};
    torch::jit::Module module = load_script(stream, device, extra);
    module.eval();
    return new WinnowTorchNetwork{torch::jit::freeze(module), device, extra[kMetadataFile],
                                  extra[kOutputsFile]};
  } catch (const std::exception& failure) {
    describe(failure, *error);
    return nullptr;
  }
}

void close_network(WinnowTorchNetwork* network) {
  delete network;
}

const char* winnow_json(const WinnowTorchNetwork* network) {
  return network->winnow_json.c_str();
}

const char* outputs_json(const WinnowTorchNetwork* network) {
  return network->outputs_json.c_str();
}

int run_network(WinnowTorchNetwork* network, const uint8_t* pixels, int64_t count, int64_t side,
                WinnowTorchTake* take, void* to, WinnowTorchText* error) {
  try {
    const torch::InferenceMode inference;
    const torch::Tensor input =
        torch::from_blob(const_cast<uint8_t*>(pixels), {count, side, side, 3}, torch::kUInt8)
            .to(network->device);
    const c10::IValue result = network->module.forward({input});
    const auto& outputs = result.toTupleRef().elements();
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const torch::Tensor values = outputs[i].toTensor().to(torch::kCPU, torch::kFloat32).contiguous();
      take(to, i, values.const_data_ptr<float>(), values.sizes().data(), values.sizes().size());
    }
    return 1;
  } catch (const std::exception& failure) {
    describe(failure, *error);
    return 0;
  }
}

constexpr WinnowTorchModule kModule = {kWinnowTorchVersion, open_network, close_network,
                                       winnow_json,         outputs_json, run_network};

}  // namespace

extern "C" __attribute__((visibility("default"))) const WinnowTorchModule* winnow_torch_module() {
  return &kModule;
}
