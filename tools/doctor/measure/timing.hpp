#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include "winnow/image/preprocess.hpp"

namespace winnow::tools {

inline constexpr std::size_t kBatch = 8;

[[nodiscard]] double seconds_since(std::chrono::steady_clock::time_point start);

// The median of some runs, after one that makes ready.
[[nodiscard]] double typical_seconds(const std::function<void()>& work);

// Of a JPEG of 640 x 480 that takes as many bytes as a photograph, on this thread.
[[nodiscard]] double decoding_seconds(const image::Preprocessing& preprocessing);

// Bytes that this process has held at most.
[[nodiscard]] std::uint64_t peak_memory();

// [count, side, side, 3]
[[nodiscard]] std::vector<std::uint8_t> grey_pictures(std::size_t count, std::size_t side);

}  // namespace winnow::tools
