// In place of openvino_engine.cpp, in a build for TorchScript alone.
#include "openvino_engine.hpp"
#include "winnow/core/error.hpp"

namespace winnow::inference {

std::unique_ptr<Engine> open_onnx(Bytes /*onnx*/, std::vector<std::string> /*outputs*/,
                                  const EngineOptions& /*options*/,
                                  const std::optional<ForeignModel>& /*foreign*/) {
  throw Error(ErrorKind::kUnsupported, "",
              "an ONNX file, and this winnow is built without OpenVINO; take a .pt file of winnow-export");
}

}  // namespace winnow::inference
