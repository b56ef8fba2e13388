#include "calibrate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "value_histogram.hpp"

namespace winnow::exporting {
namespace {

struct LayerStatistics {
  ValueHistogram histogram;
  std::vector<double> sums;  // of each channel
  double rows = 0;
};

}  // namespace

model::Quantisation calibrate(TorchNetwork& network, const model::Architecture& architecture,
                              std::span<const std::uint8_t> pixels) {
  std::vector<LayerStatistics> layers(architecture.layers.size());
  network.observe(pixels, [&](std::size_t index, std::span<const float> values, std::size_t channels) {
    LayerStatistics& layer = layers[index];
    layer.histogram.add(values);
    layer.sums.resize(channels);
    for (std::size_t i = 0; i < values.size(); i += channels) {
      for (std::size_t c = 0; c < channels; ++c) layer.sums[c] += values[i + c];
    }
    layer.rows += static_cast<double>(values.size() / channels);
  });
  model::Quantisation result;
  for (const LayerStatistics& layer : layers) {
    result.outputs.push_back(layer.histogram.best_range());
    std::vector<float>& means = result.means.emplace_back();
    for (const double sum : layer.sums) means.push_back(static_cast<float>(sum / std::max(layer.rows, 1.0)));
  }
  return result;
}

}  // namespace winnow::exporting
