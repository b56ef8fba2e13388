// Small pictures for reports.
#pragma once

#include <filesystem>

#include "winnow/core/bytes.hpp"

namespace winnow::dataset {

// A JPEG whose longer side is at most `side` pixels, upright; empty if the file cannot be read as a picture.
[[nodiscard]] Bytes thumbnail_jpeg(const std::filesystem::path& file, int side);

}  // namespace winnow::dataset
