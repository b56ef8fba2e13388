// Safetensors files put together byte by byte.
#pragma once

#include <cstring>
#include <string>
#include <string_view>

namespace winnow::model {

inline std::string little_endian_length(std::uint64_t length) {
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes;
}

inline std::string safetensors_file(std::string_view header, std::string_view data) {
  return little_endian_length(header.size()) + std::string(header) + std::string(data);
}

// The bytes of numbers, in their order in memory.
template <class T>
std::string bytes_of(std::initializer_list<T> values) {
  return {reinterpret_cast<const char*>(values.begin()), values.size() * sizeof(T)};
}

}  // namespace winnow::model
