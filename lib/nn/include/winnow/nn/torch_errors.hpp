// What LibTorch throws, as this project's errors.
#pragma once

#include <torch/torch.h>

#include <charconv>
#include <string>

#include "winnow/core/error.hpp"
#include "winnow/core/text.hpp"

namespace winnow::nn {

// What LibTorch says it asked for in vain; 0 if it says something else.
inline std::uint64_t bytes_in_vain(const std::string& message) {
  constexpr std::string_view kAsked = "you tried to allocate ";
  const std::size_t at = message.find(kAsked);
  std::uint64_t bytes = 0;
  if (at != std::string::npos) {
    (void)std::from_chars(message.data() + at + kAsked.size(), message.data() + message.size(), bytes);
  }
  return bytes;
}

// Returns what work returns. LibTorch's exceptions become Error{kUnsupported}: what is left of them, once
// shapes and names have been checked, is a machine without enough memory.
template <typename Work>
auto translate_torch_errors(const std::string& doing, const Work& work) {
  try {
    return work();
  } catch (const c10::Error& error) {
    const std::string message = error.what_without_backtrace();
    if (const std::uint64_t bytes = bytes_in_vain(message); bytes > 0) {
      throw Error(ErrorKind::kUnsupported, doing,
                  "not enough memory: " + format_bytes(bytes) +
                      " more are needed for one step alone; use a smaller --batch or --size");
    }
    throw Error(ErrorKind::kUnsupported, "LibTorch",
                "cannot " + doing + ": " + message.substr(0, message.find('\n')));
  }
}

}  // namespace winnow::nn
