#include "winnow/model/reference_vector.hpp"

#include <fmt/format.h>

#include "winnow/core/base64.hpp"
#include "winnow/core/error.hpp"

namespace winnow::model {
namespace {

constexpr std::size_t kGridBytes = std::size_t{3} * ReferenceVector::kGridSide * ReferenceVector::kGridSide;

Bytes bytes_at(const Json& json, const char* member) {
  std::optional<Bytes> bytes = from_base64(json.at(member).get<std::string>());
  if (!bytes) throw Error(ErrorKind::kInvalid, "", "its reference pictures are damaged; export it again");
  return std::move(*bytes);
}

}  // namespace

Bytes sample_grid(std::span<const std::uint8_t> pixels, int size) {
  const auto side = static_cast<std::size_t>(size);
  const auto place = [&](std::size_t i) { return (2 * i + 1) * side / (2 * ReferenceVector::kGridSide); };
  Bytes grid;
  grid.reserve(kGridBytes);
  for (std::size_t i = 0; i < ReferenceVector::kGridSide; ++i) {
    for (std::size_t j = 0; j < ReferenceVector::kGridSide; ++j) {
      const auto pixel = pixels.subspan(3 * (place(i) * side + place(j)), 3);
      grid.insert(grid.end(), pixel.begin(), pixel.end());
    }
  }
  return grid;
}

Json to_json(const ReferenceVector& vector) {
  Json pictures = Json::array();
  for (const ReferencePicture& picture : vector.pictures) {
    pictures.push_back({{"name", picture.name},
                        {"shows", picture.shows},
                        {"file", to_base64(picture.file)},
                        {"pixels_sha256", picture.pixels_sha256},
                        {"grid", to_base64(picture.grid)},
                        {"logits", picture.logits}});
  }
  return {{"format", ReferenceVector::kFormatVersion},
          {"engine", vector.engine},
          {"logit_tolerance", vector.logit_tolerance},
          {"pictures", std::move(pictures)}};
}

ReferenceVector reference_vector_from_json(const Json& json) {
  try {
    const int version = json.at("format").get<int>();
    if (version > ReferenceVector::kFormatVersion) {
      throw Error(ErrorKind::kUnsupported, "",
                  fmt::format("its reference pictures have format {}, this winnow reads up to {}; use a "
                              "newer winnow",
                              version, ReferenceVector::kFormatVersion));
    }
    ReferenceVector vector{
        json.at("engine").get<std::string>(), json.at("logit_tolerance").get<double>(), {}};
    for (const Json& picture : json.at("pictures")) {
      vector.pictures.push_back({picture.at("name").get<std::string>(),
                                 picture.at("shows").get<std::string>(), bytes_at(picture, "file"),
                                 picture.at("pixels_sha256").get<std::string>(), bytes_at(picture, "grid"),
                                 picture.at("logits").get<std::vector<float>>()});
      if (vector.pictures.back().grid.size() != kGridBytes) {
        throw Error(ErrorKind::kInvalid, "", "its reference pictures are damaged; export it again");
      }
    }
    return vector;
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::kInvalid, "",
                fmt::format("its reference pictures are damaged ({})", error.what()));
  }
}

}  // namespace winnow::model
