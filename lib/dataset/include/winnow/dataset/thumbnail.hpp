// Small pictures for reports.
#pragma once

#include "winnow/core/bytes.hpp"
#include "winnow/dataset/dataset.hpp"

namespace winnow::dataset {

// A JPEG whose longer side is at most `side` pixels, upright; empty if the sample cannot be read as a
// picture. Thread-safe.
[[nodiscard]] Bytes thumbnail_jpeg(const Dataset& dataset, const Sample& sample, int side);

}  // namespace winnow::dataset
