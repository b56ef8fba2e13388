#include "served_model.hpp"

#include <fmt/format.h>

#include <cmath>
#include <numeric>

#include "winnow/core/error.hpp"
#include "winnow/image/preprocess.hpp"

namespace winnow::serving {

ServedModel::ServedModel(ModelId id, std::unique_ptr<inference::Classifier> classifier,
                         std::size_t most_pictures, const std::string& where)
    : id_(std::move(id)), classifier_(std::move(classifier)) {
  const std::size_t classes = metadata().classes.size();
  for (const std::size_t count : {std::size_t{1}, most_pictures}) {
    const std::vector<std::uint8_t> blank(count * image::output_bytes(metadata().preprocessing), 128);
    const std::vector<inference::Prediction> predictions = classify(blank);
    if (predictions.size() != count)
      throw Error(ErrorKind::kInvalid, where, "does not answer for each picture");
    for (const inference::Prediction& prediction : predictions) {
      const std::vector<float>& p = prediction.probabilities;
      const float sum = std::accumulate(p.begin(), p.end(), 0.0F);
      // Written so that NaN fails.
      if (p.size() != classes || !(std::abs(sum - 1) < 0.01F)) {
        throw Error(
            ErrorKind::kInvalid, where,
            fmt::format("answers a blank picture with {} probabilities that add up to {}, for {} classes; "
                        "export it again",
                        p.size(), sum, classes));
      }
      explains_ = !prediction.activation_map.values.empty();
    }
  }
}

}  // namespace winnow::serving
