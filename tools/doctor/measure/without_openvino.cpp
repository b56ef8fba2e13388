// In place of network.cpp, in a build for TorchScript alone.
#include "doctor/measure/network.hpp"
#include "winnow/core/error.hpp"

namespace winnow::tools {

Json measure_network(unsigned /*threads*/) {
  throw Error(ErrorKind::kUnsupported, "", "this winnow is built without OpenVINO");
}

}  // namespace winnow::tools
