#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "winnow/dataset/dataset.hpp"

namespace winnow::training {

// Where the pictures of an image set come from, by the manifest that winnow-scrape wrote beside them.
struct DataSources {
  std::map<std::string, std::size_t> licences;  // pictures by licence; "" for those without one
  std::map<std::string, std::size_t> sources;   // pictures by source
  std::size_t unrecorded = 0;                   // pictures that the manifest does not know
};

// Nothing if there is no such manifest, or it cannot be read: then nothing is known.
// docs/formats/image-set.md.
[[nodiscard]] std::optional<DataSources> read_data_sources(const dataset::Dataset& data);

}  // namespace winnow::training
