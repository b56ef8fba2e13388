// What LibTorch throws, as this project's errors.
#pragma once

#include <torch/torch.h>

#include <string>

#include "winnow/core/error.hpp"

namespace winnow::nn {

// Returns what work returns. LibTorch's exceptions become Error{kUnsupported}: what is left of them, once
// shapes and names have been checked, is a machine without enough memory.
template <typename Work>
auto translate_torch_errors(const std::string& doing, const Work& work) {
  try {
    return work();
  } catch (const c10::Error& error) {
    const std::string message = error.what_without_backtrace();
    throw Error(ErrorKind::kUnsupported, "LibTorch",
                "cannot " + doing + ": " + message.substr(0, message.find('\n')));
  }
}

}  // namespace winnow::nn
