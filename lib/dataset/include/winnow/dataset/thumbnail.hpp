// Small pictures for reports.
#pragma once

#include "winnow/core/bytes.hpp"
#include "winnow/dataset/dataset.hpp"
#include "winnow/image/image.hpp"

namespace winnow::dataset {

// At most `side` pixels on its longer side, upright; empty if the sample cannot be read as a picture.
// Thread-safe.
[[nodiscard]] image::Image thumbnail(const Dataset& dataset, const Sample& sample, int side);

// The same as a JPEG; empty if the sample cannot be read as a picture.
[[nodiscard]] Bytes thumbnail_jpeg(const Dataset& dataset, const Sample& sample, int side);

}  // namespace winnow::dataset
