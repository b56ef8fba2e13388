#include "winnow/dataset/loader.hpp"

#include <algorithm>

#include "winnow/core/file.hpp"
#include "winnow/core/hash.hpp"
#include "winnow/core/parallel.hpp"

namespace winnow::dataset {
namespace {

struct Loaded {
  Batch batch;
  std::vector<LoadFailure> failures;
};

}  // namespace

std::vector<LoadFailure> load_batches(std::span<const std::filesystem::path> files,
                                      const image::Preprocessing& preprocessing, const LoaderOptions& options,
                                      const Context& context, const std::function<void(Batch&)>& consume) {
  const std::size_t picture_bytes = image::output_bytes(preprocessing);
  const auto load = [&](std::size_t number) {
    const std::size_t begin = number * options.batch_size;
    const std::size_t end = std::min(begin + options.batch_size, files.size());
    Loaded loaded;
    loaded.batch.pixels.resize((end - begin) * picture_bytes);
    for (std::size_t i = begin; i < end; ++i) {
      const std::span<std::uint8_t> out =
          std::span(loaded.batch.pixels).subspan(loaded.batch.indices.size() * picture_bytes, picture_bytes);
      const Result<Bytes> bytes = try_read_file(files[i], options.max_file_bytes);
      if (!bytes) {
        loaded.failures.push_back({i, bytes.failure()});
        continue;
      }
      const Result<image::ImageInfo> info =
          image::decode_and_preprocess(*bytes, preprocessing, out, options.limits);
      if (info) {
        loaded.batch.indices.push_back(i);
        if (options.hash) loaded.batch.sha256.push_back(sha256_hex(*bytes));
      } else {
        loaded.failures.push_back({i, info.failure()});
      }
    }
    loaded.batch.pixels.resize(loaded.batch.indices.size() * picture_bytes);
    return loaded;
  };

  std::vector<LoadFailure> failures;
  const std::size_t batches = (files.size() + options.batch_size - 1) / options.batch_size;
  const std::size_t window = std::size_t{2} * context.threads + 1;
  ordered_pipeline<Loaded>(batches, context.threads, window, context.stop, load,
                           [&](std::size_t, Loaded loaded) {
                             failures.insert(failures.end(), loaded.failures.begin(), loaded.failures.end());
                             if (!loaded.batch.indices.empty()) consume(loaded.batch);
                           });
  return failures;
}

}  // namespace winnow::dataset
