// What a checkpoint and a model know of themselves besides numbers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "winnow/core/json.hpp"
#include "winnow/image/preprocess.hpp"

namespace winnow::model {

// When a picture is unlike everything the network was trained on: its cosine similarity to the
// neighbours-th nearest training picture lies under the threshold. Sun et al. 2022, arXiv:2204.06507.
struct UnknownRule {
  int neighbours = 0;
  float threshold = 0;
};

// Which classes a picture may be, so that the true one is among them with a probability of at least
// `coverage`: all whose probability reaches the threshold. It holds for pictures like those it was fitted on.
// Sadinle et al. 2019, arXiv:1609.00451.
struct ConformalRule {
  double coverage = 0;
  float threshold = 0;
};

struct Metadata {
  static constexpr int kFormatVersion = 1;

  std::string architecture;          // "efficientnet_lite0"
  std::vector<std::string> classes;  // in the order of the logits; at least 2
  image::Preprocessing preprocessing;
  double temperature = 1;  // already divided into the logits of an exported model
  std::optional<UnknownRule> unknown;
  std::optional<ConformalRule> conformal;
  Json metrics = Json::object();     // what was measured, by split
  Json provenance = Json::object();  // command line, time, versions, data and weights with their licences
};

[[nodiscard]] Json to_json(const Metadata& metadata);
// Throws Error{kInvalid} if fields are missing or wrong, Error{kUnsupported} for a newer format version.
[[nodiscard]] Metadata metadata_from_json(const Json& json);

}  // namespace winnow::model
