// Frames of one colour around a picture, as collections and shops put them there.
#pragma once

#include <optional>

#include "winnow/image/image.hpp"

namespace winnow::image {

// The picture without the rows and columns at its edges that are plain and of the colour of the upper left
// pixel, give or take what JPEG does to it. Nothing if there are none worth speaking of (2 % of a side), or
// if hardly anything (a quarter of a side, 16 pixels) would be left. Thread-safe. image must not be empty.
[[nodiscard]] std::optional<Image> without_border(const Image& image);

}  // namespace winnow::image
