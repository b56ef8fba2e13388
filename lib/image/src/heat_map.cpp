#include "winnow/image/heat_map.hpp"

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "winnow/core/error.hpp"

namespace winnow::image {

void overlay_heat(Image& picture, const Region& region, const HeatMap& map, float opacity) {
  const bool within = region.left >= 0 && region.top >= 0 && region.width > 0 && region.height > 0 &&
                      region.left + region.width <= picture.width() &&
                      region.top + region.height <= picture.height();
  if (!within || map.width < 1 || map.height < 1 ||
      map.values.size() != static_cast<std::size_t>(map.width) * static_cast<std::size_t>(map.height)) {
    throw Error(ErrorKind::kInvalid, "", "a heat map does not fit its picture");
  }
  std::vector<float> heat = map.values;
  for (float& value : heat) value = std::max(value, 0.0F);
  const float most = *std::max_element(heat.begin(), heat.end());
  const float factor = most > 0 ? 255 / most : 0;

  cv::Mat levels;
  cv::resize(cv::Mat(map.height, map.width, CV_32F, heat.data()), levels, {region.width, region.height}, 0, 0,
             cv::INTER_CUBIC);
  levels.convertTo(levels, CV_8U, factor);  // cuts off what cubic interpolation overshoots
  cv::Mat colours;
  cv::applyColorMap(levels, colours, cv::COLORMAP_VIRIDIS);
  cv::cvtColor(colours, colours, cv::COLOR_BGR2RGB);
  const cv::Mat part(region.height, region.width, CV_8UC3,
                     picture.row(region.top) + std::ptrdiff_t{3} * region.left, picture.row_bytes());
  cv::addWeighted(colours, opacity, part, 1 - opacity, 0, part);
}

}  // namespace winnow::image
