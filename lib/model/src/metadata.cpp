#include "winnow/model/metadata.hpp"

#include <fmt/format.h>

#include <set>

#include "winnow/core/error.hpp"

namespace winnow::model {

Json to_json(const Metadata& metadata) {
  Json json = {{"format", Metadata::kFormatVersion},
               {"architecture", metadata.architecture},
               {"classes", metadata.classes},
               {"preprocessing", image::to_json(metadata.preprocessing)},
               {"temperature", metadata.temperature}};
  if (metadata.unknown) {
    json["unknown"] = {{"neighbours", metadata.unknown->neighbours},
                       {"threshold", metadata.unknown->threshold}};
  }
  if (metadata.conformal) {
    json["conformal"] = {{"coverage", metadata.conformal->coverage},
                         {"threshold", metadata.conformal->threshold}};
  }
  json["metrics"] = metadata.metrics;
  json["provenance"] = metadata.provenance;
  return json;
}

Metadata metadata_from_json(const Json& json) {
  try {
    const int version = json.at("format").get<int>();
    if (version > Metadata::kFormatVersion) {
      throw Error(ErrorKind::kUnsupported, "",
                  fmt::format("has format {}, this winnow reads up to {}; use a newer winnow", version,
                              Metadata::kFormatVersion));
    }
    Metadata metadata;
    metadata.architecture = json.at("architecture").get<std::string>();
    metadata.classes = json.at("classes").get<std::vector<std::string>>();
    metadata.preprocessing = image::preprocessing_from_json(json.at("preprocessing"));
    metadata.temperature = json.at("temperature").get<double>();
    if (json.contains("unknown")) {
      const Json& rule = json["unknown"];
      metadata.unknown = UnknownRule{rule.at("neighbours").get<int>(), rule.at("threshold").get<float>()};
    }
    if (json.contains("conformal")) {
      const Json& rule = json["conformal"];
      metadata.conformal =
          ConformalRule{rule.at("coverage").get<double>(), rule.at("threshold").get<float>()};
    }
    metadata.metrics = json.value("metrics", Json::object());
    metadata.provenance = json.value("provenance", Json::object());

    const std::set<std::string> distinct(metadata.classes.begin(), metadata.classes.end());
    if (distinct.size() < 2 || distinct.size() != metadata.classes.size()) {
      throw Error(ErrorKind::kInvalid, "", "its metadata needs two or more different classes");
    }
    if (metadata.unknown && metadata.unknown->neighbours < 1) {
      throw Error(ErrorKind::kInvalid, "", "its rule for unknown pictures needs one or more neighbours");
    }
    if (metadata.conformal && !(metadata.conformal->coverage > 0 && metadata.conformal->coverage < 1)) {
      throw Error(ErrorKind::kInvalid, "", "the coverage of its prediction sets is not between 0 and 1");
    }
    if (!(metadata.temperature > 0)) throw Error(ErrorKind::kInvalid, "", "its temperature is not above 0");
    return metadata;
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::kInvalid, "", fmt::format("its metadata is damaged ({})", error.what()));
  }
}

}  // namespace winnow::model
