#include "winnow/image/preprocess.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>

#include "codec.hpp"
#include "resample.hpp"

namespace winnow::image {
namespace {

constexpr int kSmallestSize = 8;
constexpr int kLargestSize = 2048;
// Part of pixel_rule_id(): raise it when the same settings begin to give other pixels.
constexpr int kPixelRuleVersion = 1;

[[noreturn]] void reject(const std::string& message) {
  throw Error(ErrorKind::kInvalid, "", "its preprocessing " + message);
}

double number(const Json& json, const char* name) {
  const auto found = json.find(name);
  if (found == json.end() || !found->is_number()) reject(fmt::format("has no number \"{}\"", name));
  const double value = found->get<double>();
  if (!std::isfinite(value)) reject(fmt::format("has no finite \"{}\"", name));
  return value;
}

std::array<float, 3> three_numbers(const Json& json, const char* name) {
  const auto found = json.find(name);
  std::array<float, 3> values{};
  if (found == json.end() || !found->is_array() || found->size() != values.size()) {
    reject(fmt::format("has no \"{}\" of three numbers", name));
  }
  for (std::size_t c = 0; c < values.size(); ++c) {
    const Json& value = (*found)[c];
    values[c] = value.is_number() ? value.get<float>() : std::numeric_limits<float>::quiet_NaN();
    if (!std::isfinite(values[c])) reject(fmt::format("has no \"{}\" of three finite numbers", name));
  }
  return values;
}

std::string_view to_string(Fit fit) {
  return fit == Fit::kCrop ? "crop" : "squash";
}

int crop_side(const Preprocessing& rule, int shorter_side) {
  return std::max(1, static_cast<int>(rule.crop_fraction * shorter_side));
}

// The shorter side a picture needs for its region not to be enlarged.
int needed_side(const Preprocessing& rule) {
  if (rule.fit == Fit::kSquash) return rule.size;
  constexpr double kNever = 65'536;  // longer than any side of a JPEG
  const double side = std::ceil(rule.size / rule.crop_fraction);
  if (side >= kNever) return static_cast<int>(kNever);
  const int candidate = static_cast<int>(side);
  return crop_side(rule, candidate) < rule.size ? candidate + 1 : candidate;
}

PixelView region(const Preprocessing& rule, const Image& image) {
  if (rule.fit == Fit::kSquash) return crop(image, 0, 0, image.width(), image.height());
  const int side = crop_side(rule, std::min(image.width(), image.height()));
  return crop(image, (image.width() - side + 1) / 2, (image.height() - side + 1) / 2, side, side);
}

}  // namespace

Json to_json(const Preprocessing& preprocessing) {
  return {{"size", preprocessing.size},
          {"fit", std::string(to_string(preprocessing.fit))},
          {"crop_fraction", preprocessing.crop_fraction},
          {"mean", preprocessing.mean},
          {"scale", preprocessing.scale}};
}

Preprocessing preprocessing_from_json(const Json& json) {
  if (!json.is_object()) reject("is not an object");
  Preprocessing rule;
  const double size = number(json, "size");
  if (size != std::floor(size) || size < kSmallestSize || size > kLargestSize) {
    reject(fmt::format("has size {}; whole numbers from {} to {} are possible", size, kSmallestSize,
                       kLargestSize));
  }
  rule.size = static_cast<int>(size);
  const auto fit = json.find("fit");
  if (fit == json.end() || (*fit != to_string(Fit::kCrop) && *fit != to_string(Fit::kSquash))) {
    reject("has no \"fit\" that this winnow knows (crop, squash); use a newer winnow");
  }
  rule.fit = *fit == to_string(Fit::kCrop) ? Fit::kCrop : Fit::kSquash;
  rule.crop_fraction = number(json, "crop_fraction");
  if (rule.crop_fraction <= 0 || rule.crop_fraction > 1) {
    reject(fmt::format("has crop_fraction {}; above 0 and up to 1 is possible", rule.crop_fraction));
  }
  rule.mean = three_numbers(json, "mean");
  rule.scale = three_numbers(json, "scale");
  if (!(*std::min_element(rule.scale.begin(), rule.scale.end()) > 0)) {
    reject("has a \"scale\" that is not above 0");
  }
  return rule;
}

std::string pixel_rule_id(const Preprocessing& preprocessing) {
  const std::string fit = preprocessing.fit == Fit::kCrop ? fmt::format("crop{}", preprocessing.crop_fraction)
                                                          : std::string(to_string(preprocessing.fit));
  return fmt::format("rgb-{}-{}-v{}", preprocessing.size, fit, kPixelRuleVersion);
}

Result<ImageInfo> decode_and_preprocess(ByteSpan bytes, const Preprocessing& preprocessing,
                                        std::span<std::uint8_t> out, const DecodeOptions& limits) {
  if (out.size() != output_bytes(preprocessing)) {
    throw Error(ErrorKind::kInvalid, "",
                fmt::format("a picture takes {} bytes, not {}", output_bytes(preprocessing), out.size()));
  }
  DecodeOptions options = limits;
  options.min_side = needed_side(preprocessing);
  const Result<Decoded> decoded = read_upright(bytes, options, Extent::kPixels);
  if (!decoded) return decoded.failure();
  try {
    resample(region(preprocessing, decoded->pixels), out.data(), preprocessing.size, preprocessing.size);
  } catch (const std::bad_alloc&) {
    return out_of_memory();
  }
  return decoded->info;
}

Image resize(const Image& source, int out_width, int out_height) {
  Image resized(std::max(1, out_width), std::max(1, out_height));
  resize({source.pixels().data(), source.width(), source.height(), source.row_bytes()}, resized.pixels(),
         out_width, out_height);
  return resized;
}

void resize(const PixelView& source, std::span<std::uint8_t> out, int out_width, int out_height) {
  if (source.width < 1 || source.height < 1 || out_width < 1 || out_height < 1 ||
      out.size() !=
          std::size_t{3} * static_cast<std::size_t>(out_width) * static_cast<std::size_t>(out_height)) {
    throw Error(ErrorKind::kInvalid, "",
                fmt::format("a picture cannot be made {}x{}", out_width, out_height));
  }
  resample(source, out.data(), out_width, out_height);
}

Image shrink_to_fit(const Image& source, int max_side) {
  const int longer = std::max(source.width(), source.height());
  const double factor = std::min(1.0, static_cast<double>(max_side) / longer);
  const auto scaled = [&](int side) { return std::max(1, static_cast<int>(std::lround(side * factor))); };
  return resize(source, scaled(source.width()), scaled(source.height()));
}

}  // namespace winnow::image
