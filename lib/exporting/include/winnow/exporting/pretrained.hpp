#pragma once

#include <filesystem>
#include <string>

#include "winnow/exporting/source.hpp"

namespace winnow::exporting {

// A network as its authors trained it on the 1,000 classes of ILSVRC 2012 (ImageNet), as if a run had ended
// with it; without calibration and "none of these", which need pictures.
// data_folder: holds ARCHITECTURE.safetensors and imagenet_classes.txt. Throws Error{kUsage} for an unknown
// network, Error{kNotFound | kInvalid} if its weights are not there, or have no head for 1,000 classes.
[[nodiscard]] Source open_pretrained(const std::string& architecture,
                                     const std::filesystem::path& data_folder);

}  // namespace winnow::exporting
