#pragma once

#include <filesystem>
#include <set>
#include <string>

#include "winnow/core/log.hpp"
#include "winnow/image/decode.hpp"
#include "winnow/inference/answer.hpp"

namespace winnow::tools {

// Writes beside each other, into one folder, what the network looked at on each picture: NAME.heat.jpg, the
// picture upright and at most 1024 pixels long, with a heat map over the part that the network saw.
class HeatMapWriter {
 public:
  HeatMapWriter(std::filesystem::path folder, image::DecodeOptions limits, Logger& log);

  // name: how messages call the picture. Pictures that are none of these are marked in the name of their heat
  // map and said to be. Throws Error{kIo | kInvalid}.
  void write(const std::filesystem::path& picture, const std::string& name,
             const inference::Prediction& prediction, const inference::Answer& answer,
             const image::Preprocessing& preprocessing);

 private:
  const std::filesystem::path folder_;
  image::DecodeOptions limits_;
  Logger& log_;
  std::set<std::string> written_;  // names
};

}  // namespace winnow::tools
