#include "explanation_picture.hpp"

#include "winnow/core/base64.hpp"
#include "winnow/image/decode.hpp"
#include "winnow/image/encode.hpp"
#include "winnow/image/heat_map.hpp"
#include "winnow/inference/explanation.hpp"

namespace winnow::serving {

std::string draw_explanation(ByteSpan picture, const inference::Prediction& prediction,
                             const image::Preprocessing& preprocessing, std::uint64_t max_pixels) {
  constexpr int kLongerSide = 640;
  constexpr int kQuality = 85;
  const auto decoded =
      image::decode(picture, {.max_pixels = max_pixels, .min_side = image::decoding_side(preprocessing)});
  if (!decoded) return "";
  image::Image shown = image::shrink_to_fit(*decoded, kLongerSide);
  image::overlay_heat(shown, image::seen_region(preprocessing, shown.width(), shown.height()),
                      inference::explain(prediction));
  return to_base64(image::encode_jpeg(shown, kQuality));
}

}  // namespace winnow::serving
