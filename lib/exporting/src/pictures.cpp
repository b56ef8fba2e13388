#include "pictures.hpp"

#include <algorithm>

#include "winnow/dataset/loader.hpp"

namespace winnow::exporting {

Pictures load_pictures(const dataset::Dataset& data, std::span<const std::size_t> samples,
                       const image::Preprocessing& preprocessing, std::size_t most, const Context& context) {
  const std::size_t count = std::min(most, samples.size());
  std::vector<std::size_t> chosen;
  chosen.reserve(count);
  for (std::size_t i = 0; i < count; ++i) chosen.push_back(samples[i * samples.size() / count]);
  Pictures pictures;
  pictures.pixels.reserve(count * image::output_bytes(preprocessing));
  const auto unreadable =
      dataset::load_batches(data, chosen, preprocessing, {}, context, [&](dataset::Batch& batch) {
        pictures.pixels.insert(pictures.pixels.end(), batch.pixels.begin(), batch.pixels.end());
        for (const std::size_t i : batch.indices) pictures.labels.push_back(data.samples[i].label);
      });
  pictures.count = chosen.size() - unreadable.size();
  return pictures;
}

}  // namespace winnow::exporting
