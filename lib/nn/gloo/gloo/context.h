// LibTorch's wheel holds Gloo compiled but not its headers. c10d's ProcessGroupGloo.hpp names a few of Gloo's types,
// always behind pointers, so these declarations are enough to compile it. Nothing here is ever made or called
// by us, and none of it depends on how Gloo lays its types out.
#pragma once

#include <chrono>

namespace gloo {

class Context {
 public:
  void setTimeout(std::chrono::milliseconds timeout);
};

}  // namespace gloo
