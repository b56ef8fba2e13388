// Small pictures for reports.
#pragma once

#include <filesystem>

#include "winnow/core/bytes.hpp"
#include "winnow/image/image.hpp"

namespace winnow::dataset {

// At most `side` pixels on its longer side, upright; empty if the file cannot be read as a picture.
[[nodiscard]] image::Image thumbnail(const std::filesystem::path& file, int side);

// The same as a JPEG; empty if the file cannot be read as a picture.
[[nodiscard]] Bytes thumbnail_jpeg(const std::filesystem::path& file, int side);

}  // namespace winnow::dataset
