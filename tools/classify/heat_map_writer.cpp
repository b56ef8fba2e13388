#include "classify/heat_map_writer.hpp"

#include <fmt/format.h>

#include "classify/options.hpp"
#include "winnow/core/atomic_file.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/file.hpp"
#include "winnow/core/text.hpp"
#include "winnow/image/encode.hpp"
#include "winnow/inference/explanation.hpp"

namespace winnow::tools {
namespace {

constexpr int kLongestSide = 1024;

}  // namespace

HeatMapWriter::HeatMapWriter(std::filesystem::path folder, image::DecodeOptions limits, Logger& log)
    : folder_(std::move(folder)), limits_(limits), log_(log) {
  limits_.min_side = kLongestSide;
  winnow::create_directories(folder_);
}

void HeatMapWriter::write(const std::filesystem::path& picture, const std::string& name,
                          const inference::Prediction& prediction, const inference::Answer& answer,
                          const image::Preprocessing& preprocessing) {
  const Result<image::Image> decoded = image::decode(read_file(picture), limits_);
  if (!decoded) throw Error(ErrorKind::kInvalid, name, decoded.failure().message);
  image::Image shown = image::shrink_to_fit(*decoded, kLongestSide);
  overlay_heat(shown, seen_region(preprocessing, shown.width(), shown.height()), explain(prediction));

  const std::string mark = answer.unknown ? fmt::format(".{}", kNoneOfThese) : "";
  const std::string stem = picture.stem().string();
  std::string target = fmt::format("{}{}.heat.jpg", stem, mark);
  for (int number = 2; !written_.insert(target).second; ++number) {
    target = fmt::format("{}-{}{}.heat.jpg", stem, number, mark);
  }
  write_file_atomically(folder_ / target, image::encode_jpeg(shown));
  if (answer.unknown) {
    log_.warn("{}: is none of these; {} only shows what speaks for {}", name, target,
              printable(answer.label));
  }
}

}  // namespace winnow::tools
